#include <algorithm>
#include <utility>

#include "folders.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"

namespace rooftile::yaml {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void unknown_name(std::string_view kind, const std::string& name, const std::vector<std::string>& names,
                               const std::vector<fs::path>& folders) {
  if (names.empty()) {
    throw InputError{"unknown " + std::string{kind} + " '" + name + "'; there are none in " + folder_list(folders)};
  }
  throw InputError{unknown_name_message(kind, name, {names.begin(), names.end()})};
}

/// A catalogue finds files by their stem: the name inside must be the same word.
void require_own_name(const std::string& name, const fs::path& file, const Location& where) {
  if (name == file.stem().string()) return;
  throw InputError{where, "name '" + name + "' differs from the file's name '" + file.stem().string() + "'"};
}

/// "flash2" stands for rt_flash2; nothing for other names.
bool is_bare_algorithm(const std::string& name) { return from_name<Algorithm>(name).has_value(); }

}  // namespace

ProfileCatalogue::ProfileCatalogue(std::vector<fs::path> directories) : directories_{std::move(directories)} {}

std::vector<std::string> ProfileCatalogue::names() const { return yaml_names_in(directories_, Depth::folder); }

fs::path ProfileCatalogue::find(const std::string& name_or_path) const {
  if (is_file_path(name_or_path)) return name_or_path;
  fs::path file = find_in(directories_, name_or_path);
  if (file.empty()) unknown_name("profile", name_or_path, names(), directories_);
  return file;
}

Profile ProfileCatalogue::load(const std::string& name_or_path, const std::vector<Setting>& settings) const {
  const fs::path file = find(name_or_path);
  Profile profile = load_profile(file, settings, directories_);
  if (!is_file_path(name_or_path)) require_own_name(profile.name, file, profile.where);
  return profile;
}

SpecCatalogue::SpecCatalogue(std::vector<fs::path> directories) : directories_{std::move(directories)} {}

std::vector<std::string> SpecCatalogue::names() const {
  const std::vector<std::string> files = yaml_names_in(directories_, Depth::folder);
  std::vector<std::string> names;
  for (const std::string_view algorithm : all_names<Algorithm>()) {
    const bool is_ours = std::find(files.begin(), files.end(), "rt_" + std::string{algorithm}) != files.end();
    if (is_ours) names.emplace_back(algorithm);
  }
  std::sort(names.begin(), names.end());
  names.insert(names.end(), files.begin(), files.end());
  return names;
}

fs::path SpecCatalogue::find(const std::string& name_or_path) const {
  if (is_file_path(name_or_path)) return name_or_path;
  fs::path file = find_in(directories_, is_bare_algorithm(name_or_path) ? "rt_" + name_or_path : name_or_path);
  if (file.empty()) unknown_name("kernel", name_or_path, names(), directories_);
  return file;
}

KernelSpec SpecCatalogue::load(const std::string& name_or_path) const {
  const fs::path file = find(name_or_path);
  KernelSpec spec = load_spec(file);
  if (is_file_path(name_or_path)) return spec;
  require_own_name(spec.name, file, spec.where);
  if (is_bare_algorithm(name_or_path)) {
    spec.name = name_or_path;
    spec.what_if_anywhere = true;
  }
  return spec;
}

}  // namespace rooftile::yaml
