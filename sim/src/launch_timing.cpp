#include "launch_timing.hpp"

#include <algorithm>

#include "cuts.hpp"
#include "rooftile/model/busy_units.hpp"
#include "rooftile/model/cycle_latency.hpp"

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
PhaseCost part_of(const PhaseCost& whole, double part, std::int32_t ops) {
  PhaseCost cost = whole;
  cost.ops = ops;
  for (double& cycles : cost.demand) cycles *= part;
  cost.busy *= part;
  return cost;
}

bool sends(OpKind kind) { return kind == OpKind::store || kind == OpKind::atomic; }

/// Fills in the timing of one launch.
class Timer {
 public:
  Timer(const Program& program, const Launch& launch, const LaunchCount& totals, const ProgramCounts& counts,
        const CostTable& costs, LaunchTiming& timing)
      : program_{program},
        launch_{launch},
        totals_{totals},
        counts_{counts},
        costs_{costs},
        timing_{timing},
        fit_{launch_fit(program, launch)} {}

  void run() {
    for (const Role& role : launch_.roles) place_ops(role);
    for (const Loop& loop : launch_.loops) {
      if (loop.parent < 0) continue;
      const std::int8_t around = launch_.loops[static_cast<std::size_t>(loop.parent)].group;
      timing_.loop[static_cast<std::size_t>(around)].innermost = false;
    }
    time_once();
    for (std::size_t l = 0; l < launch_.loops.size(); ++l) {
      const bool leads = launch_.loops[l].group == static_cast<std::int8_t>(l);
      if (leads && totals_.trips[l] > 0 && !timing_.loop[l].empty) time_trips(l);
    }
  }

 private:
  void place_ops(const Role& role) {
    bool in_loops = false;
    for (std::int16_t i = role.first_op; i < role.last_op; ++i) {
      const TileOp& op = program_.ops[static_cast<std::size_t>(i)];
      if (op.loop < 0) {
        place_outside(i, op, in_loops);
      } else {
        in_loops = true;
        place_inside(i, op);
      }
    }
  }
  /// What a CTA does once: before its trips unless it stores, or stands behind them.
  void place_outside(std::int16_t i, const TileOp& op, bool behind_loops) {
    const bool before = !behind_loops && !sends(op.kind);
    const double cycles = counts_.amount[static_cast<std::size_t>(i)] * costs_[op.kind].cycles_per_amount;
    once_ += cycles;
    if (before) before_ += cycles;
    (before ? timing_.begin : timing_.end).ops += 1;
    if (op.kind == OpKind::load) timing_.loads.push_back({i, 1, 0});
    if (sends(op.kind)) timing_.sends.push_back(i);
  }
  void place_inside(std::int16_t i, const TileOp& op) {
    const std::int8_t leader = launch_.loops[static_cast<std::size_t>(op.loop)].group;
    LoopTiming& loop = timing_.loop[static_cast<std::size_t>(leader)];
    loop.empty = false;
    loop.cost.ops += 1;
    if (op.kind == OpKind::load) loop.loads.push_back({i, 0, 0});
    if (sends(op.kind)) loop.sends.push_back(i);
    if (op.guard != Guard::always) loop.guarded.push_back(i);
  }

  void time_once() {
    const PhaseCost once = cost_of(totals_.once.work, costs_, {.tile_integer = fit_.tile_integer}, fit_.tile_factor);
    const double in_turn = fit_.tile_factor * costs_.in_turn(totals_.once.in_turn) +
                           fit_.tile_integer * costs_[OpKind::alu].cycles_per_amount;
    const double part = once_ > 0 ? before_ / once_ : 0;
    totals_.once.kinds.for_each(
        [&](OpKind kind) { timing_.own_wait = std::max(timing_.own_wait, costs_[kind].latency); });
    const double beside = part * in_turn + cycles_beside(launch_, fit_, costs_);
    timing_.begin = timing_.begin_first = part_of(once, part, timing_.begin.ops);
    timing_.begin.alone = std::max(timing_.begin.busy, beside);
    timing_.begin_first.alone = std::max(timing_.begin_first.busy, beside - fit_.between);
    for (LoadWait& load : timing_.loads) load.rest = -transfer(load.op);  // it is part of `in_turn`
    timing_.end = part_of(once, 1 - part, timing_.end.ops);
    timing_.end.alone = std::max(timing_.end.busy, (1 - part) * in_turn);
  }

