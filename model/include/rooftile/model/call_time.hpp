// What a call takes beside what its launches do on the GPU.
#pragma once

#include <algorithm>

#include "rooftile/model/calibration.hpp"
#include "rooftile/model/device.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

/// Launches follow each other no faster than this.
[[nodiscard]] inline Seconds launch_period(const Device& device, LaunchStyle style) {
  return style == LaunchStyle::graph ? device.launch.graph_period : device.launch.stream_period;
}

/// What was fitted to whole calls.
inline void slow_down(Prediction& result, const Calibration& fit) {
  if (fit.slowdown != 0) result.time = result.time * (1 + fit.slowdown * (result.time / (result.time + slowdown_time)));
  result.time += Seconds{fit.call_overhead};
}

/// An eager framework issues one operation per period; a call cannot end before its last one is issued.
inline void wait_for_framework(Prediction& result, const Device& device, std::size_t launches) {
  const Seconds issued = device.launch.framework_period * static_cast<double>(launches);
  result.alone[static_cast<std::size_t>(Limit::launch)] = issued;
  if (issued > result.time) {
    result.time = issued;
    result.bound = Limit::launch;
  }
}

/// Completes the time of a call whose launches are summed up.
inline void add_call_overheads(Prediction& result, const Device& device, const Program& program) {
  if (program.launch_style == LaunchStyle::framework) wait_for_framework(result, device, program.launches.size());
  slow_down(result, program.forward);
  slow_down(result, program.backward);
}

}  // namespace rooftile
