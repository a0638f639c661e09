#include "loop_time.hpp"

#include <algorithm>

#include "rooftile/model/busy_units.hpp"
#include "rooftile/model/cycle_latency.hpp"

namespace rooftile {
namespace {

/// Latencies of loads, each worked out once: cycles share them.
class LoadLatencies {
 public:
  LoadLatencies(const Program& program, const ProgramCounts& counts, const CostTable& costs, const MissedShares& missed)
      : program_{program}, counts_{counts}, costs_{costs}, missed_{missed} {}

  double operator()(const TileOp& op) {
    const auto* const known =
        std::find_if(known_.begin(), known_.end(), [&op](const Known& one) { return one.op == &op; });
    if (known != known_.end()) return known->latency;
    const double bytes = counts_.amount[static_cast<std::size_t>(&op - program_.ops.begin())];
    const double latency = costs_.load_latency(missed_[static_cast<std::size_t>(op.tensor)], bytes);
    if (known_.size() < most) known_.push_back({&op, latency});
    return latency;
  }

 private:
  static constexpr std::size_t most = 8;
  struct Known {
    const TileOp* op;
    double latency;
  };
  const Program& program_;
  const ProgramCounts& counts_;
  const CostTable& costs_;
  const MissedShares& missed_;
  InlineVector<Known, most> known_;
};

double slowest(std::span<const DependenceCycle> cycles, const Program& program, const Launch& launch,
               const ProgramCounts& counts, const CostTable& costs, const MissedShares& missed) {
  LoadLatencies load_latency{program, counts, costs, missed};
  double most = 0;
  for (const DependenceCycle& cycle : cycles) {
    const double latency = cycle_latency(cycle, program, launch, counts, costs,
                                         [&load_latency](const TileOp& op) { return load_latency(op); });
    most = std::max(most, cycle.lag == 1 ? latency : latency / cycle.lag);
  }
  return most;
}

}  // namespace

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
