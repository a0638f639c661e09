#include "question/catalogues.hpp"

namespace rooftile::experiments {

Catalogues::Catalogues(const DataDirectories& data) : profiles_{{data.profiles()}}, specs_{{data.specs()}} {}

std::shared_ptr<const Profile> Catalogues::profile(const std::string& name, const std::vector<Setting>& settings) {
  std::string key = name;
  for (const Setting& setting : settings) key += '\n' + setting.path + '=' + setting.text;
  const std::lock_guard lock{mutex_};
  auto& kept = profile_cache_[key];
  if (!kept) kept = std::make_shared<const Profile>(profiles_.load(name, settings));
  return kept;
}

std::shared_ptr<const KernelSpec> Catalogues::spec(const std::string& name) {
  const std::lock_guard lock{mutex_};
  auto& kept = spec_cache_[name];
  if (!kept) kept = std::make_shared<const KernelSpec>(specs_.load(name));
  return kept;
}

}  // namespace rooftile::experiments
