#include "launch_counter.hpp"

#include <algorithm>

#include "nest.hpp"
#include "tensor_uses.hpp"

namespace rooftile {
namespace {

/// Executions selected by the op's guard and by `selection`, which alone selects `all`.
std::int64_t guarded(NestCounter& nest, const TileOp& op, Selection& selection, std::int64_t all) {
  selection.edge_loop = op.guard_loop;
  selection.at_last = op.guard == Guard::last_trip;
  const std::int64_t edge = nest.executions(op.loop, selection);
  return op.guard == Guard::not_first_trip ? all - edge : edge;
}

/// Sum over all executions of the clipped tile size: product over dimensions of (full - missing·[last tile]),
/// multiplied out. `n`: executions that nothing but the guard selects.
OpCount count_whole_tiles(NestCounter& nest, std::int64_t n, const TileOp& op, const TileFootprint& tiles) {
  if (tiles.ragged.empty()) return {n, tiles.factor[0] * n, tiles.factor[1] * n};
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
    std::int64_t selected = nest.executions(op.loop, selection);
    if (op.guard != Guard::always) selected = guarded(nest, op, selection, selected);
    if (subset == 0) total.executions = selected;
    total.bytes += term[0] * selected;
    total.sectors += term[1] * selected;
  }
  return total;
}

/// Counts the ops of one launch, in program order.
class LaunchCounter {
 public:
  LaunchCounter(const Program& program, std::size_t number, const CountPlan& plan, ProgramCounts& counts)
      : program_{program},
        launch_{program.launches[number]},
        totals_{counts.launch[number]},
        plan_{plan},
        planned_{plan.launch(number)},
        counts_{counts},
        nest_{launch_},
        ranges_{launch_},
        uses_{program, launch_, ranges_, counts},
        ctas_{launch_.ctas()} {}

  void run() {
    totals_.ctas = ctas_;
    totals_.loaded = totals_.stored = totals_.sectors = 0;
    totals_.first_tile = {};
    totals_.trips = {};
    totals_.work = {};
    totals_.once = {};
    for (std::size_t l = 0; l < launch_.loops.size(); ++l) {
      totals_.trips[l] = trips_of(l);
      totals_.trip[l] = {};
      if (totals_.trips[l] == 0 || body_of(launch_, totals_, l) != l) continue;
      own_body_ |= 1U << l;
      totals_.trip[l].first_cycle = planned_.cycles[l].first;
      totals_.trip[l].last_cycle = planned_.cycles[l].last;
    }
    for (int p = planned_.first_part; p < planned_.last_part; ++p) count_part(plan_.part(p));
    uses_.finish(totals_);
  }

 private:
  /// Where ops that stand together add up.
  struct Part {
    std::int64_t executions;  ///< of its ops, but for guards
    double copies;            ///< warp groups that make them
    double all;               ///< executions, copies times
    bool loops;               ///< they stand in a loop
    Work* work;               ///< where the ops of all copies add up in one execution
    Work* in_turn;            ///< and, outside loops, those of one copy
  };

  void count_part(const CountPart& planned) {
    const Part part = part_of(planned);
    if (planned.loop < 0) totals_.once.kinds.add(planned.kinds);
    planned.summed.for_each([&](OpKind op_kind) {
      const auto kind = static_cast<std::size_t>(op_kind);
      const double amount = planned.work[kind];
      totals_.work[kind] += part.all * amount;
      (*part.work)[kind] += part.copies * amount;
      (*part.in_turn)[kind] += amount;
    });
    std::fill(counts_.op.begin() + planned.first_op, counts_.op.begin() + planned.last_op,
              OpCount{part.executions, 0, 0});
    for (int s = planned.first_step; s < planned.last_step; ++s) {
      const CountStep& step = plan_.step(s);
      step.tiles >= 0 ? count_movement(step, part) : count_guarded_work(step, part);
    }
  }

  /// Ops of a loop whose body another loop has add up to nothing that is asked for.
  [[nodiscard]] Part part_of(const CountPart& planned) {
    const auto copies = static_cast<double>(planned.copies);
    if (planned.loop < 0) {
      const double all = static_cast<double>(ctas_) * copies;
      return {ctas_, copies, all, false, &totals_.once.work, &totals_.once.in_turn};
    }
    const auto l = static_cast<std::size_t>(planned.loop);
    const auto group = static_cast<std::size_t>(launch_.loops[l].group);
    const bool own = (own_body_ >> l & 1U) != 0;
    const double all = static_cast<double>(totals_.trips[l]) * copies;
    return {totals_.trips[l], copies, all, own, own ? &totals_.trip[group].work : &adds_nowhere_, &adds_nowhere_};
  }

  /// Trips of a loop over all CTAs. Loops whose limits nothing moves make as many wherever they stand.
  [[nodiscard]] std::int64_t trips_of(std::size_t l) {
    const int loop = static_cast<int>(l), parent = launch_.loops[l].parent;
    if (ranges_.driving(loop) != 0) return nest_.executions(loop, {});
    return (parent < 0 ? ctas_ : totals_.trips[static_cast<std::size_t>(parent)]) * ranges_.most_trips(loop);
  }

