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
  /// Ops are named by their index in the program, from `first_op` on.
  explicit DependenceGraph(std::int16_t first_op) : first_op_{first_op} {}

  /// Adds an op, in program order, with the cycles until a dependent op can use its result, and its dependences; those
  /// on ops that are never added are not waited for.
  void add(std::int16_t op, const TileOp& tile_op, double latency);

  /// Largest (sum of latencies) / (sum of lags) over all cycles, `floor` at least.
  [[nodiscard]] double slowest_cycle(double floor) const;

 private:
  struct Edge {
    std::int8_t earlier, later, lag;
  };

  [[nodiscard]] bool has(int node) const { return (added_ >> static_cast<unsigned>(node) & 1U) != 0; }

  std::int16_t first_op_;
  int nodes_ = 0;            ///< one past the last node; nodes are op indices minus first_op
  std::uint64_t added_ = 0;  ///< bit per node
  static_assert(max_ops <= 64);
  std::array<double, max_ops> latency_;
  InlineVector<Edge, 3 * max_ops> within_;  ///< lag 0, sorted by `later`
  InlineVector<Edge, 8> across_;            ///< lag >= 1
};

}  // namespace rooftile
