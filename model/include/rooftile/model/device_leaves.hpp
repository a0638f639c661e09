// Every number of a Device by its path: the one table behind the profile reader, --set, `profile show` and sensitivity.
//
//   path                     unit                          meaning
//   memory.dram.bandwidth    byte/second ("1555 GB/s")     datasheet bandwidth
#pragma once

#include <span>
#include <string_view>

#include "rooftile/model/device.hpp"

namespace rooftile {

/// One number of a Device.
struct DeviceLeaf {
  std::string_view path;        ///< "memory.dram.bandwidth": the member path and the profile's keys are the same words
  Dimension dimension;          ///< what its text must parse to
  double* (*storage)(Device&);  ///< where it is kept, in base units; NaN = not stated
  double least;                 ///< smallest allowed value, base units
  double most;                  ///< largest allowed value, base units
  bool whole;                   ///< must be an integer (counts)
  std::string_view meaning;     ///< one line for people
};

/// All leaves, in the order in which a profile lists them.
[[nodiscard]] std::span<const DeviceLeaf> device_leaves();

/// The leaf with this path, or nullptr.
[[nodiscard]] const DeviceLeaf* find_leaf(std::string_view path);

/// The number a device holds for a leaf, base units; NaN if not stated.
[[nodiscard]] double value_of(const Device& device, const DeviceLeaf& leaf);

}  // namespace rooftile
