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

#include "rooftile/model/count.hpp"

namespace rooftile {

/// Appends the cycles among `nodes`, ops of a launch, to `cycles`; dependences on other ops are not waited for.
void find_cycles(const Program& program, const Launch& launch, const OpSet& nodes, DependenceCycles& cycles);

/// True if the ops of two sets stand alike and wait for each other alike: their cycles are the same, moved on.
[[nodiscard]] bool waits_alike(const Program& program, const Launch& launch, const OpSet& a, const OpSet& b);

}  // namespace rooftile
