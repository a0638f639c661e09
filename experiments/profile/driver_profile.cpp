#include "profile/driver_profile.hpp"

#include <cctype>

#include "rooftile/model/device_leaves.hpp"
#include "rooftile/model/format_quantity.hpp"

namespace rooftile::experiments {
namespace {

constexpr int exact = 12;  // digits: the driver's numbers are whole

/// Adds leaves that the driver knows, each with the call that states it.
class Statements {
 public:
  explicit Statements(ProfileDraft& draft, const DriverDevice& device)
      : draft_{&draft}, driver_{"driver of CUDA " + device.cuda_version + ", " + device.name + ": "} {}

  void add(std::string_view path, double value, const std::string& call, Kind kind = Kind::device) {
    if (value <= 0) return;  // not known to this driver
    const Dimension dimension = find_leaf(path)->dimension;
    StatedLeaf leaf = rounded_leaf(std::string{path}, value, dimension, exact, kind, driver_ + call);
    if (leaf.value != value) {  // a prefix that does not read back to the last byte
      leaf.text = format_exact(value, dimension);
      leaf.value = value;
    }
    draft_->leaves.push_back(std::move(leaf));
  }

 private:
  ProfileDraft* draft_;
  std::string driver_;
};

}  // namespace

std::string architecture_of(ComputeCapability capability) {
  return "arch/sm_" + std::to_string(capability.major) + std::to_string(capability.minor);
}

std::string profile_name_of(const std::string& device_name) {
  std::string name;
  for (const char c : device_name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 && byte < 0x80) {
      name += static_cast<char>(std::tolower(byte));
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (name.ends_with('_')) name.pop_back();
  return name.empty() ? "device" : name;
}

ProfileDraft driver_profile(const DriverDevice& device) {
  ProfileDraft draft;
  draft.extends = architecture_of(device.compute_capability);
  draft.description = device.name + ", as its driver describes it";
  draft.device_names = {device.name};
  Statements leaves{draft, device};
  leaves.add("clock.boost", 1e3 * device.clock_khz, "CLOCK_RATE");
  leaves.add("sm.count", device.sm_count, "MULTIPROCESSOR_COUNT");
  leaves.add("sm.max_threads", device.max_threads_per_sm, "MAX_THREADS_PER_MULTIPROCESSOR");
  if (device.threads_per_warp > 0) {
    const int warps = device.max_threads_per_sm / device.threads_per_warp;
    leaves.add("sm.max_warps", warps, "MAX_THREADS_PER_MULTIPROCESSOR / WARP_SIZE", Kind::derived);
  }
  leaves.add("sm.max_ctas", device.max_ctas_per_sm, "MAX_BLOCKS_PER_MULTIPROCESSOR");
  leaves.add("sm.registers", device.registers_per_sm, "MAX_REGISTERS_PER_MULTIPROCESSOR");
  leaves.add("sm.smem_capacity", static_cast<double>(device.smem_per_sm_bytes), "MAX_SHARED_MEMORY_PER_MULTIPROCESSOR");
  leaves.add("sm.smem_per_cta", static_cast<double>(device.smem_per_cta_bytes), "MAX_SHARED_MEMORY_PER_BLOCK_OPTIN");
  leaves.add("sm.smem_reserved_per_cta", static_cast<double>(device.smem_reserved_per_cta_bytes),
             "RESERVED_SHARED_MEMORY_PER_BLOCK");
  leaves.add("memory.l2.capacity", static_cast<double>(device.l2_bytes), "L2_CACHE_SIZE");
  leaves.add("memory.dram.capacity", static_cast<double>(device.memory_bytes), "cuDeviceTotalMem");
  leaves.add("memory.dram.bus", device.memory_bus_bits / 8.0, "GLOBAL_MEMORY_BUS_WIDTH");
  leaves.add("memory.dram.clock", 1e3 * device.memory_clock_khz, "MEMORY_CLOCK_RATE");
  return draft;
}

std::vector<std::string> missing_leaves(const Profile& profile) {
  std::vector<std::string> missing;
  for (const DeviceLeaf& leaf : device_leaves()) {
    if (profile.find(leaf.path) == nullptr) missing.emplace_back(leaf.path);
  }
  return missing;
}

}  // namespace rooftile::experiments
