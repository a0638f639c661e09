#include "index_ranges.hpp"

namespace rooftile {

IndexRanges::IndexRanges(const Launch& launch) {
  for (std::size_t a = 0; a < launch.axes.size(); ++a) range_[a] = {0, launch.axes[a].extent};
  for (std::size_t l = 0; l < launch.loops.size(); ++l) add(launch, l);
}

std::int64_t IndexRanges::at_end(const Bound& bound, bool upper) const {
  if (!bound.moves()) return value_at(bound, 0);
  const Interval values = of(bound.index);
  return value_at(bound, upper ? std::max(values.first, values.last - 1) : values.first);
}

/// A loop's limits move with axes and with loops that were written before it.
void IndexRanges::add(const Launch& launch, std::size_t l) {
  const Loop& loop = launch.loops[l];
  const auto bit = [](const Bound& bound) { return bound.moves() ? bit_of(bound.index) : 0U; };
  Interval& range = range_[max_axes + l] = {at_end(loop.first, false), at_end(loop.last, true)};
  driving_[l] = bit(loop.first) | bit(loop.last) | driving(loop.parent);
  if (loop.has_cap) {
    range.last = std::min(range.last, at_end(loop.cap, true));
    driving_[l] |= bit(loop.cap);
  }
  most_trips_[l] = range.size();
  if (!loop.first.moves()) return;
  const bool in_step =
      loop.first.index == loop.last.index && loop.first.b == loop.last.b && loop.first.div == loop.last.div;
  if (!in_step) return;
  const std::int64_t apart = ceil_div(loop.last.c - loop.first.c, loop.last.div);
  most_trips_[l] = std::min(most_trips_[l], std::max<std::int64_t>(0, apart));
}

}  // namespace rooftile
