// Profiles: one YAML file per GPU in hw_profiles/ (its README.md documents every key) to a Profile.
//
//   hw_profiles/a100_sxm4_40gb.yaml:37:9: unknown key 'bandwith'; allowed: bandwidth, latency; did you mean
//   'bandwidth'?
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rooftile/model/profile.hpp"

namespace rooftile::yaml {

/// One changed leaf: --set memory.dram.bandwidth="3 TB/s" is {"memory.dram.bandwidth", "3 TB/s"}.
struct Setting {
  std::string path;
  std::string text;
};

/// Splits "memory.dram.bandwidth=3 TB/s"; InputError without '=' or with an empty side.
[[nodiscard]] Setting parse_setting(const std::string& text);

/// Reads a profile and what it extends, applies the settings, checks ranges and, for a profile as it stands in its
/// file, the totals under `expect:`. `extends: arch/sm_80` is looked for beside the file, then in `directories`. Throws
/// InputError.
[[nodiscard]] Profile load_profile(const std::filesystem::path& file, const std::vector<Setting>& settings = {},
                                   const std::vector<std::filesystem::path>& directories = {});

/// Changes leaves of a profile that is loaded: kind `set`; canonical text and hash follow. InputError for an unknown
/// path (with the nearest), a wrong unit or a value out of range.
void apply(Profile& profile, const std::vector<Setting>& settings);

/// The profiles of some folders, by name (the file's stem). The first folder that has a name wins.
class ProfileCatalogue {
 public:
  explicit ProfileCatalogue(std::vector<std::filesystem::path> directories);

  /// All names, sorted. Files in sub-folders (arch/) are parts, not products.
  [[nodiscard]] std::vector<std::string> names() const;
  /// The file of a name, or the path itself where `name_or_path` ends in .yaml or contains '/'.
  /// InputError for an unknown name, with the nearest.
  [[nodiscard]] std::filesystem::path find(const std::string& name_or_path) const;
  [[nodiscard]] Profile load(const std::string& name_or_path, const std::vector<Setting>& settings = {}) const;

 private:
  std::vector<std::filesystem::path> directories_;
};

}  // namespace rooftile::yaml