  /// Executions of an op; guarded ops often follow each other.
  [[nodiscard]] std::int64_t executions_of(const TileOp& op, const Part& part) {
    if (op.guard == Guard::always) return part.executions;
    if (op.guard != guarded_.guard || op.guard_loop != guarded_.guard_loop || op.loop != guarded_.loop) {
      Selection all;
      guarded_ = {op.guard, op.guard_loop, op.loop, guarded(nest_, op, all, part.executions)};
    }
    return guarded_.executions;
  }

  /// As SMs request tiles: the CTAs of a cluster, which make the same trips, ask for a multicast tile once.
  void count_movement(const CountStep& step, const Part& part) {
    const TileOp& op = op_at(step);
    const PlacedTiles& placed = tiles_of(step, op);
    OpCount& count = counts_.op[static_cast<std::size_t>(step.op)];
    double& amount = counts_.amount[static_cast<std::size_t>(step.op)];
    if (step.like != step.op) {
      count = counts_.op[static_cast<std::size_t>(step.like)];
      amount = counts_.amount[static_cast<std::size_t>(step.like)];
    } else {
      count = count_whole_tiles(nest_, executions_of(op, part), op, placed.tiles);
      amount = static_cast<double>(placed.tiles.inside);
      if (const std::int64_t served = launch_.served_by(op); served > 1) {
        count.bytes /= served;
        count.sectors /= served;
        amount /= static_cast<double>(served);
      }
    }
    if (op.kind == OpKind::load && part.loops && totals_.first_tile.op < 0) {
      totals_.first_tile = {step.op, uses_.asking_alike(op, placed), totals_.first_tile.own};
    }
    if (op.kind == OpKind::load && op.loop < 0 && totals_.first_tile.own < 0) totals_.first_tile.own = step.op;
    uses_.add(op, placed, count.bytes);
    totals_.sectors += count.sectors;
    (op.kind == OpKind::load ? totals_.loaded : totals_.stored) += count.bytes;
    const double mean = op.loop >= 0 ? amount
                        : count.executions > 0
                            ? static_cast<double>(count.bytes) / static_cast<double>(count.executions)
                            : 0;
    add_share(op, count.executions, mean, 1, part);
  }
  [[nodiscard]] const PlacedTiles& tiles_of(const CountStep& step, const TileOp& op) {
    const auto number = static_cast<std::size_t>(step.tiles);
    if (number < placed_.size()) return placed_[number];
    PlacedTiles& placed = placed_.emplace_back();
    placed.tiles.measure(ranges_, op, program_.tensors[static_cast<std::size_t>(op.tensor)]);
    uses_.place(op, placed);
    return placed;
  }

  void count_guarded_work(const CountStep& step, const Part& part) {
    const TileOp& op = op_at(step);
    const auto kind = static_cast<std::size_t>(op.kind);
    const double amount = counts_.amount[static_cast<std::size_t>(step.op)];
    OpCount& count = counts_.op[static_cast<std::size_t>(step.op)];
    if (op.guard == Guard::always) {
      totals_.work[kind] += part.all * amount;
      (*part.work)[kind] += part.copies * amount;
      (*part.in_turn)[kind] += amount;
    } else {
      count.executions = executions_of(op, part);
      totals_.work[kind] += static_cast<double>(count.executions) * part.copies * amount;
      add_share(op, count.executions, amount, part.copies, part);
    }
  }

  /// An op that a guard may let through in some executions only: it adds their share.
  static void add_share(const TileOp& op, std::int64_t executions, double amount, double copies, const Part& part) {
    const auto kind = static_cast<std::size_t>(op.kind);
    double work = amount * copies;
    if (executions != part.executions) work *= static_cast<double>(executions) / static_cast<double>(part.executions);
    (*part.work)[kind] += work;
    (*part.in_turn)[kind] += amount;
  }

  [[nodiscard]] const TileOp& op_at(const CountStep& step) const {
    return program_.ops[static_cast<std::size_t>(step.op)];
  }

  const Program& program_;
  const Launch& launch_;
  LaunchCount& totals_;
  const CountPlan& plan_;
  const LaunchPlan& planned_;
  ProgramCounts& counts_;
  NestCounter nest_;
  IndexRanges ranges_;
  TensorUses uses_;
  std::int64_t ctas_;
  InlineVector<PlacedTiles, 64> placed_;  ///< by CountStep::tiles

  /// The guarded op counted last.
  struct Guarded {
    Guard guard = Guard::always;
    std::int8_t guard_loop = -1;
    std::int8_t loop = -1;
    std::int64_t executions = 0;
  };
  Guarded guarded_;
  Work adds_nowhere_{};    ///< what nobody asks for
  unsigned own_body_ = 0;  ///< loops that make trips which no earlier loop makes, a bit each
};

}  // namespace

void count_launch(const Program& program, std::size_t launch, const CountPlan& plan, ProgramCounts& counts) {
  LaunchCounter{program, launch, plan, counts}.run();
}

}  // namespace rooftile
