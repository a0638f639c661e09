// YAML files of some folders by name, for the catalogues.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace rooftile::yaml {

enum class Depth { folder, all };

/// Stems ("a100_sxm4_40gb"), with the sub-folder where there is one ("arch/sm_80"); sorted, each once.
[[nodiscard]] std::vector<std::string> yaml_names_in(const std::vector<std::filesystem::path>& folders, Depth depth);

/// "hw_profiles, ~/profiles"; "." for the empty path.
[[nodiscard]] std::string folder_list(const std::vector<std::filesystem::path>& folders);

/// True for a text that is a file rather than a name: it ends in .yaml or has a '/'.
[[nodiscard]] bool is_file_path(const std::string& name_or_path);

/// The file of `name` in the first folder that has it; an empty path if none has.
[[nodiscard]] std::filesystem::path find_in(const std::vector<std::filesystem::path>& folders, const std::string& name);

}  // namespace rooftile::yaml
