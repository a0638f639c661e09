// Profiles and specs by name, each read once: shared by all threads of a command.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "question/data_directories.hpp"
#include "rooftile/model/kernel_spec.hpp"
#include "rooftile/model/profile.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"

namespace rooftile::experiments {

using yaml::Setting;

/// Reads files when they are first asked for; touches no other file. Every member may be called from any thread.
class Catalogues {
 public:
  explicit Catalogues(const DataDirectories& data);
  Catalogues(const Catalogues&) = delete;
  Catalogues& operator=(const Catalogues&) = delete;

  /// The profile of a name or path, with the settings applied. Throws InputError.
  [[nodiscard]] std::shared_ptr<const Profile> profile(const std::string& name,
                                                       const std::vector<Setting>& settings = {});
  /// The spec of a name or path. Throws InputError.
  [[nodiscard]] std::shared_ptr<const KernelSpec> spec(const std::string& name);

  /// All names (scans the folder).
  [[nodiscard]] const yaml::ProfileCatalogue& profiles() const { return profiles_; }
  [[nodiscard]] const yaml::SpecCatalogue& specs() const { return specs_; }

 private:
  yaml::ProfileCatalogue profiles_;
  yaml::SpecCatalogue specs_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Profile>, std::less<>> profile_cache_;
  std::map<std::string, std::shared_ptr<const KernelSpec>, std::less<>> spec_cache_;
};

}  // namespace rooftile::experiments
