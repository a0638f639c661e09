// Specs: one YAML file per implementation in kernels/specs/ (its README.md documents every key) to a KernelSpec.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rooftile/model/kernel_spec.hpp"

namespace rooftile::yaml {

/// Reads one spec. Throws InputError.
[[nodiscard]] KernelSpec load_spec(const std::filesystem::path& file);

/// The specs of some folders, by name (the file's stem). A bare algorithm name (`standard`, `flash2`) is the spec
/// rt_<name> on any architecture (what_if_anywhere), and keeps the bare name.
class SpecCatalogue {
 public:
  explicit SpecCatalogue(std::vector<std::filesystem::path> directories);

  /// All names, sorted, the bare algorithm names first.
  [[nodiscard]] std::vector<std::string> names() const;
  /// The file behind a name, or the path itself where `name_or_path` ends in .yaml or contains '/'.
  /// InputError for an unknown name, with the nearest.
  [[nodiscard]] std::filesystem::path find(const std::string& name_or_path) const;
  [[nodiscard]] KernelSpec load(const std::string& name_or_path) const;

 private:
  std::vector<std::filesystem::path> directories_;
};

}  // namespace rooftile::yaml
