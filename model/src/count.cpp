#include "rooftile/model/count.hpp"

#include <algorithm>

#include "nest.hpp"
#include "tensor_uses.hpp"
#include "tile_equality.hpp"

namespace rooftile {
namespace {

/// Executions that nothing selects: the trips of the op's loop.
std::int64_t all_executions(const LaunchCount& totals, const TileOp& op) {
  return op.loop < 0 ? totals.ctas : totals.trips[static_cast<std::size_t>(op.loop)];
}

/// Executions selected by the op's guard and by `selection`.
std::int64_t guarded(NestCounter& nest, const TileOp& op, Selection selection) {
  if (op.guard == Guard::always) return nest.executions(op.loop, selection);
  const std::int64_t all = op.guard == Guard::not_first_trip ? nest.executions(op.loop, selection) : 0;
  selection.edge_loop = op.guard_loop;
  selection.at_last = op.guard == Guard::last_trip;
  const std::int64_t edge = nest.executions(op.loop, selection);
  return op.guard == Guard::not_first_trip ? all - edge : edge;
}

/// Sum over all executions of the clipped tile size: product over dimensions of (full - missing·[last tile]),
/// multiplied out.
OpCount count_whole_tiles(NestCounter& nest, const LaunchCount& totals, const TileOp& op, const TileFootprint& tiles) {
  if (tiles.ragged.empty() && op.guard == Guard::always) {
    const std::int64_t n = all_executions(totals, op);
    return {n, tiles.factor[0] * n, tiles.factor[1] * n};
  }
  OpCount total{};
  const unsigned subsets = 1U << tiles.ragged.size();
  for (unsigned subset = 0; subset < subsets; ++subset) {
    std::int64_t term[2] = {tiles.factor[0], tiles.factor[1]};
    Selection selection;
    bool possible = true;
    for (std::size_t r = 0; r < tiles.ragged.size(); ++r) {
      const RaggedDim& dim = tiles.ragged[r];
      const bool at_edge = (subset >> r & 1U) != 0;
      for (int unit = 0; unit < 2; ++unit) term[unit] *= at_edge ? -dim.missing[unit] : dim.full[unit];
      if (at_edge) possible = selection.pin(dim.index, dim.last) && possible;
    }
    if (!possible) continue;
    const std::int64_t n = guarded(nest, op, selection);
    if (subset == 0) total.executions = n;
    total.bytes += term[0] * n;
    total.sectors += term[1] * n;
  }
  return total;
}

/// Counts the ops of one launch, in program order.
class LaunchCounter {
 public:
  LaunchCounter(const Program& program, const Launch& launch, LaunchCount& totals, ProgramCounts& counts)
      : program_{program},
        launch_{launch},
        totals_{totals},
        counts_{counts},
        nest_{launch},
        ranges_{launch},
        uses_{program, launch, ranges_, counts},
        ctas_{launch.ctas()} {}

  void run() {
    totals_.ctas = ctas_;
    totals_.loaded = totals_.stored = totals_.sectors = 0;
    totals_.trips = {};
    totals_.work = {};
    totals_.once = {};
    for (std::size_t l = 0; l < launch_.loops.size(); ++l) {
      totals_.trips[l] = nest_.executions(static_cast<int>(l), {});
      totals_.trip[l] = {};
      const bool own = totals_.trips[l] > 0 && body_of(launch_, totals_, l) == l;
      own_body_ |= static_cast<unsigned>(own) << l;
    }
    for (std::int16_t i = launch_.first_op; i < launch_.last_op; ++i) {
      const TileOp& op = program_.ops[static_cast<std::size_t>(i)];
      moves_a_tile(op.kind) ? count_movement(i, op) : count_work(i, op);
    }
    uses_.finish(totals_);
  }

 private:
  /// As SMs request tiles: the CTAs of a cluster, which make the same trips, ask for a multicast tile once.
  void count_movement(std::int16_t i, const TileOp& op) {
    const auto index = static_cast<std::size_t>(i);
    OpCount& count = counts_.op[index];
    double& amount = counts_.amount[index];
    if (repeats_previous_tile(program_, launch_, i)) {
      count = counts_.op[index - 1];
      amount = counts_.amount[index - 1];
    } else {
      tiles_.measure(ranges_, op, program_.tensors[static_cast<std::size_t>(op.tensor)]);
      uses_.place(op, tiles_);
      count = count_whole_tiles(nest_, totals_, op, tiles_);
      amount = static_cast<double>(tiles_.inside);
      if (const std::int64_t served = launch_.served_by(op); served > 1) {
        count.bytes /= served;
        count.sectors /= served;
        amount /= static_cast<double>(served);
      }
    }
    uses_.add(op, count.bytes);
    totals_.sectors += count.sectors;
    (op.kind == OpKind::load ? totals_.loaded : totals_.stored) += count.bytes;
    if (op.loop >= 0) return add_to_trip(i, op, amount, 1);
    const double mean =
        count.executions > 0 ? static_cast<double>(count.bytes) / static_cast<double>(count.executions) : 0;
    add_once(i, op, mean, 1);
  }

