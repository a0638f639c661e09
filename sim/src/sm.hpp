// One SM: the phases of its resident CTAs share its pipes.
//
// A phase that is alone advances by 1/alone of itself per cycle and keeps pipe u busy for demand[u]/alone of the time.
// Where the phases together ask a pipe for more than it has, all that need it slow down alike, by the most overloaded of
// the pipes that they need. With k equal phases that is the closed form of the model: each takes
// max(k·busy, alone).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <span>

#include "dram.hpp"
#include "launch_timing.hpp"

namespace rooftile::sim {

inline constexpr double never = std::numeric_limits<double>::infinity();

/// Where a resident is with its phase.
enum class Progress : std::uint8_t {
  none,  ///< no CTA
  runs,  ///< shares the pipes
  holds  ///< waits, for tiles or for room
};

/// A place for one CTA on an SM.
struct Resident {
  Progress progress = Progress::none;
  const PhaseCost* cost = nullptr;
  double left = 0;   ///< part of the phase, while it runs
  double speed = 0;  ///< parts per cycle
  double until = 0;  ///< while it holds
  double since = 0;  ///< when the phase began
  std::size_t slowed_by = 0;  ///< the pipe that it had to share last
};

class Sm {
 public:
  explicit Sm(std::span<Resident> residents) : residents_{residents} {}

  /// Lets the phases advance to `now`.
  void advance(double now) {
    const double cycles = now - last_;
    last_ = now;
    if (cycles <= 0) return;
    for (Resident& r : residents_) {
      if (r.progress == Progress::runs) r.left -= cycles * r.speed;
    }
  }
  /// Shares the pipes anew; returns when the next phase ends, or `never`.
  [[nodiscard]] double share() {
    Pipes asked{};
    for (const Resident& r : residents_) {
      if (r.progress != Progress::runs) continue;
      const double speed = 1 / r.cost->alone;
      for (std::size_t u = 0; u < pipes; ++u) asked[u] += speed * r.cost->demand[u];
    }
    double soonest = never;
    for (Resident& r : residents_) {
      if (r.progress == Progress::holds) soonest = std::min(soonest, r.until);
      if (r.progress != Progress::runs) continue;
      double slower = 1;
      for (std::size_t u = 0; u < pipes; ++u) {
        if (asked[u] > slower && r.cost->demand[u] > 0) {
          slower = asked[u];
          r.slowed_by = u;
        }
      }
      r.speed = 1 / (r.cost->alone * slower);
      soonest = std::min(soonest, last_ + std::max(0.0, r.left) / r.speed);
    }
    return soonest;
  }
  /// True if a phase that runs or holds is over at `now`.
  [[nodiscard]] static bool is_over(const Resident& r, double now) {
    return (r.progress == Progress::runs && r.left <= rounding) || (r.progress == Progress::holds && r.until <= now);
  }

 private:
  static constexpr double rounding = 1e-9;

  std::span<Resident> residents_;
  double last_ = 0;
};

}  // namespace rooftile::sim
