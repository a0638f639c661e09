#include "loop_time.hpp"

#include <algorithm>

#include "rooftile/model/busy_units.hpp"
#include "rooftile/model/cycle_latency.hpp"

namespace rooftile {
double slowest(std::span<const DependenceCycle> cycles, const Program& program, const Launch& launch,
               const ProgramCounts& counts, const CostTable& costs, const MissedShares& missed) {
  const auto load_latency = [&](const TileOp& op) {
    const double bytes = counts.amount[static_cast<std::size_t>(&op - program.ops.begin())];
    return costs.load_latency(missed[static_cast<std::size_t>(op.tensor)], bytes);
  };
  double most = 0;
  for (const DependenceCycle& cycle : cycles) {
    const double latency = cycle_latency(cycle, program, launch, counts, costs, load_latency);
    most = std::max(most, cycle.lag == 1 ? latency : latency / cycle.lag);
  }
  return most;
}

TripTime trip_time(const Program& program, const Launch& launch, const TripCount& trip, const ProgramCounts& counts,
                   const CostTable& costs, const MissedShares& missed, const LaunchFit& fit) {
  const BusyUnits units_of = busy_units(trip.work, costs, fit);
  TripTime time;
  time.busiest = units_of.busiest;
  time.busy = units_of.busy * fit.trip_factor;
  time.cycle =
      std::max(time.busy + fit.trip_wait, slowest(counts.cycles_of(trip), program, launch, counts, costs, missed));
  return time;
}

TripTime once_per_cta(const Launch& launch, const OnceCount& once, const CostTable& costs, bool from_dram,
                      const LaunchFit& fit) {
  const BusyUnits units_of = busy_units(once.work, costs, {.tile_integer = fit.tile_integer});
  TripTime time;
  time.busiest = units_of.busiest;
  time.busy = units_of.busy * fit.tile_factor;
  double in_turn = 0;
  once.kinds.for_each([&](OpKind kind) {
    const OpCost& cost = costs[kind];
    const double amount = once.in_turn[static_cast<std::size_t>(kind)];
    const bool waits_for_dram = from_dram && kind == OpKind::load;
    in_turn += amount * cost.cycles_per_amount;
    time.wait = std::max(time.wait, waits_for_dram ? costs.load_latency(1, amount) : cost.latency);
  });
  time.again = fit.between;
  time.cycle = fit.tile_factor * in_turn + cycles_beside(launch, fit, costs) +
               fit.tile_integer * costs[OpKind::alu].cycles_per_amount;
  // the next tile's loads fly while CTAs that stay finish this one: they wait once, for their first
  if (launch.schedule == Schedule::one_per_cta) time.cycle += time.wait;
  return time;
}

}  // namespace rooftile
