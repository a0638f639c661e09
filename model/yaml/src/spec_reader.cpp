#include "rooftile/model_yaml/spec_reader.hpp"

#include <algorithm>

#include "compute_capability.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::yaml {
namespace {

constexpr std::string_view spec_schema = "rooftile.spec/1";
constexpr std::string_view own_table = "tile_table";
constexpr std::int64_t most_extent = 65536;  // of a tile, in elements

template <class E>
std::vector<E> read_names(const Node& list) {
  std::vector<E> values;
  for (const Node& item : list.as_list()) {
    const E value = item.as_enum<E>();
    if (std::find(values.begin(), values.end(), value) != values.end()) item.fail("'" + item.as_text() + "' twice");
    values.push_back(value);
  }
  if (values.empty()) list.fail("an empty list");
  return values;
}

bool optional_bool(Map& map, std::string_view key) {
  const Node* node = map.optional(key);
  return node != nullptr && node->as_bool();
}

int optional_int(Map& map, std::string_view key, int fallback, int least, int most) {
  const Node* node = map.optional(key);
  return node == nullptr ? fallback : static_cast<int>(node->as_integer(least, most));
}

/// {from: "8.0", to: "8.9"}, both ends inclusive.
template <class Row>
void read_architectures(Map& map, Row& row) {
  const Node* node = map.optional("architectures");
  if (node == nullptr) return;
  Map range{*node};
  if (const Node* from = range.optional("from")) row.from = read_capability(*from);
  if (const Node* to = range.optional("to")) row.to = read_capability(*to);
  range.finish();
  if (row.to < row.from) node->fail("'from' is behind 'to'");
}

ExtraPass read_extra_pass(const Node& node) {
  Map map{node};
  ExtraPass pass;
  pass.name = map.required("name").as_text();
  pass.place = map.required("place").as_enum<ExtraPass::Place>();
  pass.when = map.required("when").as_enum<PassCondition>();
  pass.shared = optional_bool(map, "shared");
  pass.reads_shared = optional_bool(map, "reads_shared");
  pass.score_reads = optional_int(map, "score_reads", 0, 0, 1);
  pass.score_writes = optional_int(map, "score_writes", 0, 0, 1);
  pass.byte_mask_reads = optional_int(map, "byte_mask_reads", 0, 0, 1);
  pass.byte_mask_writes = optional_int(map, "byte_mask_writes", 0, 0, 1);
  map.finish();
  if (pass.score_reads + pass.score_writes + pass.byte_mask_reads + pass.byte_mask_writes == 0) {
    node.fail("extra pass '" + pass.name + "' neither reads nor writes");
  }
  return pass;
}

std::vector<ExtraPass> read_extra_passes(const Node& list) {
  std::vector<ExtraPass> passes;
  for (const Node& node : list.as_list()) {
    ExtraPass pass = read_extra_pass(node);
    const auto same = [&](const ExtraPass& other) { return other.name == pass.name; };
    if (std::any_of(passes.begin(), passes.end(), same)) node.fail("a second extra pass '" + pass.name + "'");
    passes.push_back(std::move(pass));
  }
  return passes;
}

TileRow read_tile(const Node& node, Algorithm algorithm) {
  Map map{node};
  TileRow row;
  read_architectures(map, row);
  row.head_dim = map.required("head_dim").as_integer(1, most_extent);
  if (const Node* masks = map.optional("masks")) row.masks = read_names<Mask>(*masks);
  row.br = map.required("br").as_integer(1, most_extent);
  row.bc = map.required("bc").as_integer(1, most_extent);
  if (algorithm == Algorithm::standard) row.bk = map.required("bk").as_integer(1, most_extent);
  row.warps = optional_int(map, "warps", row.warps, 1, 32);
  row.stages = optional_int(map, "stages", row.stages, 1, 32);
  row.registers = optional_int(map, "registers", row.registers, 16, 255);
  if (const Node* smem = map.optional("smem")) row.smem = static_cast<std::int64_t>(smem->as_quantity({.byte = 1}));
  map.finish();
  return row;
}

std::vector<TileRow> read_tiles(const Node& node, const KernelSpec& spec) {
  if (node.kind() == NodeKind::text) {
    if (node.as_text() != own_table) node.fail("'" + node.as_text() + "': expected a list of tiles or tile_table");
    std::vector<TileRow> rows = own_tile_rows(spec.name);
    if (rows.empty()) node.fail("tile_table has no rows for '" + spec.name + "'");
    return rows;
  }
  std::vector<TileRow> rows;
  for (const Node& item : node.as_list()) rows.push_back(read_tile(item, spec.algorithm));
  if (rows.empty()) node.fail("an empty list");
  return rows;
}

/// What the passes of standard attention are; flash2 has none of these keys.
void read_standard(KernelSpec& spec, Map& map) {
  spec.softmax = map.required("softmax").as_enum<SoftmaxPasses>();
  spec.copies_q_and_k = optional_bool(map, "copies_q_and_k");
  spec.expands_kv = optional_bool(map, "expands_kv");
  spec.logsumexp = optional_bool(map, "logsumexp");
  if (const Node* passes = map.optional("extra_passes")) spec.extra_passes = read_extra_passes(*passes);
}

void read_flash(KernelSpec& spec, Map& map) {
  spec.packs_group = optional_bool(map, "packs_group");
  spec.longest_first = optional_bool(map, "longest_first");
}

/// The tiles must be read: none of them may lie in the pad alone.
void read_score_padding(KernelSpec& spec, Map& map) {
  const Node* node = map.optional("score_padding");
  if (node == nullptr) return;
  spec.score_padding = node->as_integer(1, gemm_column_step);
  for (const TileRow& row : spec.tiles) {
    if (gemm_column_step % spec.score_padding == 0 && row.bk % spec.score_padding == 0) continue;
    node->fail("score_padding " + std::to_string(spec.score_padding) + " must divide " +
               std::to_string(gemm_column_step) + " and bk " + std::to_string(row.bk));
  }
}

void read_coverage(KernelSpec& spec, Map& map) {
  spec.dtypes = read_names<DType>(map.required("dtypes"));
  spec.passes = read_names<Pass>(map.required("passes"));
  spec.masks = read_names<Mask>(map.required("masks"));
  spec.dropout = optional_bool(map, "dropout");
  read_architectures(map, spec);
}

}  // namespace

KernelSpec load_spec(const std::filesystem::path& file) {
  const Node root = load_file(file);
  Map map{root};
  require_schema(map, spec_schema);
  KernelSpec spec;
  spec.where = root.where();
  spec.name = map.required("name").as_text();
  spec.description = map.required("description").as_text();
  spec.source = map.required("source").as_text();
  spec.algorithm = map.required("algorithm").as_enum<Algorithm>();
  read_coverage(spec, map);
  if (const Node* math = map.optional("math")) spec.math = math->as_enum<MathPath>();
  if (const Node* launch = map.optional("launch")) spec.launch = launch->as_enum<LaunchStyle>();
  if (const Node* l2 = map.optional("l2")) spec.l2 = l2->as_enum<L2State>();
  spec.algorithm == Algorithm::standard ? read_standard(spec, map) : read_flash(spec, map);
  spec.tiles = read_tiles(map.required("tiles"), spec);
  if (spec.algorithm == Algorithm::standard) read_score_padding(spec, map);
  map.finish();
  return spec;
}

}  // namespace rooftile::yaml
