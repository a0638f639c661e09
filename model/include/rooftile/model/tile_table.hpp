// The tile shapes of rooftile's own kernels: the only place where they stand. The model, the simulator, the kernel
// templates and the launch code read this table; what the compiler reports for each kernel must equal its row.
//
//   kernel        d    Br x Bc   warps  stages  registers  shared memory
//   rt_flash2     128  128 x 64  4      1       255        (Br + 2·Bc)·d·2 = 64 KiB
//
// flash2's shapes are those that FlashAttention-2 ships for sm_80 (Dao-AILab/flash-attention,
// csrc/flash_attn/src/flash_fwd_launch_template.h): Q stays in shared memory, one K and one V buffer.
// standard: Br x Bc is the tile of C in both GEMMs and bk the depth of one trip; A and B are `stages` deep.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "rooftile/model/kernel_spec.hpp"

namespace rooftile {

/// One compiled shape of one of our kernels, 16-bit element types.
struct OwnTile {
  std::string_view kernel;  ///< spec name
  std::int64_t head_dim;    ///< compiled for; serves shapes up to it
  std::int64_t br;
  std::int64_t bc;
  std::int64_t bk;  ///< GEMM depth per trip; 0 for flash
  int warps;
  int stages;
  int registers;      ///< per thread; the budget that __launch_bounds__ enforces
  std::int64_t smem;  ///< bytes per CTA
};

/// Shared memory of a flash2 tile: Q and one buffer each of K and V, 2 bytes per element.
[[nodiscard]] constexpr std::int64_t flash2_smem(std::int64_t br, std::int64_t bc, std::int64_t head_dim) {
  return (br + 2 * bc) * head_dim * 2;
}
/// Shared memory of a GEMM tile: `stages` buffers of A and B, 2 bytes per element.
[[nodiscard]] constexpr std::int64_t gemm_smem(std::int64_t br, std::int64_t bc, std::int64_t bk, int stages) {
  return (br + bc) * bk * 2 * stages;
}

inline constexpr std::array own_tiles{
    OwnTile{"rt_flash2", 64, 128, 128, 0, 4, 1, 255, flash2_smem(128, 128, 64)},
    OwnTile{"rt_flash2", 128, 128, 64, 0, 4, 1, 255, flash2_smem(128, 64, 128)},
    OwnTile{"rt_flash2", 256, 128, 64, 0, 8, 1, 255, flash2_smem(128, 64, 256)},
    OwnTile{"rt_standard", 256, 128, 128, 32, 4, 3, 255, gemm_smem(128, 128, 32, 3)},
};

/// The rows of one of our kernels as a spec holds them, narrowest head dim first; empty for an unknown name.
[[nodiscard]] std::vector<TileRow> own_tile_rows(std::string_view kernel);

}  // namespace rooftile
