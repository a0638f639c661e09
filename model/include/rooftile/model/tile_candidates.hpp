// Every tile shape that an algorithm could run a call with on a device, and why the others cannot.
//
//   fa2, a100_sxm4_80gb, d = 128      Br   Bc   warps  stages  registers  shared memory
//                                     128  64   4      1       255        64 KiB
//                                     128  128  4      1       infeasible: flash2 needs 319 registers per thread, ...
//                                     256  256  16     1       infeasible: flash2 needs 192 KiB of shared memory ...
//
// The grid of shapes: what instructions and copies allow, up to the largest that occur in kernels.
//   flash2, split_kv   4, 8 or 16 warps of whole 16 rows (m16n8k16), Br up to 256; Bc in steps of 32 (what 8 warps copy
//                      at once at d = 64) up to 256; a warp for each sub-partition at least, as every published kernel
//                      of the family has. 1 to 3 buffers, where the implementation has a pipeline: FlashAttention-2 and
//                      ours hold K and V once, whatever the shape
//   flash3             1 to 3 consumer warpgroups of 64 rows (wgmma m64) and a producer; Bc in steps of 16 (k of PV) up
//                      to 256 (n of wgmma); 1 to 4 buffers
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rooftile/model/device.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/model/kernel_spec.hpp"
#include "rooftile/model/workload.hpp"

namespace rooftile {

struct TileCandidate {
  SpecOverrides tile;              ///< all four are given
  std::optional<Refusal> refused;  ///< nothing: it runs. infeasible: which limit, by how much
  bool own = false;                ///< the spec's own for this call
};

/// All shapes of the grid for one forward call, by Br, then Bc, warps, stages. The tile that the spec itself has for
/// the call is among them, whatever the grid. Empty for an algorithm whose shapes have no grid (flash1, standard).
/// Refuses what the spec does not cover with any tile.
[[nodiscard]] tl::expected<std::vector<TileCandidate>, Refusal> tile_candidates(const KernelSpec& spec,
                                                                                const Device& device,
                                                                                const AttentionShape& shape);

}  // namespace rooftile
