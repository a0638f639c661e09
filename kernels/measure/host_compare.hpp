// The same call, with the same inputs, run by the host back end: what the device should have given, tile by tile.
// Present where the program is built with Boost.Context; without it host_execution_linked() is false and the rest is
// never called.
#pragma once

#include "measure/device_call.hpp"
#include "measure/tiles.hpp"

namespace rooftile::kernels::measure {

[[nodiscard]] bool host_execution_linked();

/// Runs `kernel` on the host with the inputs of `seed` and compares its O with what the device's last run() wrote.
/// Throws std::runtime_error where the host execution finds a fault in the kernel.
[[nodiscard]] TileComparison compare_with_host(std::string_view kernel, const DeviceCall& device, std::uint64_t seed);

}  // namespace rooftile::kernels::measure