  void time_trips(std::size_t l) {
    LoopTiming& loop = timing_.loop[l];
    const std::size_t body = body_of(launch_, totals_, l);
    const TripCount& trip = totals_.trip[body];
    const std::int32_t ops = loop.cost.ops;
    loop.cost = cost_of(trip.work, costs_, fit_, fit_.trip_factor);
    loop.cost.ops = ops;
    loop.cost.alone = loop.cost.busy + fit_.trip_wait;
    for (const DependenceCycle& cycle : counts_.cycles_of(trip)) {
      const double latency = latency_of(cycle);
      loop.cost.alone = std::max(loop.cost.alone, latency / cycle.lag);
      for (std::size_t n = 0; n < loop.loads.size(); ++n) {
        const std::int16_t load = timing_.loop[body].loads[n].op;  // of the loop whose body this one repeats
        if (cycle.ops.has(static_cast<std::size_t>(load - launch_.first_op))) {
          wait_on(loop.loads[n], latency - costs_[OpKind::load].latency - transfer(load), cycle.lag);
          if (loop.loads[n].lag == cycle.lag) loop.loads[n].whole = std::max(loop.loads[n].whole, latency);
        }
      }
    }
    for (const LoadWait& load : loop.loads) loop.depth = std::max<std::int32_t>(loop.depth, load.lag);
    cut(l, body);
    timing_.depth = std::max(timing_.depth, loop.depth);
  }
  /// Cycles in which an SM takes in a tile.
  [[nodiscard]] double transfer(std::int16_t load) const {
    return counts_.amount[static_cast<std::size_t>(load)] * costs_[OpKind::load].cycles_per_amount;
  }

  /// Cuts trips of loop `l`, whose body loop `body` says. Those that store are made as a whole.
  void cut(std::size_t l, std::size_t body) {
    LoopTiming& loop = timing_.loop[l];
    const auto buffers = [](const LoadWait& x, const LoadWait& y) { return x.lag < y.lag; };
    const auto most = std::max_element(loop.loads.begin(), loop.loads.end(), buffers);
    if (most == loop.loads.end() || most->lag != 1 || !loop.sends.empty() || launch_.roles.size() > 1) return;
    InlineVector<std::int16_t, 12> loads;
    for (const LoadWait& load : timing_.loop[body].loads) loads.push_back(load.op);
    for (const Cut& part : cut_trip(program_, launch_, body, {loads.begin(), loads.size()}, counts_, costs_)) {
      Segment segment{part_of(loop.cost, part.part, loop.segments.empty() ? loop.cost.ops : 0), part.waits, part.frees};
      segment.cost.alone = part.part * loop.cost.alone;
      loop.segments.push_back(segment);
    }
    loop.depth = std::max(loop.depth, 2);  // the next trip's tiles are asked for in this one
  }

  /// Of all ops on a dependence cycle, with loads that L2 answers.
  [[nodiscard]] double latency_of(const DependenceCycle& cycle) const {
    const auto answered = [this](const TileOp& op) { return costs_[op.kind].latency; };
    return cycle_latency(cycle, program_, launch_, counts_, costs_, answered);
  }
  /// Of the cycles through a load, those of the fewest trips say how many buffers it has; of these the slowest counts.
  void wait_on(LoadWait& load, double rest, int lag) {
    const auto buffers = static_cast<std::int8_t>(std::min(lag, most_buffers));
    if (load.lag > 0 && (load.lag < buffers || (load.lag == buffers && load.rest >= rest))) return;
    load.lag = buffers;
    load.rest = rest;
    timing_.longest_rest = std::max(timing_.longest_rest, rest);
  }

  const Program& program_;
  const Launch& launch_;
  const LaunchCount& totals_;
  const ProgramCounts& counts_;
  const CostTable& costs_;
  LaunchTiming& timing_;
  LaunchFit fit_;
  double before_ = 0, once_ = 0;  ///< cycles of what a CTA does before its trips, and outside them in all
};

}  // namespace

LaunchTiming::LaunchTiming(const Program& program, const Launch& launch, const LaunchCount& totals,
                           const ProgramCounts& counts, const CostTable& costs) {
  Timer{program, launch, totals, counts, costs, *this}.run();
}

}  // namespace rooftile::sim
