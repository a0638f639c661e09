// One launch, from its first CTA to its last: the events.
//
//   the units of an SM are done with a phase     its CTA waits for tiles that have not come
//   a phase is over                              it stores, asks for the tiles of a trip to come, begins the next phase
//                                                or leaves
//
// Time is in cycles of the clock that the model counts in, and goes on from launch to launch.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "cta_walk.hpp"
#include "dram.hpp"
#include "hand_out.hpp"
#include "l2.hpp"
#include "launch_timing.hpp"
#include "rooftile/sim/listener.hpp"
#include "rooftile/sim/simulation.hpp"
#include "sm.hpp"
#include "soonest.hpp"
#include "watch.hpp"

namespace rooftile::sim {

/// What a launch did.
struct LaunchDone {
  double begin = 0, end = 0;  ///< cycles
  StallCycles stalls{};       ///< over all places for CTAs
  UnitCycles busy{};          ///< over all SMs
  std::int64_t ops = 0;
};

class LaunchRun {
 public:
  /// `sms` with `resident` places each; everything must outlive it.
  LaunchRun(const Program& program, const Launch& launch, const LaunchTiming& timing, std::int64_t sms,
            std::int64_t resident, double cycles_per_added_byte, Dram& dram, L2& l2);

  /// Tells it of phases and work; null: nobody.
  void show_to(const Watch* watch) { watch_ = watch; }
  /// Calls it whenever a CTA is through.
  void count_ctas(std::function<void()> count) { cta_done_ = std::move(count); }
  /// Runs it from cycle `begin` on.
  LaunchDone run(double begin);

 private:
  /// A tile that a trip needs.
  struct Needed {
    Dram::Request request = 0;  ///< brings it; 0: it was there
    double since = 0;           ///< when it was asked for
  };
  /// A trip whose tiles are asked for before it begins.
  struct Ahead {
    Trip trip;
    std::uint32_t asked = 0;          ///< a bit per load
    std::array<Needed, 12> needed{};  ///< by load
  };
  static constexpr Dram::Request not_sent = -1;
  static constexpr Dram::Request not_asked = -1;  ///< for a multicast tile: the cluster has no room for it yet
  static constexpr std::int32_t whole = -1;
  /// The places that run a cluster.
  struct Team {
    std::array<std::array<std::int8_t, 12>, most_buffers> ready{};  ///< by trip and load: CTAs with room for its tile
    std::int64_t free = 0;                                          ///< places without a CTA
  };
  struct Cta {
    explicit Cta(const CtaWalk& to_walk) : walk{to_walk} {}
    PhaseKind stage = PhaseKind::begin;
    Stall waits_for = Stall::dram;
    bool stays = false;            ///< not the first tile of a CTA that stays
    bool walked = false;           ///< no trips beyond those in `ahead`
    std::int32_t segment = whole;  ///< of the trip at hand
    std::int64_t trip = 0;         ///< the one at hand
    std::int64_t known = 0;        ///< trips in `ahead` so far
    const PhaseCost* cost = nullptr;
    double since = 0;                         ///< when the phase began; without a CTA: when the last one ended
    double units_done = 0;                    ///< with the phase
    Dram::Request sent = not_sent;            ///< makes room for what the phase stored; 0: there is room
    double adds_due = 0;                      ///< when L2 is done with its latest adds
    std::int64_t number = 0;                  ///< in the grid
    std::array<Dram::Request, 12> request{};  ///< of what it loads before its trips
    std::array<Ahead, most_buffers> ahead;
    CtaWalk walk;
  };

