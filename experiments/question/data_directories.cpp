#include "question/data_directories.hpp"

#include "rooftile/model/error.hpp"

namespace rooftile::experiments {

DataDirectories find_data(const std::optional<std::string>& wish) {
  const auto holds_data = [](const std::filesystem::path& root) {
    std::error_code ignored;
    return std::filesystem::is_directory(root / "hw_profiles", ignored);
  };
  if (wish) {
    if (!holds_data(*wish)) throw InputError{"ROOFTILE_DATA_DIR: '" + *wish + "' has no folder hw_profiles"};
    return {*wish};
  }
  // An installed program brings its data along, wherever the prefix lies by now.
  std::error_code ignored;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const std::filesystem::path beside = (program.parent_path() / ROOFTILE_DATA_FROM_PROGRAM).lexically_normal();
  if (!ignored && holds_data(beside)) return {beside};
  const std::filesystem::path source{ROOFTILE_SOURCE_ROOT};
  return {holds_data(source) ? source : std::filesystem::path{ROOFTILE_INSTALL_ROOT}};
}

}  // namespace rooftile::experiments
