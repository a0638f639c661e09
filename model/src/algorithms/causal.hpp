// Which key blocks a tile of query rows needs under a bottom-right aligned causal mask.
//
// Row r of a tile (packed rows: g query heads of a group share a position, r / g is the position) sees the keys
// j <= floor(r / g) + offset, offset = seq_kv - seq_q. Tile i holds rows [i·br, (i+1)·br); block j holds keys [j·bc,
// (j+1)·bc).
#pragma once

#include <algorithm>

#include "rooftile/model/bound.hpp"

namespace rooftile::algorithms {

struct CausalTiling {
  std::int64_t br;
  std::int64_t bc;
  std::int64_t rows;  ///< query rows in all, group included if packed
  std::int64_t keys;
  std::int64_t offset;     ///< seq_kv - seq_q
  std::int64_t group = 1;  ///< query heads folded into rows; 1: not packed

  [[nodiscard]] std::int64_t blocks() const { return ceil_div(keys, bc); }
};

/// One past the last key block that any row of the tile sees.
[[nodiscard]] inline Bound last_seen_block(IndexId tile_index, const CausalTiling& t) {
  const std::int64_t reach = t.group * (t.offset + t.bc);
  const std::int64_t most = std::min(t.blocks(), floor_div(t.rows - 1 + reach, t.group * t.bc));
  return affine(tile_index, t.br - 1 + reach, t.br, t.group * t.bc, 0, most);
}

/// One past the last key block that every row of the tile sees whole: blocks below need no mask.
[[nodiscard]] inline Bound last_unmasked_block(IndexId tile_index, const CausalTiling& t) {
  const std::int64_t most = std::min(t.keys / t.bc, last_seen_block(tile_index, t).hi);
  return affine(tile_index, t.group * (t.offset + 1), t.br, t.group * t.bc, 0, most);
}

}  // namespace rooftile::algorithms
