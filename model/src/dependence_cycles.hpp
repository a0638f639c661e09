// The dependence cycles of a loop: chains of ops that lead back to themselves some trips later. However fast the units,
// a trip takes as long as the slowest of them says (loop_time.hpp).
//
//   load K -> QKᵀ -> load K of the next trip, one buffer          {load K, QKᵀ}, lag 1
//   PV of this trip -> PV of the next, the accumulator            {PV}, lag 1
//
// All simple cycles are listed once per program: ops of one trip stand in program order, so a cycle closes only through
// edges that reach into a later trip, and there are few of those (buffers, accumulators): no shipped kernel has more
// than a dozen cycles. The maximum of (sum of latencies) / (sum of lags) over them is the maximum cycle ratio of the
// graph.
#pragma once

#include <array>
#include <bit>
#include <stdexcept>

#include "rooftile/model/count.hpp"

namespace rooftile {

/// Which ops of a group of loops wait for which. Ops are numbered from the first that waits; sets of them are bits.
/// Ops that wait for nothing are on no cycle and no nodes of the graph.
class WaitGraph {
 public:
  using Bits = std::uint64_t;
  /// An op waits for another, `lag` trips ago.
  struct Edge {
    std::int16_t op, other, lag;
    friend constexpr bool operator==(const Edge&, const Edge&) = default;
  };

  WaitGraph() {}  // NOLINT(modernize-use-equals-default): what stands for ops that are not there stays uninitialised

  void clear() {
    nodes_ = has_later_ = 0;
    later_.clear();
  }
  /// Adds op `place` of a launch whose ops begin with `first_op`; in program order.
  void add(std::size_t place, const TileOp& op, std::int16_t first_op);
  /// Appends the cycles; dependences on ops that are no nodes are not waited for.
  void find_cycles(DependenceCycles& cycles) const;
  /// True if the ops of both stand alike and wait for each other alike: their cycles are the same, moved on.
  [[nodiscard]] bool operator==(const WaitGraph& other) const;
  /// The ops that `bits` says.
  [[nodiscard]] OpSet ops(Bits bits) const { return {first_, bits}; }

 private:
  friend class CycleSearch;

  std::size_t first_ = 0;  ///< the place of op 0
  Bits nodes_ = 0;
  Bits has_later_ = 0;                          ///< ops that wait for one of an earlier trip
  std::array<Bits, OpSet::reach> before_;       ///< by op: those of the same trip that it waits for
  InlineVector<Edge, 4 * OpSet::reach> later_;  ///< into a later trip, in program order
};

inline void WaitGraph::add(std::size_t place, const TileOp& op, std::int16_t first_op) {
  if (nodes_ == 0) first_ = place;
  const std::size_t n = place - first_;
  if (n >= OpSet::reach) throw std::length_error("WaitGraph: ops of one loop stand too far apart");
  nodes_ |= Bits{1} << n;
  Bits before = 0;
  for (std::size_t a = 0; a < op.after_count; ++a) {
    const After& after = op.after[a];
    const auto other = static_cast<std::size_t>(after.op - first_op) - first_;  // ops before the first: far beyond
    if (other >= OpSet::reach) continue;
    if (after.lag == 0) {
      before |= Bits{1} << other;
    } else {
      later_.push_back({static_cast<std::int16_t>(n), static_cast<std::int16_t>(other), after.lag});
      has_later_ |= Bits{1} << n;
    }
  }
  before_[n] = before;
}

}  // namespace rooftile
