// One SM: the phases of its resident CTAs share its units.
//
// A phase that is alone advances by 1/alone of itself per cycle and keeps the SM busy for busy/alone of the time. The
// CTAs that began with the launch do the same at the same time: where all together ask for more than there is, all slow
// down alike, so that k equal phases take max(k·busy, alone). Later CTAs have drifted apart, and the one that began
// first goes first (as warp schedulers that prefer the oldest do): one's waiting lies under another's work. Both are
// said in closed form in makespan.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "launch_timing.hpp"

namespace rooftile::sim {

inline constexpr double never = std::numeric_limits<double>::infinity();

/// Where a resident is with its phase.
enum class Progress : std::uint8_t {
  none,  ///< no CTA
  runs,  ///< shares the units
  holds  ///< waits, for tiles or for room
};

/// A place for one CTA on an SM.
struct Resident {
  Progress progress = Progress::none;
  const PhaseCost* cost = nullptr;
  std::int64_t age = 0;  ///< number of its CTA in the order in which they began
  double left = 0;       ///< part of the phase, while it runs
  double speed = 0;      ///< parts per cycle
  double until = 0;      ///< while it holds
  double since = 0;      ///< when the phase began; without a CTA: when the last one ended
};

class Sm {
 public:
  /// `first_wave`: the age of the last CTA that began with the launch.
  Sm(std::span<Resident> residents, std::int64_t first_wave) : residents_{residents}, first_wave_{first_wave} {}

  [[nodiscard]] double advanced_to() const { return last_; }
  /// Lets the phases advance to `now`.
  void advance(double now) {
    const double cycles = now - last_;
    last_ = now;
    if (cycles <= 0) return;
    for (Resident& r : residents_) {
      if (r.progress == Progress::runs) r.left -= cycles * r.speed;
    }
  }

  /// Shares the units anew; returns when the next phase ends or has waited, or `never`.
  [[nodiscard]] double share() {
    double soonest = never;
    double asked = 0;
    bool in_step = true;
    running_.clear();
    for (Resident& r : residents_) {
      if (r.progress == Progress::holds) soonest = std::min(soonest, r.until);
      if (r.progress != Progress::runs) continue;
      running_.push_back(&r);
      asked += need(r);
      in_step = in_step && r.age <= first_wave_;
    }
    if (asked > 1 && !in_step) {
      std::sort(running_.begin(), running_.end(), [](const Resident* x, const Resident* y) { return x->age < y->age; });
    }
    double free = 1;
    for (Resident* r : running_) {
      const double wanted = need(*r);
      double part = 1;  // of its own speed
      if (asked > 1 && wanted > 0) part = in_step ? 1 / asked : std::min(1.0, free / wanted);
      free = std::max(0.0, free - part * wanted);
      r->speed = part / r->cost->alone;
      if (r->speed > 0) soonest = std::min(soonest, last_ + std::max(0.0, r->left) / r->speed);
    }
    return soonest;
  }

  /// True if a phase that runs is done, or one that holds has waited, at `now`.
  [[nodiscard]] static bool is_over(const Resident& r, double now) {
    return (r.progress == Progress::runs && r.left <= rounding) || (r.progress == Progress::holds && r.until <= now);
  }

 private:
  static constexpr double rounding = 1e-9;

  /// Part of the SM that a phase keeps busy when it is alone.
  static double need(const Resident& r) { return r.cost->alone > 0 ? r.cost->busy / r.cost->alone : 0; }

  std::span<Resident> residents_;
  std::int64_t first_wave_;
  std::vector<Resident*> running_;  ///< of share()
  double last_ = 0;
};

}  // namespace rooftile::sim
