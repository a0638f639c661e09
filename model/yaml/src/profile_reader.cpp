#include "rooftile/model_yaml/profile_reader.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "folders.hpp"
#include "profile_checks.hpp"
#include "profile_layer.hpp"
#include "profile_text.hpp"
#include "rooftile/model/parse_quantity.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::yaml {
namespace {

namespace fs = std::filesystem;

/// A profile's layers, the file itself first, what it extends behind it.
using Chain = std::vector<ProfileLayer>;

fs::path find_extended(const ProfileLayer& layer, const fs::path& file, const std::vector<fs::path>& directories) {
  std::vector<fs::path> places{file.parent_path()};
  places.insert(places.end(), directories.begin(), directories.end());
  const std::string relative = layer.extends.ends_with(".yaml") ? layer.extends : layer.extends + ".yaml";
  for (const fs::path& place : places) {
    std::error_code ignored;  // a name that is too long is no file
    if (fs::is_regular_file(place / relative, ignored)) return place / relative;
  }
  std::string message = "extends '" + layer.extends + "', which is not found in " + folder_list(places);
  const std::vector<std::string> names = yaml_names_in(places, Depth::all);
  if (const auto near = nearest_name(layer.extends, {names.begin(), names.end()})) {
    message += "; did you mean '" + std::string{*near} + "'?";
  }
  throw InputError{layer.extends_where, message};
}

Chain read_chain(const fs::path& file, const std::vector<fs::path>& directories) {
  Chain chain;
  std::vector<fs::path> seen;
  fs::path next = file;
  while (true) {
    chain.push_back(read_layer(load_file(next)));
    seen.push_back(fs::weakly_canonical(next));
    const ProfileLayer& layer = chain.back();
    if (layer.extends.empty()) return chain;
    next = find_extended(layer, next, directories);
    if (std::find(seen.begin(), seen.end(), fs::weakly_canonical(next)) != seen.end()) {
      throw InputError{layer.extends_where, "extends '" + layer.extends + "', which extends this file in turn"};
    }
  }
}

void put_leaf(Profile& profile, const DeviceLeaf& leaf, const std::optional<StatedLeaf>& stated) {
  *leaf.storage(profile.device) = stated ? stated->value : Count::unknown().value();
  const auto same = [&](const StatedLeaf& other) { return other.path == leaf.path; };
  const auto old = std::find_if(profile.leaves.begin(), profile.leaves.end(), same);
  if (old != profile.leaves.end()) profile.leaves.erase(old);
  if (!stated) return;
  const auto is_before = [](const StatedLeaf& a, const DeviceLeaf& b) { return find_leaf(a.path) < &b; };
  const auto at = std::lower_bound(profile.leaves.begin(), profile.leaves.end(), leaf, is_before);
  profile.leaves.insert(at, *stated);
}

/// Lays the chain's files over each other, the extended ones first. What belongs to one product alone (name,
/// description, driver names, measured and expected totals) comes from the file itself.
Profile resolve(const Chain& chain) {
  Profile profile;
  for (auto layer = chain.rbegin(); layer != chain.rend(); ++layer) {
    for (const LeafStatement& statement : layer->leaves) put_leaf(profile, *statement.leaf, statement.stated);
    if (!layer->vendor.empty()) profile.vendor = layer->vendor;
    if (!layer->dram_type.empty()) profile.dram_type = layer->dram_type;
    if (layer->compute_capability) profile.device.compute_capability = *layer->compute_capability;
  }
  const ProfileLayer& own = chain.front();
  profile.name = own.name;
  profile.device.name = own.name;
  profile.description = own.description;
  profile.device_names = own.device_names;
  profile.measured = own.measured;
  profile.expect = own.expect;
  profile.where = own.where;
  return profile;
}

void require_head(const Profile& profile) {
  if (profile.name.empty()) throw InputError{profile.where, "missing key 'name'"};
  const std::string allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  if (profile.name.find_first_not_of(allowed) != std::string::npos) {
    throw InputError{profile.where, "name '" + profile.name + "' may hold letters, digits, '_', '.' and '-' only"};
  }
  const bool may_have_none = profile.vendor == "amd";  // compute capabilities are NVIDIA's
  if (profile.device.compute_capability == ComputeCapability{} && !may_have_none) {
    throw InputError{profile.where, "missing key 'compute_capability'"};
  }
}

/// For a path that is no leaf: the first word that is not known where it stands, or the leaf whose path ends so.
std::string unknown_path_message(const std::string& path) {
  for (const DeviceLeaf& leaf : device_leaves()) {
    if (leaf.path.ends_with('.' + path)) {
      return "unknown leaf '" + path + "'; did you mean '" + std::string{leaf.path} + "'?";
    }
  }
  if (path == "memory.dram.type") return "'" + path + "' is a text; only numbers can be set";
  std::size_t start = 0;
  while (true) {
    const std::size_t end = std::min(path.find('.', start), path.size());
    const std::string known = start == 0 ? "" : path.substr(0, start - 1);
    const std::string word = path.substr(start, end - start);
    const std::vector<std::string_view> keys = keys_below(known);
    if (keys.empty()) return "'" + known + "' is a number; nothing stands below it";
    const std::string kind = known.empty() ? "key" : "key of " + known;
    if (std::find(keys.begin(), keys.end(), word) == keys.end()) return unknown_name_message(kind, word, keys);
    if (end == path.size()) return "'" + path + "' is a group; its keys: " + join(keys_below(path));
    start = end + 1;
  }
}

StatedLeaf parse_set(const Setting& setting) {
  const std::string where = "--set " + setting.path + ": ";
  const DeviceLeaf* leaf = find_leaf(setting.path);
  if (leaf == nullptr) throw InputError{where + unknown_path_message(setting.path)};
  const auto value = parse_quantity(setting.text, leaf->dimension);
  if (!value) throw InputError{where + value.error()};
  if (const auto error = range_error(*leaf, *value, setting.text)) throw InputError{"--set " + *error};
  return {setting.path, setting.text, *value, leaf->dimension, Kind::set, "set by the user", {}};
}

}  // namespace

Setting parse_setting(const std::string& text) {
  const std::size_t sign = text.find('=');
  if (sign == std::string::npos || sign == 0 || sign + 1 == text.size()) {
    throw InputError{"--set '" + text + "': expected leaf=value, as in memory.dram.bandwidth=\"3 TB/s\""};
  }
  return {text.substr(0, sign), text.substr(sign + 1)};
}

void apply(Profile& profile, const std::vector<Setting>& settings) {
  std::vector<std::string> seen;
  for (const Setting& setting : settings) {
    const StatedLeaf stated = parse_set(setting);
    if (std::find(seen.begin(), seen.end(), setting.path) != seen.end()) {
      throw InputError{"--set " + setting.path + ": given twice"};
    }
    seen.push_back(setting.path);
    put_leaf(profile, *find_leaf(setting.path), stated);
  }
  write_canonical(profile);
}

Profile load_profile(const fs::path& file, const std::vector<Setting>& settings,
                     const std::vector<fs::path>& directories) {
  Profile profile = resolve(read_chain(file, directories));
  require_head(profile);
  check_consistency(profile);
  check_expectations(profile);
  apply(profile, settings);
  return profile;
}

}  // namespace rooftile::yaml
