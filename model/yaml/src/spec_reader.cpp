#include "rooftile/model_yaml/spec_reader.hpp"

#include <algorithm>

#include "compute_capability.hpp"
#include "flash_spec.hpp"
#include "rooftile/model/tile_table.hpp"
#include "rooftile/model_yaml/calibration_reader.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::yaml {
namespace {

constexpr std::string_view spec_schema = "rooftile.spec/1";
constexpr std::string_view own_table = "tile_table";
constexpr std::string_view paper_rule = "paper";
constexpr std::int64_t most_extent = 65536;  // of a tile, in elements
constexpr std::int64_t most_rows = (std::int64_t{1} << 31) - 1;
constexpr std::size_t most_extra_passes = 12;  // beside the launches of the algorithm they fill a program

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

/// fwd or bwd.
Pass read_one_pass(const Node& node) {
  const Pass pass = node.as_enum<Pass>();
  if (pass == Pass::fwd_bwd) node.fail("'fwd+bwd': write one row for fwd and one for bwd");
  return pass;
}

ExtraPass read_extra_pass(const Node& node) {
  Map map{node};
  ExtraPass pass;
  pass.name = map.required("name").as_text();
  if (const Node* of = map.optional("pass")) pass.pass = read_one_pass(*of);
  pass.place = map.required("place").as_enum<ExtraPass::Place>();
  pass.when = map.required("when").as_enum<PassCondition>();
  pass.shared = optional_bool(map, "shared");
  pass.reads_shared = optional_bool(map, "reads_shared");
  pass.by_offsets = optional_bool(map, "by_offsets");
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
  if (passes.size() > most_extra_passes) {
    list.fail(std::to_string(passes.size()) + " extra passes: " + std::to_string(most_extra_passes) + " at most");
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
  if (algorithm == Algorithm::standard) {
    row.bk = map.required("bk").as_integer(1, most_extent);
    if (const Node* dtypes = map.optional("dtypes")) row.dtypes = read_names<DType>(*dtypes);
    row.whole_tiles = optional_bool(map, "whole_tiles");
  }
  row.warps = optional_int(map, "warps", row.warps, 1, 32);
  row.stages = optional_int(map, "stages", row.stages, 1, 32);
  if (const Node* pass = map.optional("pass")) {
    row.pass = pass->as_enum<Pass>();
  } else if (algorithm == Algorithm::standard) {
    row.pass = Pass::fwd_bwd;
  }
  row.registers = optional_int(map, "registers", row.registers, 16, 255);
  if (const Node* smem = map.optional("smem")) row.smem = static_cast<std::int64_t>(smem->as_quantity({.byte = 1}));
  if (algorithm != Algorithm::standard) read_flash_tile(row, algorithm, map, node);
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

bool has_op(const KernelSpec& spec, Op op) { return std::find(spec.ops.begin(), spec.ops.end(), op) != spec.ops.end(); }

/// What the passes of standard attention are; the flash algorithms have none of these keys.
void read_standard(KernelSpec& spec, Map& map) {
  if (has_op(spec, Op::attention) || has_op(spec, Op::softmax)) {
    spec.softmax = map.required("softmax").as_enum<SoftmaxPasses>();
    if (const Node* whose = map.optional("row_kernels")) spec.row_kernels = whose->as_enum<RowKernels>();
  }
  if (!has_op(spec, Op::attention)) return;
  spec.copies_q_and_k = optional_bool(map, "copies_q_and_k");
  spec.copies_v = optional_bool(map, "copies_v");
  spec.scales_k = optional_bool(map, "scales_k");
  spec.expands_kv = optional_bool(map, "expands_kv");
  spec.logsumexp = optional_bool(map, "logsumexp");
  if (const Node* passes = map.optional("extra_passes")) spec.extra_passes = read_extra_passes(*passes);
  if (const Node* backward = map.optional("softmax_backward")) {
    spec.softmax_backward = backward->as_enum<SoftmaxBackward>();
  }
  spec.scales_gradients = optional_bool(map, "scales_gradients");
  spec.gathers_gradients = optional_bool(map, "gathers_gradients");
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
  if (spec.algorithm == Algorithm::standard) {
    if (const Node* ops = map.optional("ops")) spec.ops = read_names<Op>(*ops);
  }
  spec.dtypes = read_names<DType>(map.required("dtypes"));
  if (has_op(spec, Op::attention)) {
    spec.passes = read_names<Pass>(map.required("passes"));
    spec.masks = read_names<Mask>(map.required("masks"));
    spec.dropout = optional_bool(map, "dropout");
    spec.writes_cache = optional_bool(map, "writes_cache");
    spec.copies_group = optional_bool(map, "copies_group");
    spec.sorts_sequences = optional_bool(map, "sorts_sequences");
    if (const Node* place = map.optional("kv_placement")) spec.kv_placement = place->as_enum<Placement>();
    if (const Node* most = map.optional("max_seq_kv")) spec.max_seq_kv = most->as_integer(1, most_rows);
  }
  read_architectures(map, spec);
}

/// A pass that is covered needs a tile of its own.
void check_passes(const KernelSpec& spec, const Node& passes) {
  const auto has = [&](Pass wanted) {
    return spec.paper_tile || std::any_of(spec.tiles.begin(), spec.tiles.end(), [&](const TileRow& row) {
             return row.pass == wanted || row.pass == Pass::fwd_bwd;
           });
  };
  for (const Pass pass : spec.passes) {
    if (pass != Pass::bwd && !has(Pass::fwd)) passes.fail("no row of tiles is for pass fwd");
    if (pass != Pass::fwd && !has(Pass::bwd)) passes.fail("no row of tiles is for pass bwd");
    if (pass != Pass::fwd && spec.algorithm == Algorithm::split_kv) passes.fail("split_kv has no backward");
  }
}

/// What one kernel of an implementation is: its instruction, its algorithm's keys, its tiles.
void read_kernel(KernelSpec& spec, Map& map) {
  if (const Node* math = map.optional("math")) spec.math = math->as_enum<MathPath>();
  spec.algorithm == Algorithm::standard ? read_standard(spec, map) : read_flash_keys(spec, map);
  if (!has_op(spec, Op::attention) && !has_op(spec, Op::gemm)) return;  // a softmax has no tiles of its own
  const Node& tiles = map.required("tiles");
  spec.paper_tile =
      spec.algorithm == Algorithm::flash1 && tiles.kind() == NodeKind::text && tiles.as_text() == paper_rule;
  if (!spec.paper_tile) spec.tiles = read_tiles(tiles, spec);
  if (spec.algorithm == Algorithm::flash3) read_schedule(spec.tiles, map);
  if (spec.algorithm == Algorithm::standard) read_score_padding(spec, map);
}

/// Kernels that take some calls: as the spec they stand in, but for what they say themselves.
std::vector<KernelSpec> read_instead(const Node& list, const KernelSpec& spec) {
  std::vector<KernelSpec> kernels;
  for (const Node& node : list.as_list()) {
    Map map{node};
    KernelSpec kernel = spec;
    kernel.where = node.where();
    kernel.algorithm = map.required("algorithm").as_enum<Algorithm>();
    if (const Node* when = map.optional("when")) kernel.takes_over = when->as_enum<TakesOver>();
    if (const Node* passes = map.optional("passes")) kernel.passes = read_names<Pass>(*passes);
    if (const Node* masks = map.optional("masks")) kernel.masks = read_names<Mask>(*masks);
    if (const Node* dropout = map.optional("dropout")) kernel.dropout = dropout->as_bool();
    read_architectures(map, kernel);
    read_kernel(kernel, map);
    map.finish();
    if (kernel.takes_over == TakesOver::split && kernel.split_rule == SplitRule::fixed) {
      node.fail("when: split needs the name of a rule in 'splits'");
    }
    kernels.push_back(std::move(kernel));
  }
  if (kernels.empty()) list.fail("an empty list");
  return kernels;
}

/// Constants fitted to the spec's own measurements, or to those of the spec that it names.
void read_calibration(KernelSpec& spec, Map& map, const std::filesystem::path& file) {
  const Node* borrowed = map.optional("constants_of");
  const std::filesystem::path fitted =
      calibration_file(file.parent_path(), borrowed != nullptr ? borrowed->as_text() : spec.name);
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(fitted, ignored)) {
    if (borrowed != nullptr)
      borrowed->fail("'" + borrowed->as_text() + "' has no calibration (" + fitted.string() + ")");
    return;
  }
  spec.calibration = load_calibration(fitted);
  if (borrowed != nullptr) spec.calibration.borrowed_from = borrowed->as_text();
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
  if (const Node* launch = map.optional("launch")) spec.launch = launch->as_enum<LaunchStyle>();
  if (const Node* l2 = map.optional("l2")) spec.l2 = l2->as_enum<L2State>();
  read_kernel(spec, map);
  if (has_op(spec, Op::attention)) check_passes(spec, *map.optional("passes"));
  read_calibration(spec, map, file);
  if (const Node* list = map.optional("instead")) spec.instead = read_instead(*list, spec);
  map.finish();
  return spec;
}

}  // namespace rooftile::yaml
