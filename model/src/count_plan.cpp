#include "count_plan.hpp"

#include <algorithm>
#include <cstring>

#include "dependence_cycles.hpp"

namespace rooftile {
namespace {

bool equal_extents(const Tensor& a, const Tensor& b) {
  return a.element_bytes == b.element_bytes &&
         std::equal(a.extents.begin(), a.extents.end(), b.extents.begin(), b.extents.end());
}

template <class T>
bool equal_bytes(const T* a, const T* b, std::size_t count) {
  static_assert(std::has_unique_object_representations_v<T>);
  return std::memcmp(a, b, count * sizeof(T)) == 0;
}

bool equal_roles(const InlineVector<Role, 3>& a, const InlineVector<Role, 3>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Role& x, const Role& y) {
    return x.first_op == y.first_op && x.last_op == y.last_op && x.copies == y.copies;
  });
}

}  // namespace

/// Plans one launch.
class LaunchPlanner {
 public:
  LaunchPlanner(const Program& program, std::size_t number, CountPlan& plan, ProgramCounts& counts)
      : program_{program},
        launch_{program.launches[number]},
        plan_{plan},
        planned_{plan.launches_[number]},
        counts_{counts},
        part_{launch_.first_op},
        step_{launch_.first_op} {
    first_steps_.fill(-1);
    for (std::size_t l = 0; l < launch_.loops.size(); ++l) waits_[l].clear();
    for (std::int16_t i = launch_.first_op; i < launch_.last_op; ++i) {
      if (op_at(i).guard != Guard::always) guarded_.add(op_at(i).kind);
    }
  }

  void run() {
    planned_.first_part = part_;
    for (std::int16_t i = launch_.first_op; i < launch_.last_op;) i = plan_part(i);
    planned_.last_part = part_;
    for (std::size_t l = 0; l < launch_.loops.size(); ++l) {
      planned_.cycles[l].first = static_cast<std::int16_t>(counts_.cycles.size());
      if (!repeat_cycles(l)) waits_[l].find_cycles(counts_.cycles);
      planned_.cycles[l].last = static_cast<std::int16_t>(counts_.cycles.size());
    }
  }

 private:
  /// Plans the part that begins with op i; returns where it ends.
  std::int16_t plan_part(std::int16_t i) {
    if (i >= role_end_) enter_role_at(i);
    const std::int8_t loop = op_at(i).loop;
    CountPart& part = plan_.parts_[static_cast<std::size_t>(part_++)];
    part.first_op = i;
    part.first_step = step_;
    if (first_step_of(loop) < 0) first_step_of(loop) = step_;
    part.copies = copies_;
    part.loop = loop;
    part.kinds = part.summed = {};
    part.work = {};
    for (; i != role_end_ && op_at(i).loop == loop; ++i) add(i, part);
    part.last_op = i;
    part.last_step = step_;
    return i;
  }

  void add(std::int16_t i, CountPart& part) {
    const TileOp& op = op_at(i);
    part.kinds.add(op.kind);
    if (moves_a_tile(op.kind)) {
      add_movement(i, op);
    } else {
      const auto amount = static_cast<double>(op.amount);
      counts_.amount[static_cast<std::size_t>(i)] = amount;
      if (guarded_.has(op.kind)) {
        add_step({i, i, -1});
      } else {
        part.summed.add(op.kind);
        part.work[static_cast<std::size_t>(op.kind)] += amount;
      }
    }
    if (op.after_count == 0 || op.loop < 0) return;
    const std::int8_t group = launch_.loops[static_cast<std::size_t>(op.loop)].group;
    waits_[static_cast<std::size_t>(group)].add(static_cast<std::size_t>(i - launch_.first_op), op, launch_.first_op);
  }

  /// K and V are moved by equal tiles, and so are Q and O: what is found out for one op holds for others.
  void add_movement(std::int16_t i, const TileOp& op) {
    CountStep step{i, i, -1};
    for (int s = first_step_of(op.loop); s < step_; ++s) {
      const CountStep& earlier = plan_.step(s);
      const TileOp& other = op_at(earlier.op);
      if (earlier.tiles < 0 || !equal_tiles(op, other)) continue;
      step.tiles = earlier.tiles;
      if (op.guard != other.guard || op.guard_loop != other.guard_loop || op.hint != other.hint) continue;
      step.like = earlier.op;
      break;
    }
    if (step.tiles < 0) step.tiles = tiles_++;
    add_step(step);
  }
  /// Where the steps of a loop begin; -1: there are none.
  std::int16_t& first_step_of(std::int8_t loop) { return first_steps_[static_cast<std::size_t>(loop + 1)]; }
  void add_step(const CountStep& step) { plan_.steps_[static_cast<std::size_t>(step_++)] = step; }
  [[nodiscard]] bool equal_tiles(const TileOp& a, const TileOp& b) const {
    return a.loop == b.loop && a.dims == b.dims && alike(a.tensor) == alike(b.tensor) &&
           equal_bytes(a.dim, b.dim, a.dims);
  }
  [[nodiscard]] std::int8_t alike(std::int8_t tensor) const { return plan_.alike_[static_cast<std::size_t>(tensor)]; }

