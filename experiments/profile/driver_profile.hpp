// From what the driver says of a device to a profile: kind `device` for what it states, the chip's file in
// hw_profiles/arch for what all products of the chip share, and nothing else.
#pragma once

#include <string>

#include "profile/driver_device.hpp"
#include "profile/profile_draft.hpp"

namespace rooftile::experiments {

/// "arch/sm_90".
[[nodiscard]] std::string architecture_of(ComputeCapability capability);

/// "NVIDIA H100 80GB HBM3" as the name of a profile: "nvidia_h100_80gb_hbm3".
[[nodiscard]] std::string profile_name_of(const std::string& device_name);

/// The device's numbers; `name` is left to the caller.
[[nodiscard]] ProfileDraft driver_profile(const DriverDevice& device);

/// Paths of the leaves that a profile does not state, in the order of device_leaves().
[[nodiscard]] std::vector<std::string> missing_leaves(const Profile& profile);

}  // namespace rooftile::experiments
