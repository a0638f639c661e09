#include "loop_time.hpp"

#include <algorithm>

#include "dependence_graph.hpp"

namespace rooftile {
namespace {

/// Amount of one execution; of a tile inside the tensor where tiles are clipped: a trip over a ragged block takes as
/// long.
double amount_per_trip(const Program& program, const Launch& launch, const TileOp& op) {
  if (!moves_a_tile(op.kind)) return static_cast<double>(op.amount);
  const Tensor& tensor = program.tensors[static_cast<std::size_t>(op.tensor)];
  std::int64_t bytes = tensor.element_bytes;
  for (std::size_t d = 0; d < op.dims; ++d) bytes *= std::min<std::int64_t>(op.dim[d].extent, tensor.extents[d]);
  return static_cast<double>(bytes) / static_cast<double>(launch.served_by(op));
}

/// Amount of one execution averaged over all CTAs: empty query rows are not loaded.
double amount_per_cta(const TileOp& op, const OpCount& count) {
  if (!moves_a_tile(op.kind)) return static_cast<double>(op.amount);
  return count.executions > 0 ? static_cast<double>(count.bytes) / static_cast<double>(count.executions) : 0;
}

/// Adds up what units do; the longer of the busiest unit and the weighted sum wins.
class UnitLoad {
 public:
  void add(Unit unit, double cycles) { cycles_[static_cast<std::size_t>(unit)] += cycles; }

  void write(TripTime& time) const {
    double sum = 0;
    std::size_t busiest = 0;
    for (std::size_t u = 0; u < units; ++u) {
      sum += overlap_weights[u] * cycles_[u];
      if (cycles_[u] > cycles_[busiest]) busiest = u;
    }
    time.busy = std::max(cycles_[busiest], sum);
    time.busiest = static_cast<Unit>(busiest);
  }

 private:
  std::array<double, units> cycles_{};
};

/// The loops that run in step with `group`, a bit each.
unsigned loops_of(const Launch& launch, int group) {
  unsigned bits = 0;
  for (std::size_t l = 0; l < launch.loops.size(); ++l)
    bits |= static_cast<unsigned>(launch.loops[l].group == group) << l;
  return bits;
}

}  // namespace

TripTime trip_time(const Program& program, const Launch& launch, const LaunchCount& totals, const ProgramCounts& counts,
                   const CostTable& costs, const MissedShares& missed, int group) {
  const unsigned loops = loops_of(launch, group);
  DependenceGraph graph{launch.first_op};
  UnitLoad load;
  for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const TileOp& op = program.ops[index];
    if (op.loop < 0 || (loops >> static_cast<unsigned>(op.loop) & 1U) == 0) continue;
    const OpCost& cost = costs[op.kind];
    const double cycles = amount_per_trip(program, launch, op) * cost.cycles_per_amount;
    auto executions = static_cast<double>(launch.copies_of(i, op.kind));  // per trip
    if (op.guard != Guard::always) {
      executions *= static_cast<double>(counts.op[index].executions) /
                    static_cast<double>(totals.trips[static_cast<std::size_t>(op.loop)]);
    }
    load.add(cost.unit, cycles * executions);
    const bool loads = op.kind == OpKind::load;
    graph.add(i, op, cycles + (loads ? costs.load_latency(missed[static_cast<std::size_t>(op.tensor)]) : cost.latency));
  }
  TripTime time;
  load.write(time);
  time.cycle = graph.slowest_cycle(time.busy);
  return time;
}

TripTime once_per_cta(const Program& program, const Launch& launch, const LaunchCount& totals,
                      const ProgramCounts& counts, const CostTable& costs, bool from_dram) {
  UnitLoad load;
  TripTime time;
  double longest_wait = 0;
  for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const TileOp& op = program.ops[index];
    if (op.loop >= 0) continue;
    const OpCost& cost = costs[op.kind];
    const double cycles = amount_per_cta(op, counts.op[index]) * cost.cycles_per_amount;
    const auto copies = static_cast<double>(launch.copies_of(i, op.kind));
    load.add(cost.unit,
             copies * cycles * static_cast<double>(counts.op[index].executions) / static_cast<double>(totals.ctas));
    time.cycle += cycles;
    const bool waits_for_dram = from_dram && op.kind == OpKind::load;
    longest_wait = std::max(longest_wait, waits_for_dram ? costs.load_latency(1) : cost.latency);
  }
  load.write(time);
  time.wait = longest_wait;
  // the next tile's loads fly while CTAs that stay finish this one: they wait once, for their first
  if (launch.schedule == Schedule::one_per_cta) time.cycle += longest_wait;
  return time;
}

}  // namespace rooftile
