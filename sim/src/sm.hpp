// One SM: the phases of its resident CTAs share its units.
//
// A phase that is alone advances by 1/alone of itself per cycle and keeps the SM busy for busy/alone of the time. The
// CTAs that began with the launch do the same at the same time: where all together ask for more than there is, all slow
// down alike, so that k equal phases take max(k·busy, alone). Later CTAs have drifted apart, and who began earlier has
// more of the units, as of warp schedulers that prefer the oldest: one's waiting lies under another's work. Both are
// said in closed form in makespan.hpp.
//
// An SM has up to 32 places and every event looks at all of them, which is most of what a simulation of small CTAs
// does: what it needs of a place stands in arrays, and a place without a phase is one that asks for nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "launch_timing.hpp"

namespace rooftile::sim {

inline constexpr double never = std::numeric_limits<double>::infinity();

class Sm {
 public:
  /// `first_wave`: the age of the last CTA that began with the launch.
  Sm(std::size_t places, std::int64_t first_wave)
      : left_(places, 1),
        speed_(places, 0),
        until_(places, never),
        need_(places, 0),
        alone_(places, never),
        own_speed_(places, 0),
        age_(places, 0),
        first_wave_{first_wave} {}

  /// A CTA takes a place; `age` is its number in the order in which they began.
  void enter(std::size_t place, std::int64_t age) {
    std::erase(by_age_, place);
    const auto is_younger = [this](std::int64_t than, std::size_t other) { return age_[other] > than; };
    by_age_.insert(std::upper_bound(by_age_.begin(), by_age_.end(), age, is_younger), place);
    age_[place] = age;
  }
  /// Its next phase begins to share the units.
  void run(std::size_t place, const PhaseCost& cost) {
    rest(place, never);
    alone_[place] = cost.alone;
    own_speed_[place] = 1 / cost.alone;
    need_[place] = cost.alone > 0 ? cost.busy / cost.alone : 0;
    left_[place] = cost.alone > 0 ? 1 : 0;
    drifted_ += age_[place] > first_wave_ ? 1 : 0;
  }
  /// The units are done with its phase, which waits for tiles, or for room.
  void hold(std::size_t place, double until) { rest(place, until); }
  /// Its CTA is gone.
  void leave(std::size_t place) { rest(place, never); }

  /// It waits for it does not know how long.
  [[nodiscard]] bool waits(std::size_t place) const { return !runs(place) && until_[place] == never; }
  [[nodiscard]] bool runs(std::size_t place) const { return own_speed_[place] > 0; }
  /// What is left of the phase, and by how much that shrinks per cycle.
  [[nodiscard]] double left(std::size_t place) const { return left_[place]; }
  [[nodiscard]] double speed(std::size_t place) const { return speed_[place]; }

  [[nodiscard]] double advanced_to() const { return last_; }
  /// Lets the phases advance to `now`.
  void advance(double now) {
    const double cycles = now - last_;
    last_ = now;
    if (cycles <= 0) return;
    for (std::size_t place = 0; place < left_.size(); ++place) left_[place] -= cycles * speed_[place];
  }

  /// Shares the units anew; returns when the next phase ends or has waited, or `never`.
  [[nodiscard]] double share() {
    double asked = 0;
    for (const double need : need_) asked += need;
    if (asked <= 1) {
      speed_ = own_speed_;
    } else if (drifted_ == 0) {
      share_alike(asked);
    } else {
      share_by_age();
    }
    double soonest = never;
    for (std::size_t place = 0; place < left_.size(); ++place) {
      soonest = std::min(soonest, until_[place]);
      soonest = std::min(soonest, last_ + std::max(0.0, left_[place]) / speed_[place]);
    }
    return soonest;
  }

  /// True if a phase that runs is done, or one that holds has waited, at `now`.
  [[nodiscard]] bool is_over(std::size_t place, double now) const {
    return left_[place] <= rounding || left_[place] * alone_[place] <= now * time_step || until_[place] <= now;
  }

 private:
  static constexpr double rounding = 1e-9;
  static constexpr double time_step = 4e-16;  ///< of a time: sooner than the next that there is, phases go nowhere

  /// A place whose phase could use more of the units than it has.
  struct Wanting {
    std::size_t place;
    double share;
  };

  /// Makes it a place that asks for nothing.
  void rest(std::size_t place, double until) {
    if (runs(place) && age_[place] > first_wave_) --drifted_;
    left_[place] = 1;
    speed_[place] = own_speed_[place] = need_[place] = 0;
    alone_[place] = never;
    until_[place] = until;
  }
  void share_alike(double asked) {
    for (std::size_t place = 0; place < left_.size(); ++place) {
      speed_[place] = (need_[place] > 0 ? 1 / asked : 1) / alone_[place];
    }
  }
  /// The n-th oldest has 1/n of the oldest's share; what some do not need, the others have.
  void share_by_age() {
    double free = 1, shares = 0, rank = 0;
    wanting_.clear();
    for (const std::size_t place : by_age_) {
      speed_[place] = own_speed_[place];
      if (need_[place] <= 0) continue;
      wanting_.push_back({place, 1 / ++rank});
      shares += wanting_.back().share;
    }
    const auto is_served = [&](const Wanting& wanting) {
      if (need_[wanting.place] * shares > free * wanting.share) return false;
      free -= need_[wanting.place];
      shares -= wanting.share;
      return true;
    };
    while (std::erase_if(wanting_, is_served) > 0) {
    }
    for (const Wanting& wanting : wanting_) {
      speed_[wanting.place] *= free * wanting.share / (shares * need_[wanting.place]);
    }
  }

  // by place; one where nothing runs has 1 left, forever
  std::vector<double> left_;       ///< part of the phase
  std::vector<double> speed_;      ///< parts per cycle
  std::vector<double> until_;      ///< `never` unless it holds
  std::vector<double> need_;       ///< part of the SM that the phase keeps busy when it is alone
  std::vector<double> alone_;      ///< cycles of the phase; `never`: nothing runs
  std::vector<double> own_speed_;  ///< its reciprocal
  std::vector<std::int64_t> age_;
  std::vector<std::size_t> by_age_;  ///< places that had a CTA, of the oldest first
  std::int64_t first_wave_;
  std::vector<Wanting> wanting_;
  int drifted_ = 0;  ///< phases that run, of CTAs behind the first wave
  double last_ = 0;
};

}  // namespace rooftile::sim
