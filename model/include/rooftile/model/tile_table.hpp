// The tile shapes of rooftile's own kernels: the only place where they stand. The model, the simulator, the kernel
// texts and the launch code read this table; what ptxas reports for each compiled kernel must equal its row.
//
//   kernel       launch  d    Br x Bc   warps  stages  registers (sm_80, sm_90a)  shared memory
//   rt_flash2    flash2  128  128 x 64  4      1       255, 255                   (Br + 2·Bc)·d·2 = 64 KiB
//
// flash2's shapes are those that FlashAttention-2 ships for sm_80 (Dao-AILab/flash-attention,
// csrc/flash_attn/src/flash_fwd_launch_template.h): Q stays in shared memory, one K and one V buffer.
// flash2_backward's are its backward's (flash_bwd_launch_template.h): Br query rows per trip, Bc keys per CTA, `stages`
// buffers of Q. flash2_grad_q makes dQ alone (two CTAs per SM at d = 64 and 128). delta and convert_dq go through rows,
// Br of them per CTA. gemm: Br x Bc is the tile of C in both products and bk the depth of one trip; A and B are
// `stages` deep. flash1 (K, V and one tile of Q) and split_kv (FlashAttention-2's shapes for split keys): as flash2.
// merge, split_kv's second launch: one row of O per CTA.
// X_dropout: the kernels of launch X that drop weights; the narrower blocks of keys of flash2's are FlashAttention-2's.
// X_padding, X_padding_dropout: the same with key padding.
// flash3: a producer warpgroup and two or three that compute, `stages` buffers of K and V; registers at entry, as ptxas
// reports them for sm_90a, for which alone it is compiled (sm_80: the same share, for a what-if without a kernel).
// softmax: a CTA holds Br rows and goes through Bc columns of each per step, 16 bytes per lane.
//
// Standard library only: the kernels build with nvcc alone.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "rooftile/model/rounding.hpp"

