#include "launch_counter.hpp"

#include "dependence_cycles.hpp"
#include "nest.hpp"
#include "tensor_uses.hpp"
#include "tile_equality.hpp"

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
    totals_.first_tile = {};
    totals_.trips = {};
    totals_.work = {};
    totals_.once = {};
    for (std::size_t l = 0; l < launch_.loops.size(); ++l) {
      totals_.trips[l] = trips_of(l);
      totals_.trip[l] = {};
      waits_[l].clear();
      const bool own = totals_.trips[l] > 0 && body_of(launch_, totals_, l) == l;
      own_body_ |= static_cast<unsigned>(own) << l;
    }
    for (std::int16_t i = launch_.first_op; i < launch_.last_op;) i = count_part(i);
    uses_.finish(totals_);
    count_cycles();
  }

 private:
  /// Ops that follow each other in one role and one loop, or outside all loops.
  struct Part {
    std::int64_t executions;  ///< of its ops, but for guards
    double copies;            ///< warp groups that make them
    double all;               ///< executions, copies times
    Work* work;               ///< where the ops of all copies add up in one execution
    Work* in_turn;            ///< and, outside loops, those of one copy
    WaitGraph* waits;         ///< in loops: the ops that wait for others
  };

  /// Counts the part that begins with op i; returns where it ends.
  std::int16_t count_part(std::int16_t i) {
    if (i >= role_end_) enter_role_at(i);
    const TileOp* op = program_.ops.begin() + i;
    const TileOp* const end = program_.ops.begin() + role_end_;
    const std::int8_t loop = op->loop;
    const Part part = part_in(loop);
    KindSet kinds{};
    for (; op != end && op->loop == loop; ++op, ++i) {
      kinds.add(op->kind);
      if (moves_a_tile(op->kind)) {
        count_movement(i, *op, part);
      } else {
        count_work(i, *op, part);
      }
      if (op->after_count > 0 && part.waits != nullptr) {
        part.waits->add(static_cast<std::size_t>(i - launch_.first_op), *op, launch_.first_op);
      }
    }
    if (loop < 0) totals_.once.kinds.add(kinds);
    return i;
  }

  /// Ops of a loop whose body another loop has add up to nothing that is asked for.
  [[nodiscard]] Part part_in(std::int8_t loop) {
    const auto copies = static_cast<double>(copies_);
    if (loop < 0) {
      const double all = static_cast<double>(ctas_) * copies;
      return {ctas_, copies, all, &totals_.once.work, &totals_.once.in_turn, nullptr};
    }
    const auto l = static_cast<std::size_t>(loop);
    const auto group = static_cast<std::size_t>(launch_.loops[l].group);
    const bool own = (own_body_ >> l & 1U) != 0;
    const double all = static_cast<double>(totals_.trips[l]) * copies;
    return {totals_.trips[l],
            copies,
            all,
            own ? &totals_.trip[group].work : &adds_nowhere_,
            &adds_nowhere_,
            own ? &waits_[group] : nullptr};
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
  void count_movement(std::int16_t i, const TileOp& op, const Part& part) {
    const auto index = static_cast<std::size_t>(i);
    OpCount& count = counts_.op[index];
    double& amount = counts_.amount[index];
    if (repeats_previous_tile(program_, launch_, i)) {
      count = counts_.op[index - 1];
      amount = counts_.amount[index - 1];
    } else {
      tiles_.measure(ranges_, op, program_.tensors[static_cast<std::size_t>(op.tensor)]);
      uses_.place(op, tiles_);
      count = count_whole_tiles(nest_, executions_of(op, part), op, tiles_);
      amount = static_cast<double>(tiles_.inside);
      if (const std::int64_t served = launch_.served_by(op); served > 1) {
        count.bytes /= served;
        count.sectors /= served;
        amount /= static_cast<double>(served);
      }
    }
    if (op.kind == OpKind::load && part.waits != nullptr && totals_.first_tile.op < 0) {
      totals_.first_tile = {i, uses_.asking_alike(op)};
    }
    uses_.add(op, count.bytes);
    totals_.sectors += count.sectors;
    (op.kind == OpKind::load ? totals_.loaded : totals_.stored) += count.bytes;
    const double mean = op.loop >= 0 ? amount
                        : count.executions > 0
                            ? static_cast<double>(count.bytes) / static_cast<double>(count.executions)
                            : 0;
    add_share(op, count.executions, mean, 1, part);
  }

  void count_work(std::int16_t i, const TileOp& op, const Part& part) {
    const auto kind = static_cast<std::size_t>(op.kind);
    const auto amount = static_cast<double>(op.amount);
    OpCount& count = counts_.op[static_cast<std::size_t>(i)];
    counts_.amount[static_cast<std::size_t>(i)] = amount;
    if (op.guard == Guard::always) {
      count = {part.executions, 0, 0};
      totals_.work[kind] += part.all * amount;
      (*part.work)[kind] += part.copies * amount;
      (*part.in_turn)[kind] += amount;
    } else {
      count = {executions_of(op, part), 0, 0};
      totals_.work[kind] += static_cast<double>(count.executions * copies_) * amount;
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

  /// Ops come role by role.
  void enter_role_at(std::int16_t i) {
    while (role_ < launch_.roles.size() && i >= launch_.roles[role_].last_op) ++role_;
    const bool in_role = role_ < launch_.roles.size() && i >= launch_.roles[role_].first_op;
    copies_ = in_role ? launch_.roles[role_].copies : 1;
    role_end_ = in_role ? launch_.roles[role_].last_op : static_cast<std::int16_t>(i + 1);
  }

  /// An op that waits for nothing is on no cycle.
  void count_cycles() {
    for (std::size_t l = 0; l < launch_.loops.size(); ++l) {
      TripCount& trip = totals_.trip[l];
      trip.first_cycle = static_cast<std::int16_t>(counts_.cycles.size());
      if ((own_body_ >> l & 1U) != 0 && !repeat_cycles(l)) {
        waits_[l].find_cycles(counts_.cycles);
      }
      trip.last_cycle = static_cast<std::int16_t>(counts_.cycles.size());
    }
  }
  /// Bodies that differ in what they move often wait alike: the cycles of an earlier loop, if there is such a one.
  bool repeat_cycles(std::size_t l) {
    for (std::size_t e = 0; e < l; ++e) {
      if ((own_body_ >> e & 1U) == 0 || waits_[e] != waits_[l]) continue;
      const TripCount& earlier = totals_.trip[e];
      for (std::int16_t c = earlier.first_cycle; c < earlier.last_cycle; ++c) {
        const DependenceCycle cycle = counts_.cycles[static_cast<std::size_t>(c)];
        counts_.cycles.push_back({waits_[l].ops(cycle.ops.bits()), cycle.lag});
      }
      return true;
    }
    return false;
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

  /// The guarded op counted last.
  struct Guarded {
    Guard guard = Guard::always;
    std::int8_t guard_loop = -1;
    std::int8_t loop = -1;
    std::int64_t executions = 0;
  };
  Guarded guarded_;
  Work adds_nowhere_{};                     ///< what nobody asks for
  std::array<WaitGraph, max_loops> waits_;  ///< by group: its ops that wait for others
  unsigned own_body_ = 0;                   ///< loops that make trips which no earlier loop makes, a bit each
};

}  // namespace

void count_launch(const Program& program, const Launch& launch, LaunchCount& totals, ProgramCounts& counts) {
  LaunchCounter{program, launch, totals, counts}.run();
}

}  // namespace rooftile
