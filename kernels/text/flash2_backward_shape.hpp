// How the warps of the FlashAttention-2 backward share their five products, and where dQ grows. Each warp owns a part
// of every result, 32 rows and as many columns as make all warps' parts the whole:
//
//   d = 128, 8 warps     S, dP  64 x 128 = 2 x 4 parts of 32 x 32      dV, dK  128 x 128 = 4 x 2 parts of 32 x 64
//                        dQ     64 x 128 = 2 x 4 parts of 32 x 32
//
// Wide parts read each operand less often from shared memory: 32 x 32 reads 1/16 element per multiply-add, a strip of
// 16 whole rows would read almost 1/8.
//
// dQ grows in fp32 by atomics, tile after tile of queries; inside a tile value v of lane l of warp w stands at
// (v · warps + w) · 32 + l. So a warp adds 128 bytes in a row, and whoever converts dQ gets its accumulators back as
// they were. (FlashAttention-2 does the same: GmemLayoutAtomdQaccumAtomicAdd, csrc/flash_attn/src/kernel_traits.h.)
#pragma once

#include <cstdint>

#include "isa/isa.hpp"
#include "rooftile/model/tile_table.hpp"
#include "text/call_params.hpp"

namespace rooftile::kernels::flash2_backward {

/// What P and dS are made from: tensors as AttentionCall describes them, and D in the layout of LSE.
struct BackwardInputs {
  const void* q;
  const void* k;
  const void* v;
  const void* grad_o;
  const float* lse;
  const float* delta;
};
struct BackwardParams : BackwardInputs, text::CallSizes {};

/// Kernels with and without dropout have one shape, which D, the sum of dQ and its conversion share.
constexpr bool same_shape(const OwnTile& a, const OwnTile& b) {
  return a.br == b.br && a.bc == b.bc && a.warps == b.warps && a.stages == b.stages && a.smem == b.smem;
}

template <int head_dim>
struct Shape {
  static constexpr OwnTile tile = own_tile("flash2_backward", head_dim);
  static constexpr int br = tile.br, bc = tile.bc, warps = tile.warps, stages = tile.stages;
  static constexpr int row_bytes = head_dim * 2, score_row_bytes = bc * 2;
  static constexpr int part_rows = 32, m_tiles = part_rows / 16;

  /// Parts below each other, and columns of a part: of S, dP and dQ (rows are queries), of dV and dK (rows are keys).
  static constexpr int query_parts = br / part_rows, key_parts = bc / part_rows;
  static constexpr int score_cols = bc * query_parts / warps;
  static constexpr int grad_q_cols = head_dim * query_parts / warps;
  static constexpr int grad_k_cols = head_dim * key_parts / warps;
  static_assert(score_cols % 16 == 0 && grad_q_cols % 16 == 0 && grad_k_cols % 16 == 0);

  /// Tiles of queries.
  ROOFTILE_BOTH static constexpr int query_tiles(int seq_q) { return (seq_q + br - 1) / br; }

  /// Elements of the sum of dQ before a tile of a head, over the batch.
  ROOFTILE_BOTH static constexpr std::int64_t sum_before(int head, int seq_q, int query_tile) {
    return (std::int64_t{head} * query_tiles(seq_q) + query_tile) * std::int64_t{br} * head_dim;
  }
  /// Where in the sum of a tile lane 0 of a warp has its value `value`.
  ROOFTILE_BOTH static constexpr std::int64_t sum_place(int value, int warp) {
    return (std::int64_t{value} * warps + warp) * warp_size;
  }
};

}  // namespace rooftile::kernels::flash2_backward
