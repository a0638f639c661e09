#include "folders.hpp"

#include <algorithm>

namespace rooftile::yaml {
namespace fs = std::filesystem;

namespace {

void add_names(std::vector<std::string>& names, const fs::path& folder, const fs::path& root, Depth depth) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator{folder.empty() ? fs::path{"."} : folder, error}) {
    if (entry.is_directory() && depth == Depth::all && folder == root) add_names(names, entry.path(), root, depth);
    if (!entry.is_regular_file() || entry.path().extension() != ".yaml") continue;
    const std::string stem = entry.path().stem().string();
    names.push_back(folder == root ? stem : folder.filename().string() + '/' + stem);
  }
}

}  // namespace

std::vector<std::string> yaml_names_in(const std::vector<fs::path>& folders, Depth depth) {
  std::vector<std::string> names;
  for (const fs::path& folder : folders) add_names(names, folder, folder, depth);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string folder_list(const std::vector<fs::path>& folders) {
  std::string text;
  for (const fs::path& folder : folders) {
    if (!text.empty()) text += ", ";
    text += folder.empty() ? "." : folder.string();
  }
  return text;
}

bool is_file_path(const std::string& name_or_path) {
  return name_or_path.ends_with(".yaml") || name_or_path.find('/') != std::string::npos;
}

fs::path find_in(const std::vector<fs::path>& folders, const std::string& name) {
  for (const fs::path& folder : folders) {
    std::error_code error;
    fs::path file = folder / (name + ".yaml");
    if (fs::is_regular_file(file, error)) return file;
  }
  return {};
}

}  // namespace rooftile::yaml
