#include "cli/simulation_progress.hpp"

#include <ostream>

#include "execute/estimate.hpp"
#include "rooftile/model/format_quantity.hpp"
#include "rooftile/sim/simulate.hpp"

namespace rooftile::cli {
namespace {

// Of one core of a busy x86 server, release build, over eleven calls of all families (rooftile_bench measures them:
// simulate/<kernel>): 50 to 170 ns per event where tiles are large cells, 550 to 700 ns in standard attention, whose
// rows cover many.
constexpr double seconds_per_event = 30e-9;
constexpr double seconds_per_cell = 500e-9;

}  // namespace

double simulation_seconds(const Program& program, const ProgramCounts& counts) {
  const sim::Effort effort = sim::effort(program, counts);
  return effort.tile_events * seconds_per_event + effort.cells * seconds_per_cell;
}

void SimulationProgress::call_begins(const sim::CallSeen& call) {
  const double seconds = simulation_seconds(call.program, call.counts);
  if (seconds < patience_) return;
  *err_ << "rooftile: " << format(Count{sim::effort(call.program, call.counts).tile_events / 1e6}, 3)
        << " million tile events, about " << experiments::duration_text(seconds) << '\n';
}

}  // namespace rooftile::cli
