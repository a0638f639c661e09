// Devices at random, for laws that hold on every one.
#pragma once

#include <rapidcheck.h>

#include <algorithm>

#include "rooftile/model/device_leaves.hpp"
#include "support.hpp"

namespace rooftile::test {

/// A device whose numbers are the test A100's, each scaled at random: GPUs that exist nowhere.
inline Device any_device() {
  Device device = test::device();
  for (const DeviceLeaf& leaf : device_leaves()) {
    const bool limit =
        leaf.path.starts_with("sm.") && !leaf.path.starts_with("sm.rates") && !leaf.path.starts_with("sm.tensor");
    if (!limit && !leaf.whole) *leaf.storage(device) *= *rc::gen::element(0.5, 1.0, 1.0, 2.0, 3.7);
  }
  device.sm.count = Count{static_cast<double>(*rc::gen::inRange(1, 200))};
  device.sm.smem_per_cta = Bytes{227 * 1024.0};
  device.sm.smem_capacity = Bytes{228 * 1024.0};
  device.memory.dram.capacity = Bytes{1e13};
  device.memory.dram.sustained_fraction = std::min(device.memory.dram.sustained_fraction, Count{1});
  return device;
}

/// True for numbers that make a device faster when they grow.
inline bool is_rate(const DeviceLeaf& leaf) {
  const bool per_time = leaf.dimension.second < 0 || leaf.dimension.cycle < 0;
  const bool fraction = leaf.path.ends_with("_fraction");
  return (per_time || fraction) && leaf.path != "power.tdp";
}

}  // namespace rooftile::test
