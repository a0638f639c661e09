// The values that every index of a launch takes over its whole grid, and which indices move the loops.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "rooftile/model/program.hpp"

namespace rooftile {

/// first <= value < last.
struct Interval {
  std::int64_t first;
  std::int64_t last;

  [[nodiscard]] std::int64_t size() const { return std::max<std::int64_t>(0, last - first); }
  void cover(Interval other) {
    first = std::min(first, other.first);
    last = std::max(last, other.last);
  }
};

class IndexRanges {
 public:
  explicit IndexRanges(const Launch& launch);

  /// All values of an index: limits of loops never fall, so the ends are at the ends of their own index.
  [[nodiscard]] Interval of(IndexId index) const { return range_[static_cast<std::size_t>(index)]; }
  /// The most trips that one CTA makes at a stretch through a loop: all values, or less where both limits move in step
  /// (split keys).
  [[nodiscard]] std::int64_t most_trips(int loop) const { return most_trips_[static_cast<std::size_t>(loop)]; }
  /// Indices that move the limits of a loop and of those around it, as bits; -1: of none.
  [[nodiscard]] unsigned driving(int loop) const { return loop < 0 ? 0 : driving_[static_cast<std::size_t>(loop)]; }

 private:
  [[nodiscard]] std::int64_t at_end(const Bound& bound, bool upper) const;
  void add(const Launch& launch, std::size_t loop);

  std::array<Interval, max_axes + max_loops> range_;
  std::array<std::int64_t, max_loops> most_trips_;
  std::array<unsigned, max_loops> driving_;
};

}  // namespace rooftile
