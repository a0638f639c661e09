#include "profile_layer.hpp"

#include <algorithm>
#include <cmath>

#include "compute_capability.hpp"
#include "rooftile/model/format_quantity.hpp"

namespace rooftile::yaml {
namespace {

constexpr std::string_view profile_schema = "rooftile.profile/1";
constexpr std::string_view dram_type_path = "memory.dram.type";  // the one text among the numbers

/// Numbers of `measured:` and `expect:`, which are no leaves of the Device.
struct NamedQuantity {
  std::string_view name;
  Dimension dimension;
};
constexpr NamedQuantity measured_quantities[] = {
    {"dram_init", BytesPerSecond::dimension},   {"dram_read", BytesPerSecond::dimension},
    {"dram_scale", BytesPerSecond::dimension},  {"dram_copy", BytesPerSecond::dimension},
    {"dram_triad", BytesPerSecond::dimension},  {"l2_read", BytesPerSecond::dimension},
    {"l2_read_far", BytesPerSecond::dimension}, {"l1_read", BytesPerSecond::dimension},
    {"gemm_fp16", FlopsPerSecond::dimension},   {"gemm_bf16", FlopsPerSecond::dimension},
    {"gemm_fp8", FlopsPerSecond::dimension},    {"gemm_tf32", FlopsPerSecond::dimension},
    {"gemm_fp32", FlopsPerSecond::dimension},   {"wgmma_fp16", FlopsPerSecond::dimension},
    {"constant_power", Watts::dimension},
};
constexpr NamedQuantity expected_quantities[] = {
    {"fp16_fp32", FlopsPerSecond::dimension}, {"bf16_fp32", FlopsPerSecond::dimension},
    {"tf32_fp32", FlopsPerSecond::dimension}, {"fp8_fp32", FlopsPerSecond::dimension},
    {"dram", BytesPerSecond::dimension},      {"smem_total", BytesPerSecond::dimension},
    {"ridge_fp16", FlopsPerByte::dimension},
};

/// What the leaves of a map have unless they say otherwise.
struct Defaults {
  std::string source;
  Kind kind = Kind::spec;
};

Defaults inner_defaults(const Node& map, Defaults outer) {
  for (const Entry& entry : map.as_entries()) {
    if (entry.key == "source") outer.source = entry.value.as_text();
  }
  return outer;
}

/// `set` is what --set makes of a leaf; a file says where a number comes from.
Kind read_kind(const Node& node) {
  std::vector<std::string_view> allowed = all_names<Kind>();
  std::erase(allowed, name_of(Kind::set));
  const std::string& name = node.as_text();
  if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) return *from_name<Kind>(name);
  node.fail(unknown_name_message(EnumNames<Kind>::kind, name, allowed));
}

/// A leaf's value: a scalar, or {value, source, kind}. Nothing if it is null.
std::optional<StatedLeaf> read_statement(const std::string& path, const Node& node, Dimension dimension,
                                         const Defaults& defaults) {
  StatedLeaf stated;
  stated.path = path;
  stated.dimension = dimension;
  stated.kind = defaults.kind;
  stated.source = defaults.source;
  stated.where = node.where();
  const Node* value = &node;
  if (node.is_map()) {
    Map map{node};
    value = map.optional("value");
    if (!map.contains("value")) node.fail("missing key 'value'");
    if (const Node* source = map.optional("source")) stated.source = source->as_text();
    if (const Node* kind = map.optional("kind")) stated.kind = read_kind(*kind);
    map.finish();
  }
  if (value == nullptr || value->is_null()) return std::nullopt;
  stated.text = value->as_text();
  stated.value = value->as_quantity(dimension);
  return stated;
}

std::string below(const std::string& path, const std::string& key) { return path.empty() ? key : path + '.' + key; }

/// Reads the maps of device leaves: clock, sm, memory, launch, power, energy and what stands in them.
class LeafReader {
 public:
  explicit LeafReader(ProfileLayer& layer) : layer_{layer} {}

  void read(const std::string& path, const Node& node, const Defaults& outer) {
    if (const DeviceLeaf* leaf = find_leaf(path)) return read_leaf(*leaf, node, outer);
    const Defaults defaults = inner_defaults(node, outer);
    const std::vector<std::string_view> known = keys_below(path);
    for (const Entry& entry : node.as_entries()) {
      if (entry.key == "source") continue;
      if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
        throw InputError{entry.where, unknown_name_message("key", entry.key, known)};
      }
      const std::string inner = below(path, entry.key);
      if (inner == dram_type_path) {
        layer_.dram_type = entry.value.as_text();
      } else {
        read(inner, entry.value, defaults);
      }
    }
  }

