// The phases of one CTA in order: the trips of its loops, outer before inner, as the program says.
//
//   flash2, causal, tile 3:   trip of block 7 (masked), trip of block 6 (masked), trip of block 5 ... 0
#pragma once

#include <array>
#include <cstdint>

#include "launch_timing.hpp"
#include "rooftile/model/expand.hpp"

namespace rooftile::sim {

/// One trip: where it stands, and which of its loop's ops take part.
struct Trip {
  Indices at;
  std::int8_t loop = -1;        ///< the leader of its group
  std::uint32_t loads = 0;      ///< bit per LoopTiming::loads: it asks for the tile
  std::uint32_t multicast = 0;  ///< the same: its cluster asks, this CTA or another
  std::uint32_t sends = 0;      ///< bit per LoopTiming::sends
  std::int32_t ops = 0;         ///< that take part
};

class CtaWalk {
 public:
  CtaWalk(const Program& program, const Launch& launch, const LaunchTiming& timing)
      : program_{&program}, launch_{&launch}, timing_{&timing} {}

  /// Begins with the CTA at a place of the grid.
  void begin(std::int64_t cta) {
    at_ = {};
    for (std::size_t a = 0; a < launch_->axes.size(); ++a) {
      const Axis& axis = launch_->axes[a];
      at_[a] = axis.descending ? axis.extent - 1 - cta % axis.extent : cta % axis.extent;
      cta /= axis.extent;
    }
    asks_ = launch_->cluster == 1 || at_[0] % launch_->cluster == 0;
    level_ = 0;
    next_[0] = 0;
    parent_[0] = -1;
    innermost_ = -1;
  }
  [[nodiscard]] const Indices& at() const { return at_; }
  /// False for the CTAs of a cluster for which another asks.
  [[nodiscard]] bool asks(const TileOp& op) const { return asks_ || op.hint != Hint::multicast; }

  /// The next trip with ops of its own; false behind the last.
  bool next(Trip& trip) {
    if (innermost_ >= 0) {  // most trips follow one of the same loop
      const auto g = static_cast<std::size_t>(innermost_);
      Walked& walked = walked_[g];
      if (walked.trip + 1 < walked.last - walked.first) {
        ++walked.trip;
        stand(g);
        describe(g, trip);
        return true;
      }
      innermost_ = -1;
    }
    while (level_ >= 0) {
      const int parent = parent_[static_cast<std::size_t>(level_)];
      const std::int8_t l = next_loop(parent);
      if (l < 0) {  // all loops of this body are through: the next trip of the loop around it
        --level_;
        if (level_ < 0) return false;
        step(running_[static_cast<std::size_t>(level_)]);
        continue;
      }
      if (!enter(l)) continue;
      running_[static_cast<std::size_t>(level_)] = l;
      if (made(l, trip)) return true;
    }
    return false;
  }

