#include "launch_counter.hpp"

#include "dependence_cycles.hpp"
#include "nest.hpp"
#include "tensor_uses.hpp"
#include "tile_equality.hpp"

namespace rooftile {
namespace {

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
/// multiplied out. `n`: executions that nothing selects.
OpCount count_whole_tiles(NestCounter& nest, std::int64_t n, const TileOp& op, const TileFootprint& tiles) {
  if (tiles.ragged.empty() && op.guard == Guard::always) {
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
    const std::int64_t selected = guarded(nest, op, selection);
    if (subset == 0) total.executions = selected;
    total.bytes += term[0] * selected;
    total.sectors += term[1] * selected;
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
      if (i >= role_end_) enter_role_at(i);
      moves_a_tile(op.kind) ? count_movement(i, op) : count_work(i, op);
    }
    uses_.finish(totals_);
    count_cycles();
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
      count = count_whole_tiles(nest_, all_executions(op), op, tiles_);
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
    count = {op.guard == Guard::always ? all_executions(op) : guarded(nest_, op, {}), 0, 0};
    const double amount = counts_.amount[index] = static_cast<double>(op.amount);
    totals_.work[static_cast<std::size_t>(op.kind)] += static_cast<double>(count.executions * copies_) * amount;
    op.loop >= 0 ? add_to_trip(i, op, amount, copies_) : add_once(i, op, amount, copies_);
  }

  /// Executions that nothing selects: the trips of the op's loop.
  [[nodiscard]] std::int64_t all_executions(const TileOp& op) const {
    return op.loop < 0 ? ctas_ : totals_.trips[static_cast<std::size_t>(op.loop)];
  }

  /// Ops come role by role.
  void enter_role_at(std::int16_t i) {
    while (role_ < launch_.roles.size() && i >= launch_.roles[role_].last_op) ++role_;
    const bool in_role = role_ < launch_.roles.size() && i >= launch_.roles[role_].first_op;
    copies_ = in_role ? launch_.roles[role_].copies : 1;
    role_end_ = in_role ? launch_.roles[role_].last_op : static_cast<std::int16_t>(i + 1);
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
    if (op.after_count > 0) {
      waits_[static_cast<std::size_t>(launch_.loops[loop].group)].add(static_cast<std::size_t>(i - launch_.first_op));
    }
  }

  /// An op that waits for nothing is on no cycle.
  void count_cycles() {
    for (std::size_t l = 0; l < launch_.loops.size(); ++l) {
      TripCount& trip = totals_.trip[l];
      trip.first_cycle = static_cast<std::int16_t>(counts_.cycles.size());
      if ((own_body_ >> l & 1U) != 0) find_cycles(program_, launch_, waits_[l], counts_.cycles);
      trip.last_cycle = static_cast<std::int16_t>(counts_.cycles.size());
    }
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
  // of the op at hand
  std::size_t role_ = 0;
  std::int64_t copies_ = 1;  ///< warp groups of its role
  std::int16_t role_end_ = 0;

  std::array<OpSet, max_loops> waits_{};  ///< by group: its ops that wait for others
  unsigned own_body_ = 0;                 ///< loops that make trips which no earlier loop makes, a bit each
};

}  // namespace

void count_launch(const Program& program, const Launch& launch, LaunchCount& totals, ProgramCounts& counts) {
  LaunchCounter{program, launch, totals, counts}.run();
}

}  // namespace rooftile
