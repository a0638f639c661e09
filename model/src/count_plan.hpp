// What counting takes from the ops of a program alone, whatever the extents of tensors and grids and the limits of
// loops: the work of a trip, which tiles are alike, which ops wait for each other. One kernel asked for many shapes
// mostly has the same ops, so that its plan is made once; each shape then counts trips and tiles (launch_counter.hpp).
#pragma once

#include <array>

#include "rooftile/model/count.hpp"

namespace rooftile {

/// An op that is counted by itself: it moves a tile, or is of a kind that guards let through in some trips only.
struct CountStep {
  std::int16_t op;
  std::int16_t like;   ///< the first op of the launch that moves such tiles equally often; of work: itself
  std::int16_t tiles;  ///< number of its tiles among those of the launch; -1: work
};

/// Ops that follow each other in one role and one loop, or outside all loops.
struct CountPart {
  std::int16_t first_op, last_op;
  std::int16_t first_step, last_step;
  std::int16_t copies;  ///< warp groups that make them
  std::int8_t loop;
  KindSet kinds;   ///< of all ops
  KindSet summed;  ///< of those that are no steps
  Work work;       ///< of the latter, in one execution by one copy; only `summed` are set
};

struct LaunchPlan {
  std::int16_t first_part, last_part;
  /// By loop that leads a group: cycles [first, last) of ProgramCounts.
  struct Cycles {
    std::int16_t first, last;
  };
  std::array<Cycles, max_loops> cycles;
};

class CountPlan {
 public:
  /// Plans a program. What depends on nothing else goes into `counts`: the dependence cycles, the amounts of work.
  void make(const Program& program, ProgramCounts& counts);
  /// Makes a plan that was made and kept hold for another program: plans anew what differs, and keeps that.
  /// `counts` are those of the program before.
  void follow(const Program& program, ProgramCounts& counts);

  [[nodiscard]] const LaunchPlan& launch(std::size_t l) const { return launches_[l]; }
  [[nodiscard]] const CountPart& part(int p) const { return parts_[static_cast<std::size_t>(p)]; }
  [[nodiscard]] const CountStep& step(int s) const { return steps_[static_cast<std::size_t>(s)]; }

 private:
  friend class LaunchPlanner;

  /// What of a launch decides which ops belong together.
  struct Frame {
    std::int16_t first_op, last_op;
    InlineVector<std::int8_t, max_loops> groups;
    InlineVector<Role, 3> roles;
  };
  void keep_frames(const Program& program);
  [[nodiscard]] bool fits_frames(const Program& program) const;
  [[nodiscard]] bool fits_tensors(const Program& program) const;

  // the parts and steps of a launch stand at the places of its ops: there are no more of them
  std::array<LaunchPlan, max_launches> launches_;
  std::array<CountPart, max_ops> parts_;
  std::array<CountStep, max_ops> steps_;
  InlineVector<std::int8_t, max_tensors> alike_;  ///< by tensor: the first one of its extents and elements
  // what it was made for
  InlineVector<TileOp, max_ops> kept_ops_;
  InlineVector<Frame, max_launches> kept_frames_;
};

}  // namespace rooftile
