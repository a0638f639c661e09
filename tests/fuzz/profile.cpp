// load_profile. A profile that is read can be written from its leaves, and that text is the same hardware.
#include <set>

#include "invariants.hpp"
#include "rooftile/model/format_quantity.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"

namespace rooftile::fuzz {
namespace {

const std::string profiles = std::string{ROOFTILE_SOURCE_DIR} + "/hw_profiles";

/// The leaves below `path` as a YAML flow map: {l2: {capacity: 41943040 B}}.
std::string tree_below(const Profile& profile, const std::string& path) {
  std::string text;
  std::set<std::string> done;
  for (const StatedLeaf& leaf : profile.leaves) {
    if (!path.empty() && !leaf.path.starts_with(path + '.')) continue;
    const std::size_t start = path.empty() ? 0 : path.size() + 1;
    const std::string key = leaf.path.substr(start, leaf.path.find('.', start) - start);
    if (!done.insert(key).second) continue;
    const std::string below = path.empty() ? key : path + '.' + key;
    text += text.empty() ? "" : ", ";
    text += key + ": ";
    text += below == leaf.path ? format_exact(leaf.value, leaf.dimension) : '{' + tree_below(profile, below) + '}';
  }
  return text;
}

/// A profile without extends, every leaf as a number in base units.
std::string written(const Profile& profile) {
  std::string text = "{schema: rooftile.profile/1, name: " + profile.name;
  if (!profile.vendor.empty()) text += ", vendor: amd";  // the one that may lack a compute capability
  const ComputeCapability capability = profile.device.compute_capability;
  if (!(capability == ComputeCapability{})) text += ", compute_capability: \"" + to_string(capability) + '"';
  const std::string leaves = tree_below(profile, "");
  return text + (leaves.empty() ? "" : ", " + leaves) + "}\n";
}

void check_profile(const Profile& profile, const ScratchFile& file) {
  require(!profile.name.empty() && !profile.hash.empty(), "a profile has a name and a hash", profile.text);
  file.write(written(profile));
  const Profile again = yaml::load_profile(file.path());
  require(again.hash == profile.hash, "a profile that is written is the same hardware", written(profile));
  require(differences(profile, again).empty(), "every leaf is the same", written(profile));
  // What --set is given is what the file says.
  Profile set = profile;
  std::vector<yaml::Setting> settings;
  for (const StatedLeaf& leaf : profile.leaves) settings.push_back({leaf.path, leaf.text});
  yaml::apply(set, settings);
  require(set.hash == profile.hash, "--set takes the texts of a profile", profile.text);
}

}  // namespace
}  // namespace rooftile::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rooftile;
  static const fuzz::ScratchFile file{"profile.yaml"};
  const std::string text = fuzz::text_of(data, size);
  file.write(text);
  try {
    fuzz::check_profile(yaml::load_profile(file.path(), {}, {fuzz::profiles}), file);
  } catch (const InputError& error) {
    fuzz::check_refusal(error, text, file.path(), {"the file is empty"}, true);
  }
  return 0;
}
