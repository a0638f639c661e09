// One entry of an experiment's `workloads:` list: value lists per column, and every combination of them.
//
//   {batch: 4, heads: 16, seq: 512:2048:x2, head_dim: [64, 128]}        3 x 2 = 6 workloads
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "rooftile/model/kernel_spec.hpp"
#include "rooftile/model/names.hpp"
#include "rooftile/model/workload.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::runner {

/// Which tile shapes a cell is asked with: the kernel's own (or what br, bc, warps and stages say), every shape that
/// fits the device, or those that do not too (tile_candidates.hpp).
enum class TileSet : std::uint8_t { own, feasible, all };

/// What one combination asks for, beside profile and kernel.
struct GridCell {
  Workload workload;
  SpecOverrides overrides;
  std::optional<L2State> l2;
  TileSet tiles = TileSet::own;
};

/// All combinations of an entry: a nested loop over its columns, the first of them outermost, in the order
///   batch, heads, kv_heads, seq (or seq_q, seq_kv), head_dim, dtype, mask, pass, dropout,
///   br, bc, warps, stages (or tiles), l2                                                                 attention
///   batch, mn (or m, n), k, dtype, br, bc, warps, stages, l2                                             gemm
///   rows, cols, dtype, l2                                                                                softmax
/// Defaults: op attention, kv_heads = heads, dtype fp16, mask none, pass fwd, dropout 0; batch 1 for gemm.
/// Throws InputError at the value that is wrong, or at the entry for numbers that make no workload or too many cells.
[[nodiscard]] std::vector<GridCell> expand_grid(const yaml::Node& entry, std::size_t most);

}  // namespace rooftile::runner

template <>
struct rooftile::EnumNames<rooftile::runner::TileSet> {
  using enum runner::TileSet;
  static constexpr std::string_view kind = "tiles";
  static constexpr Named<runner::TileSet> table[] = {{own, "own"}, {feasible, "feasible"}, {all, "all"}};
};
