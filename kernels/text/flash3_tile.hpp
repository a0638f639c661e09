// What the two kinds of warps of flash3.hpp agree on: the call, where things lie in shared memory, which rows and key
// blocks a tile has.
#pragma once

#include <cstdint>

#include "isa/isa.hpp"
#include "rooftile/model/tile_table.hpp"
#include "text/call_params.hpp"
#include "text/flash3_order.hpp"

namespace rooftile::kernels::flash3 {

/// Tensors as AttentionCall describes them; O and LSE are written whole. K and V in boxes of bc rows, Q and O of 64.
struct Params : text::CallSizes, TileOrder {
  TensorMap q;
  TensorMap k;
  TensorMap v;
  TensorMap o;
  float* lse;
};

/// Rows of a consumer warpgroup.
inline constexpr int group_rows = 64;

/// Where things are in shared memory, and who arrives at its mbarriers.
template <int head_dim>
struct Layout {
  static constexpr OwnTile tile = own_tile("flash3", head_dim);
  static constexpr int br = tile.br, bc = tile.bc, stages = tile.stages;
  static constexpr int groups = tile.warps / group_warps - 1;  ///< consumer warpgroups
  static_assert(groups * group_rows == br);
  static constexpr int boxes = head_dim / box_cols;
  static constexpr std::uint32_t box_row = box_cols * 2;  ///< bytes
  static constexpr std::uint32_t q_bytes = br * head_dim * 2, block_bytes = bc * head_dim * 2;
  static constexpr std::uint32_t q = 0, k = q_bytes, v = k + stages * block_bytes, mbarriers = v + stages * block_bytes;
  static constexpr std::uint32_t q_landed = mbarriers, q_free = q_landed + 8 * groups;              ///< one per group
  static constexpr std::uint32_t k_landed = q_free + 8 * groups, v_landed = k_landed + 8 * stages;  ///< one per stage
  static constexpr std::uint32_t k_free = v_landed + 8 * stages, v_free = k_free + 8 * stages;
  static_assert(v_free + 8 * stages <= tile.smem);
};

/// A buffer and how often it was used: mbarrier phases alternate.
template <int stages>
struct Stage {
  std::uint32_t index = 0;
  std::uint32_t parity = 0;
  ROOFTILE_KERNEL void advance() {
    if (++index == stages) index = 0, parity ^= 1u;
  }
};

/// A tile of query rows: what producer and consumers agree on.
template <int head_dim>
struct QueryTile {
  using Place = Layout<head_dim>;
  int first_row;
  int head;     ///< of Q and O, over the batch
  int kv_head;  ///< of K and V, over the batch

  ROOFTILE_KERNEL QueryTile(const Params& p, int place)
      : first_row{p.tile(place) * Place::br}, head{p.head(place)}, kv_head{head / p.group} {}

  /// One past the last key block that any row of the tile sees.
  ROOFTILE_KERNEL int seen_blocks(const Params& p) const {
    constexpr int bc = Place::bc;
    const int blocks = (p.seq_kv + bc - 1) / bc;
    return p.causal ? clamp((first_row + Place::br - 1 + p.seq_kv - p.seq_q + bc) / bc, blocks) : blocks;
  }
  /// One past the last key block that every row of the tile sees whole.
  ROOFTILE_KERNEL int unmasked_blocks(const Params& p) const {
    const int whole = p.seq_kv / Place::bc;
    return p.causal ? clamp((first_row + p.seq_kv - p.seq_q + 1) / Place::bc, whole) : whole;
  }

 private:
  ROOFTILE_KERNEL static int clamp(int value, int most) { return value < 0 ? 0 : value < most ? value : most; }
};

}  // namespace rooftile::kernels::flash3
