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
/// "flash2" of "flash2_dropout".
std::string_view family_of(const OwnTile& tile) {
  constexpr std::string_view suffix = "_dropout";
  return drops(tile) ? tile.launch.substr(0, tile.launch.size() - suffix.size()) : tile.launch;
}

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

TileRow row_of(const OwnTile& tile) {
  TileRow row;
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
