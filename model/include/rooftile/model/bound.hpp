// The arithmetic of loop limits: floor((c + b·index) / div), clamped, and its sums in closed form.
//
// A causal q-tile i of br rows needs the key blocks j < floor((br - 1 + offset + bc + br·i) / bc), clamped to [0,
// blocks]. Sums of such limits over all tiles are floor sums (Graham, Knuth, Patashnik: Concrete Mathematics,
// section 3.5), computed by Euclid's algorithm in O(log) steps: the cost of a prediction does not grow with the
// sequence.
#pragma once

#include <cstdint>

namespace rooftile {

/// Floor division, divisor > 0.
[[nodiscard]] constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return q - static_cast<std::int64_t>(a % b < 0);
}
/// Ceiling division, divisor > 0.
[[nodiscard]] constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return -floor_div(-a, b); }

/// Which running index a bound or a tile position depends on: axis 0..4 of the grid, 5 + n = loop n of the launch.
using IndexId = std::int16_t;
inline constexpr IndexId no_index = -1;
inline constexpr IndexId first_loop_index = 5;  ///< = the number of axes a launch can have
/// An index in a set of indices.
[[nodiscard]] constexpr unsigned bit_of(IndexId index) { return 1U << static_cast<unsigned>(index); }

/// One limit of a loop: clamp(floor((c + b·index) / div), lo, hi). b >= 0, div > 0, lo <= hi.
struct Bound {
  std::int64_t c = 0;
  std::int64_t b = 0;
  std::int64_t div = 1;
  std::int64_t lo = 0;
  std::int64_t hi = 0;
  IndexId index = no_index;

  friend constexpr bool operator==(const Bound&, const Bound&) = default;
  /// True if the limit moves with an index.
  [[nodiscard]] constexpr bool moves() const { return index != no_index && b != 0; }
};

/// A limit that does not move.
[[nodiscard]] constexpr Bound constant(std::int64_t value) { return {value, 0, 1, value, value, no_index}; }
/// clamp(floor((c + b·index) / div), lo, hi); an empty range is read as [lo, lo].
[[nodiscard]] constexpr Bound affine(IndexId index, std::int64_t c, std::int64_t b, std::int64_t div, std::int64_t lo,
                                     std::int64_t hi) {
  return {c, b, div, lo, hi < lo ? lo : hi, index};
}

/// The limit at one value of its index.
[[nodiscard]] constexpr std::int64_t value_at(const Bound& bound, std::int64_t index) {
  if (bound.lo == bound.hi) return bound.lo;  // constants need no division
  const std::int64_t v = floor_div(bound.c + bound.b * index, bound.div);
  return v < bound.lo ? bound.lo : v > bound.hi ? bound.hi : v;
}

/// Sum over k = 0 .. n-1 of floor((a·k + b) / m); m > 0, a >= 0.
[[nodiscard]] std::int64_t floor_sum(std::int64_t n, std::int64_t m, std::int64_t a, std::int64_t b);

/// Sum of value_at(bound, k) over k in [first, last).
[[nodiscard]] std::int64_t sum_over(const Bound& bound, std::int64_t first, std::int64_t last);

/// The first k in [first, last) with value_at(bound, k) >= value; `last` if there is none.
[[nodiscard]] constexpr std::int64_t first_reaching(const Bound& bound, std::int64_t value, std::int64_t first,
                                                    std::int64_t last) {
  if (value <= bound.lo) return first;
  if (value > bound.hi) return last;
  if (bound.b == 0) return floor_div(bound.c, bound.div) >= value ? first : last;
  const std::int64_t k = ceil_div(value * bound.div - bound.c, bound.b);
  return k < first ? first : k > last ? last : k;
}

}  // namespace rooftile
