// Somebody waits for a simulation: on a terminal a bar that counts CTAs, once it has taken a second.
#pragma once

#include "cli/progress.hpp"
#include "rooftile/sim/listener.hpp"

namespace rooftile::cli {

class SimulationProgress final : public sim::Listener {
 public:
  explicit SimulationProgress(ProgressBar& bar) : bar_{&bar} {}

  [[nodiscard]] bool wants_events() const override { return false; }
  void progress(const sim::ProgressSeen& seen) override {
    bar_->show(static_cast<std::size_t>(seen.done), static_cast<std::size_t>(seen.all));
  }

 private:
  ProgressBar* bar_;
};

}  // namespace rooftile::cli
