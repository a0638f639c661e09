// How often the body of a loop nest runs, in closed form: the engine behind count.hpp.
//
// A nest is a chain of loops under the axes of the grid. Each loop's limits move with at most one index (its driver),
// so
//   executions = product over the chain of (sum over the driver of last - first)  x  extents of the axes that drive
//   nothing.
// Nests whose limits move with two indices, or share a driver, are made simple by enumerating one axis.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "rooftile/model/program.hpp"

namespace rooftile {

/// Which executions are counted: some indices held at one value; one loop held at its first or last trip.
struct Selection {
  struct Pin {
    IndexId index;
    std::int64_t value;
  };
  std::int8_t edge_loop = -1;
  bool at_last = false;

  /// Holds an index; false if it is already held at another value.
  bool pin(IndexId index, std::int64_t value);
  /// The value an index is held at, or nullptr.
  [[nodiscard]] const std::int64_t* held(IndexId index) const {
    return (held_ & bit_of(index)) == 0 ? nullptr : &find(index)->value;
  }
  /// All that is held.
  [[nodiscard]] std::span<const Pin> pins() const { return {pins_.begin(), pins_.size()}; }
  /// The indices that are, a bit each.
  [[nodiscard]] unsigned held_indices() const { return held_; }

 private:
  [[nodiscard]] const Pin* find(IndexId index) const;

  InlineVector<Pin, 6> pins_;
  unsigned held_ = 0;
};

class NestCounter {
 public:
  explicit NestCounter(const Launch& launch);

  /// Executions of the body of `loop` (-1: of a CTA) over the whole grid that the selection keeps.
  [[nodiscard]] std::int64_t executions(int loop, const Selection& selection);

 private:
  struct Range {
    std::int64_t first;
    std::int64_t last;
  };

  [[nodiscard]] std::int64_t compute(int loop, const Selection& selection) const;
  /// All indices that the loop's limits still move with, as bits.
  [[nodiscard]] unsigned free_indices(int loop, const Selection& selection) const {
    return moving_[static_cast<std::size_t>(loop)] & ~selection.held_indices();
  }
  [[nodiscard]] IndexId axis_to_enumerate(int loop, const Selection& selection) const;
  [[nodiscard]] std::int64_t enumerate(int loop, const Selection& selection, IndexId axis) const;
  [[nodiscard]] std::int64_t fixed_trips(int loop, const Selection& selection) const;
  [[nodiscard]] std::int64_t driven_trips(int loop, IndexId driver, const Selection& selection) const;
  [[nodiscard]] Range driver_range(IndexId driver, const Selection& selection) const;
  [[nodiscard]] std::int64_t free_axes(unsigned used, const Selection& selection) const;

  // Ops of one nest ask the same few questions; answers are kept under a packed key.
  struct Answer {
    std::uint64_t key;
    std::int64_t executions;
  };
  const Launch& launch_;
  std::array<unsigned, max_loops> moving_;  ///< by loop: the indices that its limits move with, a bit each
  InlineVector<Answer, 32> answers_;
};

}  // namespace rooftile
