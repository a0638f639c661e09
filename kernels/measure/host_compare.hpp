// The same call, with the same inputs, run by the host back end: what the device should have given, tile by tile.
// Present where the program is built with Boost.Context; without it host_execution_linked() is false and the rest is
// never called.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "measure/tiles.hpp"

namespace rooftile::kernels::measure {

[[nodiscard]] bool host_execution_linked();

/// What the device wrote: 16-bit patterns [batch, heads, rows, cols] without pad. Of a forward call O alone; of a
/// backward one the gradients, and O and LSE, which the host then takes for its own run.
struct DeviceResults {
  std::vector<std::uint16_t> o, grad_q, grad_k, grad_v;
  std::vector<float> lse;
};

/// Runs `kernel` on the host with the inputs of `seed` and compares O, or the three gradients, with the device's.
/// Throws std::runtime_error where the host execution finds a fault in the kernel.
[[nodiscard]] TileComparison compare_with_host(std::string_view kernel, const AttentionCall& call,
                                               const DeviceResults& device, std::uint64_t seed);

}  // namespace rooftile::kernels::measure
