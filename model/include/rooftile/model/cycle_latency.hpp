// How long the ops of a dependence cycle take one after the other.
//
// An op's amount is that of all warps of a role. Where these need nothing of each other but tiles, those on one of the
// SM's four sub-partitions take turns at its units: while one multiplies, another takes exponentials. The first of w
// warps then goes its way in a w-th of each op's cycles, and the others follow through the slowest op:
//
//   latencies + Σ t / w + (w - 1) / w · max t        t: cycles of an op for all warps
//
// the makespan of w equal jobs in a flow shop (Johnson 1954). Where products wait for what other warps have written
// (the backward passes), or roles hand tiles to each other, w = 1: latencies + Σ t.
#pragma once

#include <algorithm>

#include "rooftile/model/cost_table.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

/// Warps that take turns on a dependence cycle of a launch.
[[nodiscard]] inline double turns_in(const Launch& launch) {
  return launch.roles.size() == 1 ? static_cast<double>(launch.roles[0].turns) : 1;
}

/// Cycles of a dependence cycle's ops from end to end; `load_latency(op)` says for how long a load keeps them waiting.
template <class LoadLatency>
[[nodiscard]] double cycle_latency(const DependenceCycle& cycle, const Program& program, const Launch& launch,
                                   const ProgramCounts& counts, const CostTable& costs, LoadLatency load_latency) {
  const TileOp* const ops = program.ops.begin() + launch.first_op;
  const double* const amounts = counts.amount.data() + launch.first_op;
  double latency = 0, work = 0, longest = 0;
  cycle.ops.for_each([&](std::size_t place) {
    const TileOp& op = ops[place];
    const OpCost& cost = costs[op.kind];
    const double cycles = amounts[place] * cost.cycles_per_amount;
    work += cycles;
    longest = std::max(longest, cycles);
    latency += op.kind == OpKind::load ? load_latency(op) : cost.latency;
  });
  const double turns = turns_in(launch);
  return turns == 1 ? latency + work : latency + (work + (turns - 1) * longest) / turns;
}

}  // namespace rooftile
