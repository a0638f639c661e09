// The slowest dependence cycle of a loop: how long a trip takes if only waiting counted.
//
// Ops of one trip stand in program order, so dependences within a trip (lag 0) form a DAG. A cycle closes only through
// edges that reach into a later trip (lag >= 1), and there are few of those: K's buffer, V's buffer, the accumulator.
// Longest DAG paths between them give a graph with one node per such edge; its maximum of
//   sum of latencies / sum of lags      over cycles
// is found by jumping from ratio to ratio (Lawler 1976, "Combinatorial Optimization", section 3.13).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "rooftile/model/program.hpp"

namespace rooftile {

class DependenceGraph {
 public:
  /// Edges into later trips that a group of loops may have.
  static constexpr std::size_t most_across = 12;

  /// Of a launch with the ops [first_op, last_op) of its program.
  DependenceGraph(std::int16_t first_op, std::int16_t last_op)
      : first_op_{first_op}, places_{static_cast<std::int16_t>(last_op - first_op)} {
    std::fill_n(latency_.begin(), places_, -1.0);
  }

  /// Adds the op at a place of the launch, in program order, with the cycles until a dependent op can use its result,
  /// and its dependences; those on ops that are never added are not waited for.
  void add(std::size_t place, const TileOp& op, double latency);

  /// Largest (sum of latencies) / (sum of lags) over all cycles, `floor` at least.
  [[nodiscard]] double slowest_cycle(double floor) const;

 private:
  /// Within a trip; ops by their place in the launch.
  struct Within {
    std::int16_t earlier, later;
  };
  /// Into a later trip: the earlier op may be one that is added later, or never.
  struct Across {
    std::int16_t earlier, later, lag;
    std::int16_t within;  ///< the first edge within a trip that was added after `later` began
  };

  [[nodiscard]] bool has(std::int16_t place) const { return latency_[static_cast<std::size_t>(place)] >= 0; }

  std::int16_t first_op_;
  std::int16_t places_;                              ///< ops of the launch
  std::array<double, max_launch_ops> latency_;       ///< by place; negative: not added
  InlineVector<Within, 3 * max_launch_ops> within_;  ///< sorted by `later`
  InlineVector<Across, most_across> across_;
};

}  // namespace rooftile
