#include "flash_spec.hpp"

#include <algorithm>
#include <charconv>

namespace rooftile::yaml {
namespace {

constexpr int most_splits = 128;  // what the published heuristics stop at
constexpr int warpgroup = 4;      // warps

void set(bool& value, Map& map, std::string_view key) {
  if (const Node* node = map.optional(key)) value = node->as_bool();
}

/// A number of parts, or the name of a rule.
void read_splits(KernelSpec& spec, const Node& node) {
  const std::string& text = node.as_text();
  if (!text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    spec.split_rule = SplitRule::fixed;
    spec.splits = static_cast<int>(node.as_integer(1, most_splits));
    return;
  }
  spec.split_rule = node.as_enum<SplitRule>();
  if (spec.split_rule == SplitRule::fixed) node.fail("'fixed' is written as the number of parts itself");
}

void read_flash1(KernelSpec& spec, Map& map) {
  set(spec.as_printed, map, "as_printed");
  set(spec.kv_in_registers, map, "kv_in_registers");
  if (const Node* node = map.optional("row_statistics")) spec.row_statistics = static_cast<int>(node->as_integer(1, 2));
}

/// dO's buffers, and whether V stays in registers.
void read_backward_tile(TileRow& row, Map& map) {
  if (const Node* stages = map.optional("grad_stages")) row.grad_stages = static_cast<int>(stages->as_integer(1, 32));
  set(row.v_in_registers, map, "v_in_registers");
}

}  // namespace

void read_flash_keys(KernelSpec& spec, Map& map) {
  if (const Node* bits = map.optional("dropout_bits")) spec.dropout_bits = static_cast<int>(bits->as_integer(1, 32));
  if (spec.algorithm == Algorithm::flash1) return read_flash1(spec, map);
  if (const Node* packs = map.optional("packs_group")) spec.packs_group = packs->as_enum<GroupPacking>();
  set(spec.longest_first, map, "longest_first");
  const bool splits_keys = spec.algorithm == Algorithm::flash3 || spec.algorithm == Algorithm::split_kv;
  if (splits_keys) {
    if (const Node* sections = map.optional("sections")) spec.sections = sections->as_enum<SectionRule>();
  }
  if (spec.algorithm == Algorithm::flash2) {
    set(spec.deterministic, map, "deterministic");
    set(spec.sums_group, map, "sums_group");
  }
  if (spec.algorithm == Algorithm::flash3) {
    set(spec.ping_pong, map, "ping_pong");
    set(spec.overlap, map, "overlap");
    if (const Node* splits = map.optional("splits")) read_splits(spec, *splits);
  }
  if (spec.algorithm == Algorithm::split_kv) read_splits(spec, map.required("splits"));
}

void read_schedule(std::vector<TileRow>& rows, Map& map) {
  const Node* node = map.optional("schedule");
  if (node == nullptr) return;
  for (TileRow& row : rows) {
    if (row.schedule == Schedule::one_per_cta) row.schedule = node->as_enum<Schedule>();
  }
}

void read_flash_tile(TileRow& row, Algorithm algorithm, Map& map, const Node& node) {
  set(row.dropout_only, map, "dropout");
  if (row.pass == Pass::bwd) read_backward_tile(row, map);
  if (algorithm != Algorithm::flash3) return;
  if (const Node* cluster = map.optional("cluster")) row.cluster = static_cast<int>(cluster->as_integer(1, 16));
  if (const Node* schedule = map.optional("schedule")) row.schedule = schedule->as_enum<Schedule>();
  set(row.p_in_smem, map, "p_in_smem");
  set(row.serial, map, "serial");
  if (row.warps % warpgroup != 0 || row.warps < 2 * warpgroup || row.warps > 4 * warpgroup) {
    node.fail("warps " + std::to_string(row.warps) +
              ": a producer warpgroup and one to three consumers are 8, 12 or 16");
  }
}

}  // namespace rooftile::yaml