  void count_work(std::int16_t i, const TileOp& op) {
    const auto index = static_cast<std::size_t>(i);
    OpCount& count = counts_.op[index];
    count = {op.guard == Guard::always ? all_executions(totals_, op) : guarded(nest_, op, {}), 0, 0};
    const double amount = counts_.amount[index] = static_cast<double>(op.amount);
    const std::int64_t copies = copies_at(i);
    totals_.work[static_cast<std::size_t>(op.kind)] += static_cast<double>(count.executions * copies) * amount;
    op.loop >= 0 ? add_to_trip(i, op, amount, copies) : add_once(i, op, amount, copies);
  }

  /// Warp groups of the role that the op at hand belongs to; ops come role by role.
  std::int64_t copies_at(std::int16_t i) {
    while (role_ < launch_.roles.size() && i >= launch_.roles[role_].last_op) ++role_;
    return role_ < launch_.roles.size() && i >= launch_.roles[role_].first_op ? launch_.roles[role_].copies : 1;
  }

  void add_once(std::int16_t i, const TileOp& op, double amount, std::int64_t copies) {
    const auto kind = static_cast<std::size_t>(op.kind);
    OnceCount& once = totals_.once;
    const std::int64_t executions = counts_.op[static_cast<std::size_t>(i)].executions;
    const double share = executions == ctas_ ? 1 : static_cast<double>(executions) / static_cast<double>(ctas_);
    once.work[kind] += static_cast<double>(copies) * amount * share;
    once.in_turn[kind] += amount;
    once.kinds.add(op.kind);
  }

  void add_to_trip(std::int16_t i, const TileOp& op, double amount, std::int64_t copies) {
    const auto loop = static_cast<std::size_t>(op.loop);
    if ((own_body_ >> loop & 1U) == 0) return;
    TripCount& trip = totals_.trip[static_cast<std::size_t>(launch_.loops[loop].group)];
    auto executions = static_cast<double>(copies);
    if (op.guard != Guard::always) {
      executions *= static_cast<double>(counts_.op[static_cast<std::size_t>(i)].executions) /
                    static_cast<double>(totals_.trips[loop]);
    }
    trip.work[static_cast<std::size_t>(op.kind)] += amount * executions;
    trip.kinds.add(op.kind);
    if (op.after_count > 0) trip.waits.add(static_cast<std::size_t>(i - launch_.first_op));
  }

  const Program& program_;
  const Launch& launch_;
  LaunchCount& totals_;
  ProgramCounts& counts_;
  NestCounter nest_;
  IndexRanges ranges_;
  TensorUses uses_;
  TileFootprint tiles_;
  std::int64_t ctas_;
  std::size_t role_ = 0;   ///< of the op at hand
  unsigned own_body_ = 0;  ///< loops that make trips which no earlier loop makes, a bit each
};

/// Whole tensors, and the workspace alive at once.
void count_memory(const Program& program, ProgramCounts& counts) {
  std::array<double, max_launches> alive{};
  counts.inputs_and_outputs = counts.tensors = Bytes{0};
  counts.placements = 0;
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    const auto bytes = static_cast<double>(program.tensors[t].bytes());
    counts.tensors += Bytes{bytes};
    counts.placements |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(program.tensors[t].placement));
    if (program.tensors[t].role != TensorRole::workspace) {
      counts.inputs_and_outputs += Bytes{bytes};
      continue;
    }
    std::size_t first = program.launches.size();
    std::size_t last = 0;
    for (std::size_t l = 0; l < program.launches.size(); ++l) {
      const std::span<const TensorUse> uses = counts.uses_of(l);
      const auto use = std::find_if(uses.begin(), uses.end(),
                                    [t](const TensorUse& u) { return u.tensor == static_cast<std::int8_t>(t); });
      if (use == uses.end()) continue;
      if (first == program.launches.size()) first = use->stored == 0 ? 0 : l;  // never written: left by the forward
      last = l;
    }
    for (std::size_t l = first; l <= last; ++l) alive[l] += bytes;
  }
  counts.workspace = Bytes{*std::max_element(alive.begin(), alive.end())};
}

/// What is touched of inputs and outputs by the launch that touches most of each.
void count_compulsory(const Program& program, ProgramCounts& counts) {
  std::array<std::int64_t, max_tensors> most{};
  for (const TensorUse& use : counts.uses) {
    std::int64_t& touched = most[static_cast<std::size_t>(use.tensor)];
    touched = std::max(touched, use.touched);
  }
  std::int64_t total = 0;
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    if (program.tensors[t].role != TensorRole::workspace) total += most[t];
  }
  counts.compulsory = Bytes{static_cast<double>(total)};
}

}  // namespace

void count(const Program& program, ProgramCounts& counts) {
  counts.uses.clear();
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    LaunchCounter{program, program.launches[l], counts.launch[l], counts}.run();
  }
  count_memory(program, counts);
  count_compulsory(program, counts);
}

std::int64_t entries(const Launch& launch, int loop) {
  Selection entered;
  entered.edge_loop = static_cast<std::int8_t>(loop);
  return NestCounter{launch}.executions(loop, entered);
}

}  // namespace rooftile
