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
  explicit DependenceGraph(std::int16_t first_op) : first_op_{first_op} { node_of_.fill(-1); }

  /// Adds the next op, in program order, with the cycles until a dependent op can use its result.
  void add_op(std::int16_t op, double latency);
  /// Adds the op's dependences; ops that were not added are not waited for.
  void add_edges(std::int16_t op, const TileOp& tile_op);

  /// Largest (sum of latencies) / (sum of lags) over all cycles, `floor` at least.
  [[nodiscard]] double slowest_cycle(double floor) const;

 private:
  struct Edge {
    std::int8_t earlier, later, lag;
  };

  std::int16_t first_op_;
  std::array<std::int8_t, max_ops> node_of_;
  InlineVector<double, max_ops> latency_;
  InlineVector<Edge, 2 * max_ops> within_;  ///< lag 0, sorted by `later`
  InlineVector<Edge, 8> across_;            ///< lag >= 1
};

}  // namespace rooftile
