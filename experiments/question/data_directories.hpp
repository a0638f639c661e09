// Where profiles, specs and published data lie: one root that looks like the source tree.
//
//   <root>/hw_profiles/*.yaml   <root>/kernels/specs/*.yaml   <root>/experiments/...
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace rooftile::experiments {

struct DataDirectories {
  std::filesystem::path root;
  [[nodiscard]] std::filesystem::path profiles() const { return root / "hw_profiles"; }
  [[nodiscard]] std::filesystem::path specs() const { return root / "kernels" / "specs"; }
  [[nodiscard]] std::filesystem::path experiments() const { return root / "experiments"; }
};

/// The root in use: `wish` (ROOFTILE_DATA_DIR) if given, else ../share/rooftile as seen from the program's folder (an
/// installation, moved or not), else the source tree this was built from, else <install prefix>/share/rooftile. A wish
/// that holds no hw_profiles is an InputError.
[[nodiscard]] DataDirectories find_data(const std::optional<std::string>& wish);

}  // namespace rooftile::experiments
