// Somebody waits for a simulation: who asks for very much is told before it begins how long it will take, and on a
// terminal a bar counts CTAs once it has taken a second.
//
//   rooftile: 5.9 billion tile events, about 3 min
#pragma once

#include <iosfwd>

#include "cli/progress.hpp"
#include "rooftile/sim/listener.hpp"

namespace rooftile::cli {

/// Seconds that a simulation takes on one core, within a factor of two or three.
[[nodiscard]] double simulation_seconds(const Program& program, const ProgramCounts& counts);

class SimulationProgress final : public sim::Listener {
 public:
  /// Calls that take longer than `patience` seconds are announced on `err`. A null bar is not drawn.
  SimulationProgress(std::ostream& err, double patience, ProgressBar* bar)
      : err_{&err}, patience_{patience}, bar_{bar} {}

  [[nodiscard]] bool wants_events() const override { return false; }
  void call_begins(const sim::CallSeen& call) override;
  void progress(const sim::ProgressSeen& seen) override {
    if (bar_ != nullptr) bar_->show(static_cast<std::size_t>(seen.done), static_cast<std::size_t>(seen.all));
  }

 private:
  std::ostream* err_;
  double patience_;
  ProgressBar* bar_;
};

}  // namespace rooftile::cli
