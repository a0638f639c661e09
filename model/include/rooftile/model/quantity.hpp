// Physical quantities as types: what has a unit cannot be mixed up with what has another.
//
//   Seconds t = Bytes{12e9} / BytesPerSecond{1555e9};    // compiles: byte / (byte / second) = second
//   Bytes{1} + Flops{1};                                 // does not
//
// Values are doubles in base units (byte, flop, second, cycle, joule); prefixes exist only where text is read
// (parse_quantity.hpp) or written (format_quantity.hpp). One FMA = 2 flop. Whole counts are std::int64_t.
#pragma once

#include <cmath>
#include <compare>
#include <cstdint>
#include <limits>

namespace rooftile {

/// Exponents of the base units; the run-time twin of Quantity's template parameters.
struct Dimension {
  int byte = 0;
  int flop = 0;
  int second = 0;
  int cycle = 0;
  int joule = 0;
  friend constexpr bool operator==(Dimension, Dimension) = default;
};

template <int Byte, int Flop, int Second, int Cycle, int Joule = 0>
class Quantity {
 public:
  static constexpr Dimension dimension{Byte, Flop, Second, Cycle, Joule};

  constexpr Quantity() = default;
  explicit constexpr Quantity(double value) : value_{value} {}

  /// A quantity that nobody has stated; is_known() is false and arithmetic with it stays unknown.
  [[nodiscard]] static constexpr Quantity unknown() { return Quantity{std::numeric_limits<double>::quiet_NaN()}; }

  [[nodiscard]] constexpr double value() const { return value_; }
  /// Where the number is kept: for tables that read and write quantities of several dimensions (device_leaves.hpp).
  [[nodiscard]] constexpr double* storage() { return &value_; }

  constexpr Quantity& operator+=(Quantity other) {
    value_ += other.value_;
    return *this;
  }
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity{a.value_ + b.value_}; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity{a.value_ - b.value_}; }
  friend constexpr Quantity operator*(Quantity a, double k) { return Quantity{a.value_ * k}; }
  friend constexpr Quantity operator*(double k, Quantity a) { return Quantity{k * a.value_}; }
  friend constexpr Quantity operator/(Quantity a, double k) { return Quantity{a.value_ / k}; }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  // said again for the compiler's sake: one comparison instead of a partial ordering that is then looked at
  friend constexpr bool operator<(Quantity a, Quantity b) { return a.value_ < b.value_; }
  friend constexpr bool operator>(Quantity a, Quantity b) { return a.value_ > b.value_; }

 private:
  double value_ = 0;
};

template <int B, int F, int S, int C, int J, int b, int f, int s, int c, int j>
[[nodiscard]] constexpr auto operator*(Quantity<B, F, S, C, J> x, Quantity<b, f, s, c, j> y) {
  return Quantity<B + b, F + f, S + s, C + c, J + j>{x.value() * y.value()};
}

/// Division; a ratio of equals is a plain double.
template <int B, int F, int S, int C, int J, int b, int f, int s, int c, int j>
[[nodiscard]] constexpr auto operator/(Quantity<B, F, S, C, J> x, Quantity<b, f, s, c, j> y) {
  if constexpr (B == b && F == f && S == s && C == c && J == j) {
    return x.value() / y.value();
  } else {
    return Quantity<B - b, F - f, S - s, C - c, J - j>{x.value() / y.value()};
  }
}

template <int B, int F, int S, int C, int J>
[[nodiscard]] inline bool is_known(Quantity<B, F, S, C, J> q) {
  return !std::isnan(q.value());
}

using Count = Quantity<0, 0, 0, 0>;  ///< SMs, threads, a fraction: a number without a unit
using Bytes = Quantity<1, 0, 0, 0>;
using Flops = Quantity<0, 1, 0, 0>;
using Seconds = Quantity<0, 0, 1, 0>;
using Cycles = Quantity<0, 0, 0, 1>;
using Hertz = Quantity<0, 0, -1, 1>;     ///< cycles per second
using PerCycle = Quantity<0, 0, 0, -1>;  ///< results per cycle
using BytesPerSecond = Quantity<1, 0, -1, 0>;
using BytesPerCycle = Quantity<1, 0, 0, -1>;
using FlopsPerSecond = Quantity<0, 1, -1, 0>;
using FlopsPerCycle = Quantity<0, 1, 0, -1>;
using FlopsPerByte = Quantity<-1, 1, 0, 0>;  ///< arithmetic intensity
using Watts = Quantity<0, 0, -1, 0, 1>;
using JoulesPerByte = Quantity<-1, 0, 0, 0, 1>;
using JoulesPerFlop = Quantity<0, -1, 0, 0, 1>;

}  // namespace rooftile
