#include "question/measured_names.hpp"

#include <algorithm>

#include "rooftile/model/error.hpp"

namespace rooftile::experiments {

std::string profile_of_device(std::string_view device_name, const Catalogues& catalogues) {
  std::vector<std::string> found;
  std::vector<std::string> known;
  for (const std::string& name : catalogues.profiles().names()) {
    const Profile profile = catalogues.profiles().load(name);
    if (std::find(profile.device_names.begin(), profile.device_names.end(), device_name) != profile.device_names.end())
      found.push_back(name);
    known.insert(known.end(), profile.device_names.begin(), profile.device_names.end());
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    throw InputError{unknown_name_message("device", device_name, {known.begin(), known.end()}) +
                     "; name it under device_names of its profile, or say which with --profile"};
  }
  throw InputError{"the device '" + std::string{device_name} + "' stands in more than one profile: " +
                   join({found.begin(), found.end()}) + "; say which with --profile"};
}

std::vector<std::string> measurable_kernels(const Catalogues& catalogues) {
  std::vector<std::string> names = catalogues.specs().names();
  for (const std::string_view peer : peer_libraries) {
    if (std::find(names.begin(), names.end(), peer) == names.end()) names.emplace_back(peer);
  }
  return names;
}

}  // namespace rooftile::experiments
