// How many CTAs the CPU keeps in flight: as many as the GPU would, so that the order in which they reach L2 is its.
#pragma once

#include <string>

#include "rooftile/model/count.hpp"
#include "rooftile/model/device.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile::experiments {

struct Residency {
  int ctas = 1;
  std::string remark{};  ///< empty, or why it is not what the GPU holds
};

/// CTAs per SM times SMs of the launch with most matrix work (the last of equals), at most its grid. Fewer where host
/// memory ends: each CTA in flight has its shared memory and a stack per warp.
[[nodiscard]] Residency residency(const Device& device, const Program& program, const ProgramCounts& counts);

}  // namespace rooftile::experiments
