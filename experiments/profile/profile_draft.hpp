// A profile before it is a file: what a tool has found out, written in the house's YAML.
//
//   schema: rooftile.profile/1
//   name: h100_measured
//   extends: h100_sxm5_80gb
//   memory:
//     l2:
//       latency_near: {value: 261.5 cycle, kind: measured, source: "rooftile-measure, ..."}
//
// Only what was found stands in it; everything else comes from the profile that it extends.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rooftile/model/profile.hpp"

namespace rooftile::experiments {

struct ProfileDraft {
  std::string name;
  std::string extends;
  std::string description;
  std::vector<std::string> device_names;
  std::vector<StatedLeaf> leaves;    ///< paths of device_leaves(); any order
  std::vector<StatedLeaf> measured;  ///< paths "measured.dram_read"
  std::vector<std::string> remarks;  ///< comment lines at the top
};

/// The file's text, leaves in the order of device_leaves(). Every leaf has value, kind and source on one line.
[[nodiscard]] std::string yaml_text(const ProfileDraft& draft);

/// What the text reads as, with `directories` to find what it extends. Throws InputError where it would not load.
[[nodiscard]] Profile read_back(const ProfileDraft& draft, const std::vector<std::filesystem::path>& directories);

/// A leaf with its value rounded to `digits` and written with its unit.
[[nodiscard]] StatedLeaf rounded_leaf(std::string path, double value, Dimension dimension, int digits, Kind kind,
                                      std::string source);

/// The name for a profile that goes to `file`: `wish` if given, else the file's stem, else `otherwise`. InputError
/// where wish and file disagree: a profile is found by its file's name.
[[nodiscard]] std::string profile_name(const std::string& wish, const std::string& file, const std::string& otherwise);

}  // namespace rooftile::experiments
