// Which kernel of an implementation takes a call: engines switch to another one for short queries or on an
// architecture.
#pragma once

#include "algorithms.hpp"

namespace rooftile::algorithms {

/// `spec` itself, or the first of `spec.instead` that takes this call from it.
[[nodiscard]] const KernelSpec& serving_kernel(const KernelSpec& spec, const Device& device, const Workload& workload,
                                               SpecOverrides overrides);

}  // namespace rooftile::algorithms