 private:
  void read_leaf(const DeviceLeaf& leaf, const Node& node, const Defaults& defaults) {
    LeafStatement statement{&leaf, read_statement(std::string{leaf.path}, node, leaf.dimension, defaults)};
    if (statement.stated) {
      const StatedLeaf& stated = *statement.stated;
      if (const auto error = range_error(leaf, stated.value, stated.text)) throw InputError{stated.where, *error};
    }
    layer_.leaves.push_back(std::move(statement));
  }

  ProfileLayer& layer_;
};

template <std::size_t Size>
std::vector<StatedLeaf> read_named(const Node& node, const std::string& group, const NamedQuantity (&table)[Size],
                                   Defaults defaults) {
  defaults = inner_defaults(node, defaults);
  Map map{node};
  map.allow("source");
  std::vector<StatedLeaf> leaves;
  for (const NamedQuantity& quantity : table) {
    const Node* value = map.optional(quantity.name);
    if (value == nullptr) continue;
    const std::string path = group + '.' + std::string{quantity.name};
    if (auto stated = read_statement(path, *value, quantity.dimension, defaults)) leaves.push_back(*stated);
  }
  map.finish();
  return leaves;
}

std::string optional_text(Map& map, std::string_view key) {
  const Node* node = map.optional(key);
  return node == nullptr ? std::string{} : node->as_text();
}

void read_head(ProfileLayer& layer, Map& map) {
  if (const Node* extends = map.optional("extends")) {
    layer.extends = extends->as_text();
    layer.extends_where = extends->where();
  }
  // A what-if is three lines: extends, name and the changed leaf.
  if (layer.extends.empty() || map.contains("schema")) require_schema(map, profile_schema);
  layer.name = optional_text(map, "name");
  layer.vendor = optional_text(map, "vendor");
  layer.description = optional_text(map, "description");
  if (const Node* names = map.optional("device_names")) layer.device_names = names->as_texts();
  if (const Node* node = map.optional("compute_capability")) layer.compute_capability = read_capability(*node);
}

}  // namespace

std::vector<std::string_view> keys_below(std::string_view path) {
  std::vector<std::string_view> keys;
  const auto add = [&](std::string_view full) {
    if (!path.empty() && !(full.starts_with(path) && full.size() > path.size() && full[path.size()] == '.')) return;
    const std::string_view rest = path.empty() ? full : full.substr(path.size() + 1);
    const std::string_view key = rest.substr(0, rest.find('.'));
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  };
  if (path == "memory.dram") add(dram_type_path);
  for (const DeviceLeaf& leaf : device_leaves()) add(leaf.path);
  return keys;
}

std::optional<std::string> range_error(const DeviceLeaf& leaf, double value, const std::string& text) {
  if (value < leaf.least || value > leaf.most) {
    return std::string{leaf.path} + ": '" + text + "' is outside " + format_quantity(leaf.least, leaf.dimension) +
           " .. " + format_quantity(leaf.most, leaf.dimension);
  }
  if (leaf.whole && value != std::floor(value)) {
    return std::string{leaf.path} + ": '" + text + "' is not a whole number of " +
           (leaf.dimension == Bytes::dimension ? "bytes" : "units");
  }
  return std::nullopt;
}

ProfileLayer read_layer(const Node& root) {
  ProfileLayer layer;
  layer.where = root.where();
  Map map{root};
  read_head(layer, map);
  const Defaults defaults{optional_text(map, "source"), Kind::spec};
  LeafReader reader{layer};
  const std::vector<std::string_view> groups = keys_below("");
  for (const std::string_view group : groups) map.allow(group);
  for (const Entry& entry : root.as_entries()) {
    const bool is_group = std::find(groups.begin(), groups.end(), entry.key) != groups.end();
    if (is_group) reader.read(entry.key, entry.value, defaults);
  }
  if (const Node* node = map.optional("measured")) {
    layer.measured = read_named(*node, "measured", measured_quantities, {defaults.source, Kind::measured});
  }
  if (const Node* node = map.optional("expect")) {
    layer.expect = read_named(*node, "expect", expected_quantities, defaults);
  }
  map.finish();
  return layer;
}

}  // namespace rooftile::yaml