namespace rooftile {

/// One compiled shape of one launch of our kernels, 16-bit element types.
struct OwnTile {
  std::string_view kernel;  ///< spec name; "rt_standard" stands for all its softmaxes
  std::string_view launch;  ///< "flash2", "gemm", "softmax_safe" ...
  int head_dim;             ///< compiled for; 0: any
  int br;
  int bc;
  int bk;  ///< GEMM depth per trip; 0 for the others
  int warps;
  int stages;
  int registers_sm80;  ///< per thread, the most of its instances (element types), as ptxas reports them for sm_80
  int registers_sm90;  ///< the same for sm_90a
  std::int64_t smem;   ///< dynamic shared memory, bytes per CTA; 0: softmax_smem() of the call
};

/// Shared memory of a flash2 tile: Q and one buffer each of K and V, 2 bytes per element.
[[nodiscard]] constexpr std::int64_t flash2_smem(std::int64_t br, std::int64_t bc, std::int64_t head_dim) {
  return (br + 2 * bc) * head_dim * 2;
}
/// Shared memory of a flash1 tile with key padding: that of flash2, and a bit per key of the block.
[[nodiscard]] constexpr std::int64_t flash1_padding_smem(std::int64_t br, std::int64_t bc, std::int64_t head_dim) {
  return flash2_smem(br, bc, head_dim) + bc / 8;
}
/// Shared memory of a flash2 backward tile: `stages` buffers of Q, one of dO, K, V, P and dS, 2 bytes per element, LSE
/// and D of the query rows.
[[nodiscard]] constexpr std::int64_t flash2_backward_smem(std::int64_t br, std::int64_t bc, std::int64_t head_dim,
                                                          int stages) {
  return ((stages + 1) * br + 2 * bc) * head_dim * 2 + 2 * br * bc * 2 + 2 * br * 4;
}
/// Shared memory of convert_dq: a tile of dQ on its way out.
[[nodiscard]] constexpr std::int64_t convert_dq_smem(std::int64_t br, std::int64_t head_dim) {
  return br * head_dim * 2;
}
/// Shared memory of a tile that makes dQ alone: Q, dO, K and V.
[[nodiscard]] constexpr std::int64_t flash2_grad_q_smem(std::int64_t br, std::int64_t bc, std::int64_t head_dim) {
  return 2 * (br + bc) * head_dim * 2;
}
/// Key parts that one CTA of split_kv's merge adds up at a time: its 128 threads hold four floats each, or eight of a
/// row of 256.
[[nodiscard]] constexpr int merge_parts(int head_dim) { return head_dim >= 128 ? 4 : 512 / head_dim; }
/// Loads that each of its threads has in flight.
inline constexpr int merge_loads_ahead = 4;
/// Shared memory of the merge: a weight for each of up to 128 parts, maximum and sum of four warps, and a partial row
/// for each part that is added at a time.
[[nodiscard]] constexpr std::int64_t merge_smem(int head_dim) {
  return 128 * 4 + 2 * 4 * 4 + std::int64_t{merge_parts(head_dim)} * head_dim * 4;
}
/// Shared memory of a flash3 tile: Q, `stages` buffers each of K and V, P where PV reads it from there, and 1 KiB of
/// mbarriers and alignment (TMA with a 128-byte swizzle needs 1 KiB).
[[nodiscard]] constexpr std::int64_t flash3_smem(std::int64_t br, std::int64_t bc, std::int64_t head_dim, int stages,
                                                 bool p_in_smem) {
  return (br + bc * stages * 2) * head_dim * 2 + (p_in_smem ? br * bc * 2 : 0) + 1024;
}
/// Shared memory of a GEMM tile, 2 bytes per element: `stages` buffers of A and B, or the tile of C on its way out.
[[nodiscard]] constexpr std::int64_t gemm_smem(std::int64_t br, std::int64_t bc, std::int64_t bk, int stages) {
  const std::int64_t pipeline = (br + bc) * bk * 2 * stages;
  const std::int64_t result = br * bc * 2;
  return pipeline > result ? pipeline : result;
}

/// Elements to which rows of the N² matrices S and P are padded in our standard attention: 16 bytes, the width of a
/// load. The pad is computed and moved like the rest.
inline constexpr int score_padding = 8;

/// Rows up to this many columns are handled by one warp each, longer ones by four.
inline constexpr int softmax_warp_columns = 1024;
/// Columns that one warp goes through per step: 16 bytes of 2-byte elements per lane.
inline constexpr int softmax_step = 256;

/// Dynamic shared memory of a softmax CTA of `br` rows: maximum and sum of each of four warps where they share a row,
/// and the rows themselves (16-bit, padded) where they stay on chip.
[[nodiscard]] constexpr std::int64_t softmax_smem(std::int64_t br, std::int64_t cols, bool rows_on_chip) {
  return (br == 1 ? 32 : 0) + (rows_on_chip ? br * round_up(cols, score_padding) * 2 : 0);
}

/// A GEMM's tile of C is narrower than the widest by whole steps of this many columns.
inline constexpr int gemm_column_step = 64;
/// Columns of C per CTA for a product with `cols` columns: a narrow C (PV with d = 64) gets a narrow tile.
[[nodiscard]] constexpr int gemm_bc(std::int64_t cols, std::int64_t widest = 128) {
  const std::int64_t needed = round_up(cols, gemm_column_step);
  return static_cast<int>(needed < widest ? needed : widest);
}
static_assert(gemm_bc(64) == 64 && gemm_bc(65) == 128 && gemm_bc(4096) == 128 && gemm_bc(4096, 1) == 1);

inline constexpr std::array own_tiles{
    OwnTile{"rt_flash2", "flash2", 64, 128, 128, 0, 4, 1, 255, 255, flash2_smem(128, 128, 64)},
    OwnTile{"rt_flash2", "flash2", 128, 128, 64, 0, 4, 1, 255, 255, flash2_smem(128, 64, 128)},
    OwnTile{"rt_flash2", "flash2", 256, 128, 64, 0, 8, 1, 238, 247, flash2_smem(128, 64, 256)},
    OwnTile{"rt_flash2", "flash2_dropout", 64, 128, 64, 0, 4, 1, 246, 254, flash2_smem(128, 64, 64)},
    OwnTile{"rt_flash2", "flash2_dropout", 128, 128, 32, 0, 4, 1, 255, 255, flash2_smem(128, 32, 128)},
    OwnTile{"rt_flash2", "flash2_backward", 64, 128, 128, 0, 8, 2, 255, 255, flash2_backward_smem(128, 128, 64, 2)},
    OwnTile{"rt_flash2", "flash2_backward", 128, 64, 128, 0, 8, 2, 255, 255, flash2_backward_smem(64, 128, 128, 2)},
    OwnTile{"rt_flash2", "flash2_backward", 256, 64, 64, 0, 8, 1, 255, 255, flash2_backward_smem(64, 64, 256, 1)},
    OwnTile{"rt_flash2", "flash2_backward_dropout", 64, 128, 128, 0, 8, 2, 255, 255,
            flash2_backward_smem(128, 128, 64, 2)},
    OwnTile{"rt_flash2", "flash2_backward_dropout", 128, 64, 128, 0, 8, 2, 255, 255,
            flash2_backward_smem(64, 128, 128, 2)},
    OwnTile{"rt_flash2", "delta", 64, 128, 0, 0, 4, 1, 28, 30, 0},
    OwnTile{"rt_flash2", "delta", 128, 128, 0, 0, 4, 1, 36, 32, 0},
    OwnTile{"rt_flash2", "delta", 256, 128, 0, 0, 4, 1, 38, 38, 0},
    OwnTile{"rt_flash2", "convert_dq", 64, 128, 0, 0, 8, 1, 32, 32, convert_dq_smem(128, 64)},
    OwnTile{"rt_flash2", "convert_dq", 128, 64, 0, 0, 8, 1, 32, 32, convert_dq_smem(64, 128)},
    OwnTile{"rt_flash2", "convert_dq", 256, 64, 0, 0, 8, 1, 31, 30, convert_dq_smem(64, 256)},
    OwnTile{"rt_flash2", "flash2_grad_q", 64, 128, 32, 0, 4, 1, 226, 210, flash2_grad_q_smem(128, 32, 64)},
    OwnTile{"rt_flash2", "flash2_grad_q", 128, 128, 32, 0, 4, 1, 255, 255, flash2_grad_q_smem(128, 32, 128)},
    OwnTile{"rt_flash2", "flash2_grad_q", 256, 128, 32, 0, 8, 1, 248, 252, flash2_grad_q_smem(128, 32, 256)},
    OwnTile{"rt_flash2", "flash2_grad_q_dropout", 64, 128, 32, 0, 4, 1, 229, 228, flash2_grad_q_smem(128, 32, 64)},
    OwnTile{"rt_flash2", "flash2_grad_q_dropout", 128, 128, 32, 0, 4, 1, 255, 251, flash2_grad_q_smem(128, 32, 128)},
    OwnTile{"rt_flash1", "flash1", 64, 64, 128, 0, 4, 1, 140, 138, flash2_smem(64, 128, 64)},
    OwnTile{"rt_flash1", "flash1", 128, 64, 128, 0, 4, 1, 168, 168, flash2_smem(64, 128, 128)},
    OwnTile{"rt_flash1", "flash1", 256, 64, 64, 0, 4, 1, 246, 244, flash2_smem(64, 64, 256)},
    OwnTile{"rt_flash1", "flash1_dropout", 64, 64, 128, 0, 4, 1, 145, 142, flash2_smem(64, 128, 64)},
    OwnTile{"rt_flash1", "flash1_dropout", 128, 64, 128, 0, 4, 1, 172, 168, flash2_smem(64, 128, 128)},
    OwnTile{"rt_flash1", "flash1_padding", 64, 64, 128, 0, 4, 1, 140, 136, flash1_padding_smem(64, 128, 64)},
    OwnTile{"rt_flash1", "flash1_padding", 128, 64, 128, 0, 4, 1, 198, 185, flash1_padding_smem(64, 128, 128)},
    OwnTile{"rt_flash1", "flash1_padding", 256, 64, 64, 0, 4, 1, 237, 252, flash1_padding_smem(64, 64, 256)},
    OwnTile{"rt_flash1", "flash1_padding_dropout", 64, 64, 128, 0, 4, 1, 146, 139, flash1_padding_smem(64, 128, 64)},
    OwnTile{"rt_flash1", "flash1_padding_dropout", 128, 64, 128, 0, 4, 1, 185, 181, flash1_padding_smem(64, 128, 128)},
    OwnTile{"rt_split_kv", "split_kv", 64, 64, 256, 0, 4, 1, 234, 230, flash2_smem(64, 256, 64)},
    OwnTile{"rt_split_kv", "split_kv", 128, 64, 128, 0, 4, 1, 223, 182, flash2_smem(64, 128, 128)},
    OwnTile{"rt_split_kv", "split_kv", 256, 64, 64, 0, 4, 1, 243, 247, flash2_smem(64, 64, 256)},
    OwnTile{"rt_split_kv", "merge", 64, 1, 0, 0, 4, 1, 31, 32, merge_smem(64)},
    OwnTile{"rt_split_kv", "merge", 128, 1, 0, 0, 4, 1, 32, 32, merge_smem(128)},
    OwnTile{"rt_split_kv", "merge", 256, 1, 0, 0, 4, 1, 44, 44, merge_smem(256)},
    OwnTile{"rt_flash3", "flash3", 64, 192, 128, 0, 16, 2, 128, 128, flash3_smem(192, 128, 64, 2, false)},
    OwnTile{"rt_flash3", "flash3", 128, 128, 128, 0, 12, 2, 168, 168, flash3_smem(128, 128, 128, 2, false)},
    OwnTile{"rt_flash3", "flash3", 256, 128, 80, 0, 12, 2, 168, 168, flash3_smem(128, 80, 256, 2, false)},
    OwnTile{"rt_standard", "gemm", 0, 128, 128, 32, 4, 3, 217, 218, gemm_smem(128, 128, 32, 3)},
    OwnTile{"rt_standard", "gemm", 0, 128, 64, 32, 4, 3, 126, 128, gemm_smem(128, 64, 32, 3)},
    OwnTile{"rt_standard", "softmax_naive", 0, 4, 256, 0, 4, 1, 31, 32, 0},
    OwnTile{"rt_standard", "softmax_naive", 0, 1, 1024, 0, 4, 1, 32, 29, 0},
    OwnTile{"rt_standard", "softmax_safe", 0, 4, 256, 0, 4, 1, 32, 32, 0},
    OwnTile{"rt_standard", "softmax_safe", 0, 1, 1024, 0, 4, 1, 32, 32, 0},
    OwnTile{"rt_standard", "softmax_online", 0, 4, 256, 0, 4, 1, 32, 32, 0},
    OwnTile{"rt_standard", "softmax_online", 0, 1, 1024, 0, 4, 1, 32, 32, 0},
    OwnTile{"rt_standard", "softmax_fused", 0, 4, 256, 0, 4, 1, 32, 32, 0},
    OwnTile{"rt_standard", "softmax_fused", 0, 1, 1024, 0, 4, 1, 32, 32, 0},
};

/// The row for a launch: flash by head dim (`key`), gemm and softmax by Bc.
[[nodiscard]] constexpr OwnTile own_tile(std::string_view launch, int key) {
  for (const OwnTile& tile : own_tiles) {
    if (tile.launch == launch && (tile.head_dim == 0 ? tile.bc : tile.head_dim) == key) return tile;
  }
  throw "no such row in the tile table";  // in a constant expression: does not compile
}

}  // namespace rooftile
