#include "nest.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace rooftile {

bool Selection::pin(IndexId index, std::int64_t value) {
  if (const std::int64_t* already = held(index)) return *already == value;
  pins_.push_back({index, value});
  held_ |= bit_of(index);
  return true;
}

const Selection::Pin* Selection::find(IndexId index) const {
  return std::find_if(pins_.begin(), pins_.end(), [index](const Pin& pin) { return pin.index == index; });
}

namespace {

using Int = std::int64_t;

const Loop& loop_at(const Launch& launch, int loop) { return launch.loops[static_cast<std::size_t>(loop)]; }
IndexId lowest(unsigned indices) { return static_cast<IndexId>(std::countr_zero(indices)); }
IndexId index_of_loop(int loop) { return static_cast<IndexId>(first_loop_index + loop); }

/// The limit, its index taken at the value it is held at.
Int held_value(const Bound& bound, const Selection& selection) {
  const Int* at = bound.index == no_index ? nullptr : selection.held(bound.index);
  return value_at(bound, at == nullptr ? 0 : *at);
}

/// Values k in [range) for which first(k) <= trip < last(k); both limits never fall.
Int drivers_reaching(const Loop& loop, Int trip, Int from, Int to) {
  return std::max<Int>(0,
                       first_reaching(loop.first, trip + 1, from, to) - first_reaching(loop.last, trip + 1, from, to));
}

/// True if both limits rise in step, as those of a diagonal or a sliding window do.
bool parallel(const Bound& first, const Bound& last) {
  return first.b == last.b && first.div == last.div && first.lo == last.lo && first.hi <= last.hi && first.c <= last.c;
}

/// Values k in [from, to) for which the loop makes at least one trip.
Int drivers_entering(const Loop& loop, Int from, Int to) {
  if (!loop.first.moves()) return to - first_reaching(loop.last, value_at(loop.first, 0) + 1, from, to);
  if (!loop.last.moves()) return first_reaching(loop.first, value_at(loop.last, 0), from, to) - from;
  if (parallel(loop.first, loop.last)) {
    if (loop.last.c - loop.first.c < loop.first.div) {  // at most one trip each
      return sum_over(loop.last, from, to) - sum_over(loop.first, from, to);
    }
    const Int ends = loop.first.hi < loop.last.hi ? to : first_reaching(loop.first, loop.first.hi, from, to);
    return std::max<Int>(0, ends - first_reaching(loop.last, loop.last.lo + 1, from, to));
  }
  Int entering = 0;
  for (Int k = from; k < to; ++k) entering += static_cast<Int>(value_at(loop.last, k) > value_at(loop.first, k));
  return entering;
}

/// Values k in [from, to) whose first (or last) trip is `trip`.
Int drivers_with_edge(const Loop& loop, Int trip, bool at_last, Int from, Int to) {
  if (at_last) {
    const Int begun = first_reaching(loop.first, trip + 1, from, to);
    return std::max<Int>(0, begun - first_reaching(loop.last, trip + 1, from, to)) -
           std::max<Int>(0, begun - first_reaching(loop.last, trip + 2, from, to));
  }
  const Int starts =
      std::max(first_reaching(loop.first, trip, from, to), first_reaching(loop.last, trip + 1, from, to));
  return std::max<Int>(0, first_reaching(loop.first, trip + 1, from, to) - starts);
}

}  // namespace

NestCounter::NestCounter(const Launch& launch) : launch_{launch} {
  const auto bit = [](const Bound& bound) { return bound.index == no_index ? 0U : bit_of(bound.index); };
  for (std::size_t l = 0; l < launch.loops.size(); ++l) {
    const Loop& loop = launch.loops[l];
    moving_[l] = bit(loop.first) | bit(loop.last) | (loop.has_cap ? bit(loop.cap) : 0U);
  }
}

std::int64_t NestCounter::executions(int loop, const Selection& selection) {
  // key: loop (4 bits), edge loop (4), at_last (1), two pins of index (4) and value (22)
  std::uint64_t key = static_cast<std::uint64_t>(loop + 1) | static_cast<std::uint64_t>(selection.edge_loop + 1) << 4U |
                      static_cast<std::uint64_t>(selection.at_last) << 8U;
  const auto pins = selection.pins();
  bool packable = pins.size() <= 2;
  unsigned shift = 9;
  for (std::size_t i = 0; packable && i < pins.size(); ++i, shift += 26) {
    const Selection::Pin& pin = pins[i];
    packable = pin.value < (Int{1} << 22);
    key |= (static_cast<std::uint64_t>(pin.index + 1) | static_cast<std::uint64_t>(pin.value) << 4U) << shift;
  }
  if (!packable) return compute(loop, selection);
  for (const Answer& answer : answers_) {
    if (answer.key == key) return answer.executions;
  }
  const std::int64_t result = compute(loop, selection);
  if (answers_.size() < answers_.capacity) answers_.push_back({key, result});
  return result;
}

