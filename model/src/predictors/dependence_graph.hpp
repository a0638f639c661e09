// The slowest dependence cycle of a loop: how long a trip takes if only waiting counted.
//
// Ops of one trip stand in program order, so dependences within a trip (lag 0) form a DAG. A cycle closes only through
// edges that reach into a later trip (lag >= 1), and there are few of those: K's buffer, V's buffer, the accumulator.
// Longest DAG paths between them give a graph with one node per such edge; its maximum of
//   sum of latencies / sum of lags      over cycles
// is found by jumping from ratio to ratio (Lawler 1976, "Combinatorial Optimization", section 3.13).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rooftile/model/program.hpp"

namespace rooftile {

class DependenceGraph {
 public:
  /// Edges into later trips that a group of loops may have.
  static constexpr std::size_t most_across = 12;

  /// Ops are named by their index in the program, from `first_op` on.
  explicit DependenceGraph(std::int16_t first_op) : first_op_{first_op} {}

  /// Adds an op, in program order, with the cycles until a dependent op can use its result, and its dependences; those
  /// on ops that are never added are not waited for.
  void add(std::int16_t op, const TileOp& tile_op, double latency);

  /// Largest (sum of latencies) / (sum of lags) over all cycles, `floor` at least.
  [[nodiscard]] double slowest_cycle(double floor) const;

 private:
  /// Within a trip: both ends are nodes.
  struct Within {
    std::int16_t earlier, later;
  };
  /// Into a later trip: the earlier op may be one that is added later, or never.
  struct Across {
    std::int16_t earlier_op, later, lag;
  };

  [[nodiscard]] bool has(std::size_t op) const { return (added_[op / 64] >> op % 64 & 1U) != 0; }

  std::int16_t first_op_;
  std::size_t nodes_ = 0;        ///< ops added so far, in program order
  std::uint64_t added_[2] = {};  ///< bit per op, counted from first_op
  static_assert(max_launch_ops <= 128);
  std::array<std::int16_t, max_launch_ops> node_of_;  ///< by op, counted from first_op; of those added
  std::array<double, max_launch_ops> latency_;        ///< by node
  std::array<std::int16_t, max_launch_ops> reached_;  ///< by node: where `within_` stood when it was added
  InlineVector<Within, 3 * max_launch_ops> within_;   ///< sorted by `later`
  InlineVector<Across, most_across> across_;
};

}  // namespace rooftile
