#include "launch_timing.hpp"

#include <algorithm>

#include "rooftile/model/busy_units.hpp"

namespace rooftile::sim {
namespace {

/// Some work, times `factor`.
PhaseCost cost_of(const Work& work, const CostTable& costs, const LaunchFit& fit, double factor) {
  const BusyUnits units_of = busy_units(work, costs, fit);
  PhaseCost cost{.demand = units_of.cycles, .busy = factor * units_of.busy, .busiest = units_of.busiest};
  for (double& cycles : cost.demand) cycles *= factor;
  return cost;
}

/// A part of what a CTA does once.
PhaseCost part_of(const PhaseCost& whole, double part) {
  PhaseCost cost = whole;
  for (double& cycles : cost.demand) cycles *= part;
  cost.busy *= part;
  return cost;
}

struct Cycle {
  double latency = 0;  ///< of all its ops, loads answered by L2
  int lag = 1;
};

Cycle measure(const DependenceCycle& cycle, const Program& program, const Launch& launch, const ProgramCounts& counts,
              const CostTable& costs) {
  Cycle sum{0, cycle.lag};
  cycle.ops.for_each([&](std::size_t place) {
    const std::size_t op = place + static_cast<std::size_t>(launch.first_op);
    const OpCost& cost = costs[program.ops[op].kind];
    sum.latency += counts.amount[op] * cost.cycles_per_amount + cost.latency;
  });
  return sum;
}

}  // namespace

LaunchTiming::LaunchTiming(const Program& program, const Launch& launch, const LaunchCount& totals,
                           const ProgramCounts& counts, const CostTable& costs) {
  const LaunchFit fit = launch_fit(program, launch);
  const double hit = costs[OpKind::load].latency;
  const double miss = costs.load_latency(1);

  // which ops stand where
  bool in_loops = false;
  double before = 0, all = 0;
  for (const Role& role : launch.roles) {
    in_loops = false;
    for (std::int16_t i = role.first_op; i < role.last_op; ++i) {
      const TileOp& op = program.ops[static_cast<std::size_t>(i)];
      if (op.loop < 0) {
        const double cycles = counts.amount[static_cast<std::size_t>(i)] * costs[op.kind].cycles_per_amount;
        const bool first = !in_loops && op.kind != OpKind::store && op.kind != OpKind::atomic;
        all += cycles;
        if (first) before += cycles;
        (first ? begin : end).ops += 1;
        if (op.kind == OpKind::load) loads.push_back({i, 1, 0});
        if (op.kind == OpKind::store || op.kind == OpKind::atomic) sends.push_back(i);
        continue;
      }
      in_loops = true;
      LoopTiming& timing = loop[static_cast<std::size_t>(launch.loops[static_cast<std::size_t>(op.loop)].group)];
      timing.empty = false;
      timing.cost.ops += 1;
      if (op.kind == OpKind::load) timing.loads.push_back({i, 0, 0});
      if (op.kind == OpKind::store || op.kind == OpKind::atomic) timing.sends.push_back(i);
    }
  }

  // once per CTA
  const PhaseCost once = cost_of(totals.once.work, costs, {.tile_integer = fit.tile_integer}, fit.tile_factor);
  const double in_turn =
      fit.tile_factor * costs.in_turn(totals.once.in_turn) + fit.tile_integer * costs[OpKind::alu].cycles_per_amount;
  double wait = 0;
  totals.once.kinds.for_each([&](OpKind kind) { wait = std::max(wait, costs[kind].latency); });
  const double part = all > 0 ? before / all : 0;
  const std::int32_t ops_before = begin.ops, ops_behind = end.ops;
  begin = part_of(once, part);
  end = part_of(once, 1 - part);
  begin.ops = ops_before;
  end.ops = ops_behind;
  begin.alone = std::max(begin.busy, part * in_turn + fit.cta_cycles);
  end.alone = std::max(end.busy, (1 - part) * in_turn);
  for (LoadWait& load : loads) load.rest = begin.alone;
  begin_again = begin;
  begin.alone += wait;

  // trips
  for (std::size_t l = 0; l < launch.loops.size(); ++l) {
    LoopTiming& timing = loop[l];
    if (launch.loops[l].group != static_cast<std::int8_t>(l) || totals.trips[l] == 0 || timing.empty) continue;
    const std::size_t body = body_of(launch, totals, l);
    const TripCount& trip = totals.trip[body];
    const std::int32_t ops = timing.cost.ops;
    timing.cost = cost_of(trip.work, costs, fit, fit.trip_factor);
    timing.cost.ops = ops;
    timing.cost.alone = timing.cost.busy + fit.trip_wait;
    for (const DependenceCycle& cycle : counts.cycles_of(trip)) {
      const Cycle sum = measure(cycle, program, launch, counts, costs);
      timing.cost.alone = std::max(timing.cost.alone, sum.latency / sum.lag);
      const LoopTiming& owner = loop[body];
      for (std::size_t n = 0; n < timing.loads.size() && n < owner.loads.size(); ++n) {
        LoadWait& load = timing.loads[n];
        if (!cycle.ops.has(static_cast<std::size_t>(owner.loads[n].op - launch.first_op))) continue;
        const double rest = sum.latency - hit;
        const bool slower = load.lag == 0 || (miss + rest) / sum.lag > (miss + load.rest) / load.lag;
        if (slower) load = {load.op, static_cast<std::int8_t>(std::min(sum.lag, most_buffers)), rest};
      }
    }
    for (const LoadWait& load : timing.loads) timing.depth = std::max<std::int32_t>(timing.depth, load.lag);
    depth = std::max(depth, timing.depth);
  }
}

}  // namespace rooftile::sim
