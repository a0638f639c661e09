// Which fitted constants a launch takes, by what it does in the call.
#pragma once

#include "rooftile/model/cost_table.hpp"
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
  double search_cycles = 0;  ///< cycles
  double between = 0;        ///< the part of cta_cycles that passes between two CTAs: the first ones do not take it
  double trip_fp32 = 0;      ///< instructions of a trip beside its ops
  double tile_integer = 0;   ///< instructions beside the ops of what a CTA does once
};

[[nodiscard]] inline LaunchFit launch_fit(const Program& program, const Launch& launch) {
  const auto main = [&](const Calibration& fit) {
    return LaunchFit{fit.trip_factor, fit.exp2_weight, fit.smem_weight,   fit.trip_wait,
                     fit.cta_cycles,  fit.tile_factor, fit.search_cycles, fit.cta_cycles};
  };
  const Calibration& of_pass = launch.of_backward ? program.backward : program.forward;
  const auto elements = static_cast<double>(launch.own_elements);
  switch (launch.part) {
    case LaunchPart::attention: return main(program.forward);
    case LaunchPart::gradient: return main(program.backward);
    case LaunchPart::merge: return {.cta_cycles = program.forward.merge_cycles};
    case LaunchPart::cache_write: return {.cta_cycles = program.forward.write_cycles};
    case LaunchPart::sort: return {.tile_integer = program.forward.sort_ops * elements};
    case LaunchPart::product: return main(of_pass);
    case LaunchPart::rows: return {.trip_fp32 = of_pass.sweep_ops * elements};
    case LaunchPart::elementwise:
      return {.cta_cycles = elements > 0 ? of_pass.copy_cycles : 0, .tile_integer = of_pass.offset_ops * elements};
    case LaunchPart::other: break;
  }
  return {};
}

/// Cycles of a CTA beside its trips and its own tile; a step of its search may wait for words in memory.
[[nodiscard]] inline double cycles_beside(const Launch& launch, const LaunchFit& fit, const CostTable& costs) {
  const double step = fit.search_cycles + (launch.search_reads ? costs.load_latency(1) : 0);
  return fit.cta_cycles + launch.search_steps * step;
}

}  // namespace rooftile
