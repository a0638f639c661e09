// Which fitted constants a launch takes, by what it does in the call.
#pragma once

#include "rooftile/model/program.hpp"

namespace rooftile {

/// Constants of one launch; those of a launch that nothing was fitted for change nothing.
struct LaunchFit {
  double trip_factor = 1;
  double exp2_weight = 1;
  double smem_weight = 0;
  double trip_wait = 0;   ///< cycles
  double cta_cycles = 0;  ///< cycles
  double tile_factor = 1;
};

[[nodiscard]] inline LaunchFit launch_fit(const Program& program, const Launch& launch) {
  const auto main = [&](const Calibration& fit) {
    return LaunchFit{fit.trip_factor,
                     fit.exp2_weight,
                     fit.smem_weight,
                     fit.trip_wait,
                     fit.cta_cycles + launch.search_steps * fit.search_cycles,
                     fit.tile_factor};
  };
  switch (launch.part) {
    case LaunchPart::attention: return main(program.forward);
    case LaunchPart::gradient: return main(program.backward);
    case LaunchPart::merge: return {.cta_cycles = program.forward.merge_cycles};
    case LaunchPart::cache_write: return {.cta_cycles = program.forward.write_cycles};
    case LaunchPart::other: break;
  }
  return {};
}

}  // namespace rooftile
