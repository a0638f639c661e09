// One profile file as it stands, before what it extends is looked at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rooftile/model/profile.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::yaml {

/// A leaf that the file names; without a value (`null`) it takes back what the extended profile states.
struct LeafStatement {
  const DeviceLeaf* leaf = nullptr;
  std::optional<StatedLeaf> stated;
};

struct ProfileLayer {
  std::string name;
  std::string extends;
  Location extends_where;
  std::string vendor;
  std::string description;
  std::string dram_type;
  std::vector<std::string> device_names;
  std::optional<ComputeCapability> compute_capability;
  std::vector<LeafStatement> leaves;
  std::vector<StatedLeaf> measured;
  std::vector<StatedLeaf> expect;
  Location where;
};

[[nodiscard]] ProfileLayer read_layer(const Node& root);

/// Nothing, or why the value cannot be this leaf's: "3 B is outside 1 KiB .. 1 GB".
[[nodiscard]] std::optional<std::string> range_error(const DeviceLeaf& leaf, double value, const std::string& text);

/// The keys below a path of the leaf table: "memory.dram" has type, capacity, bandwidth, ...; "" has clock, sm, ...
[[nodiscard]] std::vector<std::string_view> keys_below(std::string_view path);

}  // namespace rooftile::yaml
