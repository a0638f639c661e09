// From (device, workload, spec) to a Program: the table of algorithms.
#pragma once

#include "rooftile/model/program.hpp"

namespace rooftile {

/// Writes the program of one call into `program` (reused storage: no allocation on the way).
/// Refuses what the spec does not cover (`unsupported`: dtype, pass, mask, dropout, head dim, architecture).
/// What does not fit the device is found by fit.hpp.
[[nodiscard]] tl::expected<void, Refusal> build(Program& program, const Device& device, const Workload& workload,
                                                const KernelSpec& spec, SpecOverrides overrides = {});

}  // namespace rooftile