  void advance(std::size_t sm, double now);
  void start(std::size_t place, double now);
  /// CTAs for all places that became free at the same moment: SM by SM, so that a last wave spreads over them.
  void refill(double now);
  void begin_phase(std::size_t place, const PhaseCost& cost, double now);
  /// What follows when the units are done with a phase: wait for tiles, or the next phase.
  void units_done(std::size_t place, double now);
  void phase_over(std::size_t place, double now);
  void next_trip(std::size_t place, double now);
  void end_cta(std::size_t place, double now);
  /// Looks ahead so far that tiles can be asked for.
  void look_ahead(Cta& cta);
  void ask_ahead(std::size_t place, double now);
  void ask(std::size_t place, std::int64_t trip, std::size_t load, double now);
  /// A CTA of a cluster has room for a multicast tile: the last one asks for all.
  void ask_for_all(std::size_t place, std::int64_t trip, std::size_t load, double now);
  /// A CTA is set up: asks for its own tiles and those of its first trips.
  void ask_first(std::size_t place, double now);
  /// True if a tile of the trip at hand is on its way from DRAM.
  bool misses(const Cta& cta, double now);
  /// The segment at hand, as soon as its tile is there.
  void begin_segment(std::size_t place, double now);
  void segment_over(std::size_t place, double now);
  /// Stores and adds of the phase at hand.
  void send(std::size_t place, double now);
  void hold(std::size_t place, double until, Stall stall);
  /// When the tiles of the phase allow it to end, `now` at the earliest.
  [[nodiscard]] double allowed(const Cta& cta, double now);
  [[nodiscard]] double trip_allowed(const Cta& cta, double now);
  void account(std::size_t place, double now);
  void show_phase(std::size_t place, double now) const;
  /// What an SM does until `now`.
  void show_work(std::size_t sm, double now) const;
  [[nodiscard]] Ahead& ahead(Cta& cta, std::int64_t trip) const {
    return cta.ahead[static_cast<std::size_t>(trip) & ahead_mask_];
  }
  [[nodiscard]] const Ahead& ahead(const Cta& cta, std::int64_t trip) const {
    return cta.ahead[static_cast<std::size_t>(trip) & ahead_mask_];
  }
  /// Its place in the order in which places are filled: the first of every SM, the second of every SM ...
  [[nodiscard]] std::size_t turn_of(std::size_t place) const {
    return place % resident_ * sms_.size() + place / resident_;
  }
  [[nodiscard]] std::size_t place_at(std::size_t turn) const {
    return turn % sms_.size() * resident_ + turn / sms_.size();
  }
  [[nodiscard]] Team& team_of(std::size_t place) { return team_[turn_of(place) / together_]; }
  [[nodiscard]] std::size_t sm_of(std::size_t place) const { return place / resident_; }
  [[nodiscard]] Asker asker(std::size_t place) const { return {sm_of(place), place % resident_}; }
  [[nodiscard]] const LoopTiming& loop_at(const Ahead& trip) const {
    return timing_.loop[static_cast<std::size_t>(trip.trip.loop)];
  }
  /// The timing of the trip at hand.
  [[nodiscard]] const LoopTiming& loop_of(const Cta& cta) const { return loop_at(ahead(cta, cta.trip)); }

  const Program& program_;
  const Launch& launch_;
  const LaunchTiming& timing_;
  std::size_t resident_;
  std::size_t ahead_mask_;  ///< a power of two, at least the depth of its loops, less one: no more memory than needed
  double cycles_per_added_byte_;  ///< of L2 as a whole
  Dram& dram_;
  L2& l2_;
  HandOut hand_out_;
  std::vector<Sm> sms_;
  std::vector<Cta> ctas_;           ///< by place, SM by SM
  std::vector<std::size_t> freed_;  ///< places whose CTA has just ended
  std::size_t together_ = 1;        ///< CTAs of a cluster
  std::vector<Team> team_;
  Soonest soonest_;
  std::int64_t left_ = 0;  ///< places with a CTA
  std::int64_t age_ = 0;
  double adds_done_ = 0;  ///< when L2 is done with all atomic adds so far
  bool missed_ = false;   ///< a tile was not in L2: from now on trips are made in segments
  LaunchDone done_;
  const Watch* watch_ = nullptr;
  std::function<void()> cta_done_;
};

}  // namespace rooftile::sim