std::int64_t NestCounter::compute(int loop, const Selection& selection) const {
  if (const IndexId axis = axis_to_enumerate(loop, selection); axis != no_index) {
    return enumerate(loop, selection, axis);
  }
  std::int64_t product = 1;
  unsigned used = 0;  // indices already summed over
  for (int l = loop; l >= 0; l = loop_at(launch_, l).parent) {
    if ((used & bit_of(index_of_loop(l))) != 0) continue;
    const unsigned free = free_indices(l, selection);  // one at most
    product *= free == 0 ? fixed_trips(l, selection) : driven_trips(l, lowest(free), selection);
    if (product == 0) return 0;
    used |= free;
  }
  return product * free_axes(used, selection);
}

/// The cheapest axis that makes the nest simple once it is held; no_index if the nest is simple already.
IndexId NestCounter::axis_to_enumerate(int loop, const Selection& selection) const {
  unsigned drivers = 0;
  for (int l = loop; l >= 0; l = loop_at(launch_, l).parent) {
    const unsigned free = free_indices(l, selection);
    if (free == 0) continue;
    const int driver = lowest(free);
    const unsigned drives_driver = driver >= first_loop_index ? free_indices(driver - first_loop_index, selection) : 0;
    const bool simple =
        (free & (free - 1)) == 0 && (free & drivers) == 0 && !loop_at(launch_, l).has_cap && drives_driver == 0;
    drivers |= free | drives_driver;
    if (simple) continue;
    IndexId cheapest = no_index;
    for (int axis = 0; axis < static_cast<int>(launch_.axes.size()); ++axis) {
      const bool candidate = (drivers & bit_of(static_cast<IndexId>(axis))) != 0;
      if (candidate && (cheapest == no_index || launch_.axes[static_cast<std::size_t>(axis)].extent <
                                                    launch_.axes[static_cast<std::size_t>(cheapest)].extent)) {
        cheapest = static_cast<IndexId>(axis);
      }
    }
    if (cheapest == no_index) throw std::logic_error("a loop nest whose limits move with loops only cannot be counted");
    return cheapest;
  }
  return no_index;
}

std::int64_t NestCounter::enumerate(int loop, const Selection& selection, IndexId axis) const {
  std::int64_t total = 0;
  const std::int64_t extent = launch_.axes[static_cast<std::size_t>(axis)].extent;
  for (std::int64_t k = 0; k < extent; ++k) {
    Selection held = selection;
    held.pin(axis, k);
    total += compute(loop, held);
  }
  return total;
}

/// Trips of a loop whose limits are all known.
std::int64_t NestCounter::fixed_trips(int loop, const Selection& selection) const {
  const Loop& at = loop_at(launch_, loop);
  const Int first = held_value(at.first, selection);
  Int last = held_value(at.last, selection);
  if (at.has_cap) last = std::min(last, held_value(at.cap, selection));
  if (last <= first) return 0;
  const Int* pinned = selection.held(index_of_loop(loop));
  const bool edge = selection.edge_loop == loop;
  if (pinned == nullptr) return edge ? 1 : last - first;
  if (edge) return static_cast<Int>(*pinned == (selection.at_last ? last - 1 : first));
  return static_cast<Int>(first <= *pinned && *pinned < last);
}

NestCounter::Range NestCounter::driver_range(IndexId driver, const Selection& selection) const {
  if (driver < first_loop_index) return {0, launch_.axes[static_cast<std::size_t>(driver)].extent};
  const int loop = driver - first_loop_index;
  Range range{held_value(loop_at(launch_, loop).first, selection), held_value(loop_at(launch_, loop).last, selection)};
  if (selection.edge_loop == loop && range.first < range.last) {
    range = selection.at_last ? Range{range.last - 1, range.last} : Range{range.first, range.first + 1};
  }
  return range;
}

/// Trips of a loop summed over all values of the index that its limits move with.
std::int64_t NestCounter::driven_trips(int loop, IndexId driver, const Selection& selection) const {
  const Loop& at = loop_at(launch_, loop);
  const Range range = driver_range(driver, selection);
  if (range.last <= range.first) return 0;
  const Int* pinned = selection.held(index_of_loop(loop));
  const bool edge = selection.edge_loop == loop;
  if (pinned != nullptr) {
    return edge ? drivers_with_edge(at, *pinned, selection.at_last, range.first, range.last)
                : drivers_reaching(at, *pinned, range.first, range.last);
  }
  if (edge) return drivers_entering(at, range.first, range.last);
  return sum_over(at.last, range.first, range.last) - sum_over(at.first, range.first, range.last);
}

std::int64_t NestCounter::free_axes(unsigned used, const Selection& selection) const {
  std::int64_t product = 1;
  for (std::size_t a = 0; a < launch_.axes.size(); ++a) {
    const auto index = static_cast<IndexId>(a);
    if ((used & bit_of(index)) != 0) continue;
    const Int extent = launch_.axes[a].extent;
    const Int* pinned = selection.held(index);
    product *= pinned == nullptr ? extent : static_cast<Int>(*pinned >= 0 && *pinned < extent);
  }
  return product;
}

}  // namespace rooftile
