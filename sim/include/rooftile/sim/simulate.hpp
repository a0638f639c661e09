// Runs a program on a device, event by event.
//
//   build(program, device, workload, spec);  count(program, counts);
//   const auto simulation = sim::simulate(device, program, counts);
//   simulation->answer.time, simulation->answer.dram, simulation->share[...]
#pragma once

#include "rooftile/model/count.hpp"
#include "rooftile/model/device.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/model/program.hpp"
#include "rooftile/sim/listener.hpp"
#include "rooftile/sim/simulation.hpp"
#include "tl/expected.hpp"

namespace rooftile::sim {

/// Bumped whenever a number can change.
inline constexpr int version = 6;

/// One call. A warm one is the second of two that follow each other. Deterministic; needs the leaves that the
/// hierarchical predictor needs. Or why the program cannot run on the device.
/// `listener`, if any, sees the call that is answered for.
[[nodiscard]] tl::expected<Simulation, Refusal> simulate(const Device& device, const Program& program,
                                                         const ProgramCounts& counts, Listener* listener = nullptr);

/// What simulate() has to do at most, known before it begins; all of both calls of a warm one.
struct Effort {
  double tile_events = 0;  ///< executions of tile ops
  double cells = 0;        ///< blocks of tensors that L2 is asked for, at most
};
[[nodiscard]] Effort effort(const Program& program, const ProgramCounts& counts);

}  // namespace rooftile::sim