  /// Ops come role by role.
  void enter_role_at(std::int16_t i) {
    while (role_ < launch_.roles.size() && i >= launch_.roles[role_].last_op) ++role_;
    const bool in_role = role_ < launch_.roles.size() && i >= launch_.roles[role_].first_op;
    copies_ = in_role ? launch_.roles[role_].copies : std::int16_t{1};
    role_end_ = in_role ? launch_.roles[role_].last_op : static_cast<std::int16_t>(i + 1);
  }

  /// Bodies that differ in what they move often wait alike: the cycles of an earlier loop, if there is such a one.
  bool repeat_cycles(std::size_t l) {
    for (std::size_t e = 0; e < l; ++e) {
      if (waits_[e] != waits_[l]) continue;
      for (std::int16_t c = planned_.cycles[e].first; c < planned_.cycles[e].last; ++c) {
        const DependenceCycle cycle = counts_.cycles[static_cast<std::size_t>(c)];
        counts_.cycles.push_back({waits_[l].ops(cycle.ops.bits()), cycle.lag});
      }
      return true;
    }
    return false;
  }

  [[nodiscard]] const TileOp& op_at(std::int16_t i) const { return program_.ops[static_cast<std::size_t>(i)]; }

  const Program& program_;
  const Launch& launch_;
  CountPlan& plan_;
  LaunchPlan& planned_;
  ProgramCounts& counts_;
  std::int16_t part_, step_;  ///< the next ones
  std::array<std::int16_t, max_loops + 1> first_steps_;
  KindSet guarded_{};                       ///< kinds that guards let through in some trips only
  std::array<WaitGraph, max_loops> waits_;  ///< by group: its ops that wait for others
  std::int16_t tiles_ = 0;                  ///< different ones
  // of the op at hand
  std::size_t role_ = 0;
  std::int16_t copies_ = 1;
  std::int16_t role_end_ = 0;
};

void CountPlan::make(const Program& program, ProgramCounts& counts) {
  alike_.clear();
  for (const Tensor& tensor : program.tensors) {
    const Tensor* const first = std::find_if(program.tensors.begin(), program.tensors.end(),
                                             [&](const Tensor& other) { return equal_extents(tensor, other); });
    alike_.push_back(static_cast<std::int8_t>(first - program.tensors.begin()));
  }
  counts.cycles.clear();
  for (std::size_t l = 0; l < program.launches.size(); ++l) LaunchPlanner{program, l, *this, counts}.run();
}

void CountPlan::follow(const Program& program, ProgramCounts& counts) {
  // cycles that launches had before stay among the others until there are too many
  const bool has_room = counts.cycles.size() < DependenceCycles::capacity / 2;
  if (!has_room || !fits_frames(program) || !fits_tensors(program)) {
    kept_frames_.clear();  // should planning throw
    make(program, counts);
    keep_frames(program);
    kept_ops_.assign(program.ops.begin(), program.ops.size());
    return;
  }
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    const auto first = static_cast<std::size_t>(program.launches[l].first_op);
    const auto count = static_cast<std::size_t>(program.launches[l].last_op) - first;
    const TileOp* const ops = program.ops.begin() + first;
    if (equal_bytes(kept_ops_.begin() + first, ops, count)) continue;
    LaunchPlanner{program, l, *this, counts}.run();
    std::copy_n(ops, count, kept_ops_.begin() + first);
  }
}

void CountPlan::keep_frames(const Program& program) {
  for (const Launch& launch : program.launches) {
    Frame& frame = kept_frames_.emplace_back();
    frame.first_op = launch.first_op;
    frame.last_op = launch.last_op;
    frame.roles = launch.roles;
    frame.groups.clear();
    for (const Loop& loop : launch.loops) frame.groups.push_back(loop.group);
  }
}

bool CountPlan::fits_frames(const Program& program) const {
  return std::equal(kept_frames_.begin(), kept_frames_.end(), program.launches.begin(), program.launches.end(),
                    [](const Frame& frame, const Launch& launch) {
                      const auto same_group = [](std::int8_t group, const Loop& loop) { return group == loop.group; };
                      return frame.first_op == launch.first_op && frame.last_op == launch.last_op &&
                             equal_roles(frame.roles, launch.roles) &&
                             std::equal(frame.groups.begin(), frame.groups.end(), launch.loops.begin(),
                                        launch.loops.end(), same_group);
                    });
}

/// Tensors that were alike still are.
bool CountPlan::fits_tensors(const Program& program) const {
  if (alike_.size() != program.tensors.size()) return false;
  for (std::size_t t = 0; t < alike_.size(); ++t) {
    const auto first = static_cast<std::size_t>(alike_[t]);
    if (first != t && !equal_extents(program.tensors[t], program.tensors[first])) return false;
  }
  return true;
}

}  // namespace rooftile
