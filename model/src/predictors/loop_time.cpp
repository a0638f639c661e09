#include "loop_time.hpp"

#include <algorithm>

namespace rooftile {
namespace {

/// The longer of the busiest unit and the weighted sum wins.
void keep_units_busy(const Work& work, const CostTable& costs, TripTime& time) {
  const UnitCycles cycles = costs.on_units(work);
  double sum = 0;
  double most = cycles[0];
  std::size_t busiest = 0;
  for (std::size_t u = 0; u < units; ++u) {
    if (overlap_weights[u] != 0) sum += overlap_weights[u] * cycles[u];
    if (cycles[u] <= most) continue;
    most = cycles[u];
    busiest = u;
  }
  time.busy = std::max(most, sum);
  time.busiest = static_cast<Unit>(busiest);
}

}  // namespace

double slowest(std::span<const DependenceCycle> cycles, const Program& program, const Launch& launch,
               const ProgramCounts& counts, const CostTable& costs, const MissedShares& missed) {
  const TileOp* const ops = program.ops.begin() + launch.first_op;
  const double* const amounts = counts.amount.data() + launch.first_op;
  double most = 0;
  for (const DependenceCycle& cycle : cycles) {
    double latency = 0;
    cycle.ops.for_each([&](std::size_t place) {
      const TileOp& op = ops[place];
      const OpCost& cost = costs[op.kind];
      const bool loads = op.kind == OpKind::load;
      latency += amounts[place] * cost.cycles_per_amount +
                 (loads ? costs.load_latency(missed[static_cast<std::size_t>(op.tensor)]) : cost.latency);
    });
    most = std::max(most, cycle.lag == 1 ? latency : latency / cycle.lag);
  }
  return most;
}

TripTime trip_time(const Program& program, const Launch& launch, const TripCount& trip, const ProgramCounts& counts,
                   const CostTable& costs, const MissedShares& missed) {
  TripTime time;
  keep_units_busy(trip.work, costs, time);
  time.cycle = std::max(time.busy, slowest(counts.cycles_of(trip), program, launch, counts, costs, missed));
  return time;
}

TripTime once_per_cta(const Launch& launch, const OnceCount& once, const CostTable& costs, bool from_dram) {
  TripTime time;
  keep_units_busy(once.work, costs, time);
  time.cycle = costs.in_turn(once.in_turn);
  once.kinds.for_each([&](OpKind kind) {
    const bool waits_for_dram = from_dram && kind == OpKind::load;
    time.wait = std::max(time.wait, waits_for_dram ? costs.load_latency(1) : costs[kind].latency);
  });
  // the next tile's loads fly while CTAs that stay finish this one: they wait once, for their first
  if (launch.schedule == Schedule::one_per_cta) time.cycle += time.wait;
  return time;
}

}  // namespace rooftile