 private:
  /// How far it is in a loop; only of a leader if its trips are being made.
  struct Walked {
    std::int64_t first, last, trip;
    bool open;
  };
  /// The next loop at this level that leads a group and stands in a body of the group of `parent`.
  std::int8_t next_loop(int parent) {
    std::size_t& n = next_[static_cast<std::size_t>(level_)];
    for (; n < launch_->loops.size(); ++n) {
      const Loop& loop = launch_->loops[n];
      if (loop.group != static_cast<std::int8_t>(n)) continue;
      const int around = loop.parent < 0 ? -1 : launch_->loops[static_cast<std::size_t>(loop.parent)].group;
      if (around == parent) return static_cast<std::int8_t>(n);
    }
    return -1;
  }
  /// Sets the limits of the loops of a group; false if they make no trip.
  bool enter(std::int8_t leader) {
    const auto g = static_cast<std::size_t>(leader);
    Walked& walked = walked_[g];
    if (!walked.open) {
      for (std::size_t l = g; l < launch_->loops.size(); ++l) {
        const Loop& loop = launch_->loops[l];
        if (loop.group != leader) continue;
        walked_[l].first = limit(loop.first);
        walked_[l].last = loop.has_cap ? std::min(limit(loop.last), limit(loop.cap)) : limit(loop.last);
      }
      walked.trip = 0;
      walked.open = true;
    }
    if (walked.trip < walked.last - walked.first) return true;
    walked.open = false;
    ++next_[static_cast<std::size_t>(level_)];
    return false;
  }
  /// Makes a trip: goes inside its body; true if it has ops of its own, which `trip` then says.
  bool made(std::int8_t leader, Trip& trip) {
    const auto g = static_cast<std::size_t>(leader);
    stand(g);
    ++level_;
    parent_[static_cast<std::size_t>(level_)] = leader;
    next_[static_cast<std::size_t>(level_)] = 0;
    const LoopTiming& timing = timing_->loop[g];
    if (timing.empty) return false;
    if (timing.innermost) innermost_ = leader;
    describe(g, trip);
    return true;
  }
  /// Sets the indices of the loops of a group to the trip at hand.
  void stand(std::size_t leader) {
    const std::int64_t k = walked_[leader].trip;
    for (std::size_t l = leader; l < launch_->loops.size(); ++l) {
      const Loop& loop = launch_->loops[l];
      if (loop.group != static_cast<std::int8_t>(leader)) continue;
      at_[first_loop_index + l] = loop.descending ? walked_[l].last - 1 - k : walked_[l].first + k;
    }
  }
  /// What takes part in the trip at hand.
  void describe(std::size_t leader, Trip& trip) const {
    const LoopTiming& timing = timing_->loop[leader];
    trip.at = at_;
    trip.loop = static_cast<std::int8_t>(leader);
    trip.ops = timing.cost.ops;
    if (timing.guarded.empty() && launch_->cluster == 1) {
      trip.loads = (1U << timing.loads.size()) - 1;
      trip.sends = (1U << timing.sends.size()) - 1;
      trip.multicast = 0;
      return;
    }
    trip.loads = trip.multicast = trip.sends = 0;
    for (std::size_t n = 0; n < timing.loads.size(); ++n) {
      trip.loads |= takes_part(timing.loads[n].op) << n;
      trip.multicast |= multicasts(timing.loads[n].op) << n;
    }
    for (std::size_t n = 0; n < timing.sends.size(); ++n) trip.sends |= takes_part(timing.sends[n]) << n;
    for (const std::int16_t op : timing.guarded) {
      trip.ops -= lets_through(program_->ops[static_cast<std::size_t>(op)]) ? 0 : 1;
    }
  }
  void step(std::int8_t leader) { ++walked_[static_cast<std::size_t>(leader)].trip; }

  [[nodiscard]] std::uint32_t takes_part(std::int16_t index) const {
    const TileOp& op = program_->ops[static_cast<std::size_t>(index)];
    return asks(op) && lets_through(op) ? 1 : 0;
  }
  [[nodiscard]] std::uint32_t multicasts(std::int16_t index) const {
    const TileOp& op = program_->ops[static_cast<std::size_t>(index)];
    return op.hint == Hint::multicast && lets_through(op) ? 1 : 0;
  }
  [[nodiscard]] bool lets_through(const TileOp& op) const {
    if (op.guard == Guard::always) return true;
    const auto l = static_cast<std::size_t>(op.guard_loop);
    const std::int64_t block = at_[first_loop_index + l];
    if (op.guard == Guard::last_trip) return block == walked_[l].last - 1;
    return (block == walked_[l].first) == (op.guard == Guard::first_trip);
  }
  [[nodiscard]] std::int64_t limit(const Bound& bound) const {
    return value_at(bound, bound.index == no_index ? 0 : at_[static_cast<std::size_t>(bound.index)]);
  }

  const Program* program_;
  const Launch* launch_;
  const LaunchTiming* timing_;
  int level_ = -1;
  std::int8_t innermost_ = -1;  ///< the loop of the latest trip, if no other stands in its body
  bool asks_ = true;
  Indices at_{};
  std::array<Walked, max_loops> walked_{};
  static constexpr std::size_t levels = 5;
  std::array<std::size_t, levels> next_{};
  std::array<int, levels> parent_{};
  std::array<std::int8_t, levels> running_{};
};

}  // namespace rooftile::sim
