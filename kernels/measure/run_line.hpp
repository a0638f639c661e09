// The first line of each invocation: who measured, with what, on what.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "measure/device_info.hpp"
#include "measure/json_line.hpp"
#include "measure/peers/peer.hpp"

namespace rooftile::kernels::measure {

/// A random UUID (version 4).
[[nodiscard]] std::string new_uuid();

/// The line; "host" also tells the versions of the peers' libraries.
[[nodiscard]] JsonObject run_line(const std::string& run, const std::vector<std::string>& argv,
                                  const DeviceInfo& device, const Nvml& nvml,
                                  std::span<const std::unique_ptr<Peer>> subjects);

}  // namespace rooftile::kernels::measure
