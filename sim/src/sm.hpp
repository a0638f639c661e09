// One SM: the phases of its resident CTAs share its units.
//
// A phase that is alone advances by 1/alone of itself per cycle and keeps the SM busy for busy/alone of the time. The
// CTAs that began with the launch do the same at the same time: where all together ask for more than there is, all slow
// down alike, so that k equal phases take max(k·busy, alone). Later CTAs have drifted apart, and who began earlier has
// more of the units, as of warp schedulers that prefer the oldest: one's waiting lies under another's work. Both are
// said in closed form in makespan.hpp.
//
// Every event looks at all places of its SM, up to 32, which is most of what a simulation of small CTAs does. So a
// place has the cycle at which it is due, which only changes where its speed does, and what is looked at stands in
// arrays.
#pragma once

#include <algorithm>
#include <array>
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
      : due_(places, never),
        need_(places, 0),
        alone_(places, 0),
        slower_(places, 1),
        runs_(places, 0),
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
    rest(place, last_ + cost.alone);
    runs_[place] = 1;
    alone_[place] = cost.alone;
    need_[place] = cost.alone > 0 ? cost.busy / cost.alone : 0;
    drifted_ += age_[place] > first_wave_ ? 1 : 0;
  }
  /// The units are done with its phase, which waits for tiles, or for room.
  void hold(std::size_t place, double until) { rest(place, until); }
  /// Its CTA is gone.
  void leave(std::size_t place) { rest(place, never); }

  /// It waits for it does not know how long.
  [[nodiscard]] bool waits(std::size_t place) const { return !runs(place) && due_[place] == never; }
  [[nodiscard]] bool runs(std::size_t place) const { return runs_[place] != 0; }
  /// What is left of the phase that runs, and by how much that shrinks per cycle.
  [[nodiscard]] double left(std::size_t place) const { return (due_[place] - last_) * speed(place); }
  [[nodiscard]] double speed(std::size_t place) const { return 1 / (alone_[place] * slower_[place]); }

  [[nodiscard]] double advanced_to() const { return last_; }
  /// Lets the phases advance to `now`.
  void advance(double now) { last_ = now; }

  /// Shares the units anew; returns when the next phase ends or has waited, or `never`.
  [[nodiscard]] double share() {
    const double asked = folded(need_, 0.0, [](double a, double b) { return a + b; });
    if (asked > 1) {
      drifted_ == 0 ? share_alike(asked) : share_by_age();
      full_ = true;
    } else if (full_) {
      for (std::size_t place = 0; place < need_.size(); ++place) slow_down(place, 1);
      full_ = false;
    }
    return folded(due_, never, [](double a, double b) { return b < a ? b : a; });
  }

  /// True if a phase that runs is done, or one that holds has waited, at `now`.
  [[nodiscard]] bool is_over(std::size_t place, double now) const { return due_[place] <= now * (1 + rounding); }

 private:
  static constexpr double rounding = 1e-12;  ///< of a time: phases in step end together

  /// A place whose phase could use more of the units than it has.
  struct Wanting {
    std::size_t place;
    double rank, share;
  };

  /// Four chains of operations side by side: one would be as long as there are places.
  template <class Fold>
  [[nodiscard]] static double folded(const std::vector<double>& values, double first, Fold fold) {
    std::array<double, 4> so_far{first, first, first, first};
    std::size_t n = 0;
    for (; n + 4 <= values.size(); n += 4) {
      for (std::size_t k = 0; k < 4; ++k) so_far[k] = fold(so_far[k], values[n + k]);
    }
    for (; n < values.size(); ++n) so_far[0] = fold(so_far[0], values[n]);
    return fold(fold(so_far[0], so_far[1]), fold(so_far[2], so_far[3]));
  }

  /// Makes it a place that asks for nothing until then.
  void rest(std::size_t place, double until) {
    if (runs(place) && age_[place] > first_wave_) --drifted_;
    runs_[place] = 0;
    need_[place] = 0;
    slower_[place] = 1;
    due_[place] = until;
  }
  /// From now on its phase takes so many times as long as alone.
  void slow_down(std::size_t place, double times) {
    if (slower_[place] == times) return;
    due_[place] = last_ + std::max(0.0, due_[place] - last_) * (times / slower_[place]);
    slower_[place] = times;
  }
  void share_alike(double asked) {
    for (std::size_t place = 0; place < need_.size(); ++place) slow_down(place, need_[place] > 0 ? asked : 1);
  }
  /// The n-th oldest has 1/n of the oldest's share; what some do not need, the others have.
  void share_by_age() {
    double free = 1, shares = 0, rank = 0;
    wanting_.clear();
    for (const std::size_t place : by_age_) {
      if (need_[place] <= 0) continue;
      rank += 1;
      const double share = 1 / rank;
      wanting_.push_back({place, rank, share});
      shares += share;
    }
    const auto is_served = [&](const Wanting& wanting) {
      if (need_[wanting.place] * shares > free * wanting.share) return false;
      free -= need_[wanting.place];
      shares -= wanting.share;
      slow_down(wanting.place, 1);
      return true;
    };
    while (std::erase_if(wanting_, is_served) > 0) {
    }
    const double of_the_oldest = shares / free;
    for (const Wanting& wanting : wanting_) {
      slow_down(wanting.place, of_the_oldest * need_[wanting.place] * wanting.rank);
    }
  }

  // by place
  std::vector<double> due_;     ///< cycle when the phase ends at its speed, or has waited; `never`: unknown, or nothing
  std::vector<double> need_;    ///< part of the SM that the phase keeps busy when it is alone; 0: nothing runs
  std::vector<double> alone_;   ///< cycles of the phase
  std::vector<double> slower_;  ///< times as long as alone
  std::vector<char> runs_;
  std::vector<std::int64_t> age_;
  std::vector<std::size_t> by_age_;  ///< places that had a CTA, of the oldest first
  std::int64_t first_wave_;
  std::vector<Wanting> wanting_;
  int drifted_ = 0;    ///< phases that run, of CTAs behind the first wave
  bool full_ = false;  ///< some phases are slower than alone
  double last_ = 0;
};

}  // namespace rooftile::sim
