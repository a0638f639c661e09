#include "rooftile/model/tile_table.hpp"

#include <algorithm>

#include "rooftile/model/kernel_spec.hpp"

namespace rooftile {
namespace {

constexpr ComputeCapability first_sm80{8, 0}, last_sm80{8, 9};
constexpr ComputeCapability first_sm90{9, 0};
constexpr std::int64_t any_head_dim = 256;  // the widest that our kernels take
constexpr int narrow_gemm = 64;

/// `kernel` itself, or one of its variants: rt_standard has the rows of rt_standard_online.
bool has_rows_of(std::string_view kernel, std::string_view name) {
  return name == kernel || (name.starts_with(kernel) && name[kernel.size()] == '_');
}

/// Compiled with dropout: a row of its own, beside the one without.
bool drops(const OwnTile& tile) { return tile.launch.ends_with("_dropout"); }
std::string_view without(std::string_view suffix, std::string_view launch) {
  return launch.ends_with(suffix) ? launch.substr(0, launch.size() - suffix.size()) : launch;
}
/// Compiled with key padding, in the same way.
bool masks_keys(const OwnTile& tile) { return without("_dropout", tile.launch).ends_with("_padding"); }
/// "flash1" of "flash1_padding_dropout".
std::string_view family_of(const OwnTile& tile) { return without("_padding", without("_dropout", tile.launch)); }

/// A forward kernel that does a whole tile of queries.
bool is_flash(const OwnTile& tile) {
  const std::string_view family = family_of(tile);
  return family == "flash1" || family == "flash2" || family == "flash3" || family == "split_kv";
}

/// The main kernel of a backward.
bool is_flash_backward(const OwnTile& tile) { return family_of(tile) == "flash2_backward"; }

/// Rows that a spec can choose from: attention tiles, and the GEMM in its full width.
bool chosen_by_head_dim(const OwnTile& tile) {
  return is_flash(tile) || is_flash_backward(tile) || (tile.launch == "gemm" && tile.bc != narrow_gemm);
}

/// The masks that a row serves; empty: any. Where key padding has rows of its own, the others are for the rest.
std::vector<Mask> masks_of(const OwnTile& tile) {
  if (masks_keys(tile)) return {Mask::key_padding};
  const bool beside = std::any_of(own_tiles.begin(), own_tiles.end(), [&](const OwnTile& other) {
    return masks_keys(other) && other.kernel == tile.kernel;
  });
  return beside ? std::vector{Mask::none, Mask::causal} : std::vector<Mask>{};
}

TileRow row_of(const OwnTile& tile) {
  TileRow row;
  row.masks = masks_of(tile);
  row.head_dim = tile.head_dim == 0 ? any_head_dim : tile.head_dim;
  row.br = tile.br;
  row.bc = tile.bc;
  row.bk = tile.bk;
  row.warps = tile.warps;
  row.stages = tile.stages;
  row.dropout_only = drops(tile);
  row.never_drops = !drops(tile) && std::any_of(own_tiles.begin(), own_tiles.end(), [&](const OwnTile& other) {
    return drops(other) && other.kernel == tile.kernel;
  });
  if (tile.launch == "gemm") row.pass = Pass::fwd_bwd;
  if (is_flash_backward(tile)) row.pass = Pass::bwd;
  if (is_flash(tile) || is_flash_backward(tile)) row.smem = tile.smem;  // a GEMM's follows from its width
  return row;
}

}  // namespace

std::vector<TileRow> own_tile_rows(std::string_view kernel) {
  constexpr OwnTile narrow = own_tile("gemm", narrow_gemm);
  std::vector<TileRow> rows;
  for (const OwnTile& tile : own_tiles) {
    if (!has_rows_of(tile.kernel, kernel) || !chosen_by_head_dim(tile)) continue;
    const bool gemm = tile.launch == "gemm", split = tile.launch == "split_kv";
    TileRow row = row_of(tile);
    row.from = first_sm80;
    row.to = last_sm80;
    row.registers = tile.registers_sm80;
    if (gemm) row.registers_narrow = narrow.registers_sm80;
    if (split) row.registers_merge = own_tile("merge", tile.head_dim).registers_sm80;
    rows.push_back(row);
    row.from = first_sm90;
    row.to = TileRow{}.to;
    row.registers = tile.registers_sm90;
    if (gemm) row.registers_narrow = narrow.registers_sm90;
    if (split) row.registers_merge = own_tile("merge", tile.head_dim).registers_sm90;
    rows.push_back(row);
  }
  return rows;
}

}  // namespace rooftile
