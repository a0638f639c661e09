// How many registers a thread of a tile needs: what an implementation with another tile shape than its own would take,
// so that shapes can be ruled out, and their occupancy known, before anybody compiles them.
//
//   mma.sync (flash2)   m = rows of a warp / 16, each warp all Bc keys; 32-bit registers per thread
//     O                 m·d / 2      fp32 accumulators, m16n8: 4 per 8 columns
//     S                 m·Bc / 2     fp32; P takes its place 16 columns at a time
//     operands          4·m + 8      an A fragment (Q, then P) per 16 rows, B fragments (K, then V) double-buffered
//     row statistics    6·m          maximum, sum and rescale factor of two rows
//     the rest          35           addresses, loop, masks: fitted
//
//   wgmma (flash3)      a consumer warpgroup owns 64 rows; K, V (and Q) never pass through registers
//     O d/2, S Bc/2, P Bc/4 if it stays in registers beside the next S; row statistics 6 and the rest 18: fitted
//
//   GEMM                C br·bc / threads; A and B fragments of one k step, double-buffered; the rest 16: fitted
//
// Fragment layouts: PTX ISA, "Matrix Fragments for mma.m16n8k16" and "Register Fragments for wgmma.mma_async.m64nNk16".
// flash2's rest is fitted to what ptxas makes of kernels/text/flash2.hpp for sm_80 in 75 shapes
// (kernels/register_sweep.csv): "more than 255" agrees with "spills" in all but two; where registers are free, ptxas
// takes from 18 less to 31 more than this, 15 on average. flash3's is known within limits alone: FlashAttention-3 keeps
// P in registers at 192 x 128, d = 64 (128 + 24 of 160) and not at 192 x 144, d = 96 (156 + 24) (hopper/tile_size.h),
// so statistics and rest are 5 to 32 together. The GEMM's: sm_80 rows of kernels/ptxas_report.csv, within 10.
#pragma once

#include <cstdint>

namespace rooftile {

/// Registers per thread by what holds them.
struct RegisterNeed {
  std::int64_t accumulators = 0;  ///< O, S, C: fp32
  std::int64_t operands = 0;      ///< fragments on their way into the tensor cores
  std::int64_t rest = 0;          ///< row statistics, addresses, loop
  [[nodiscard]] constexpr std::int64_t total() const { return accumulators + operands + rest; }
};

/// A thread of a flash2 tile of br x bc over `warps` warps. Rows are rounded up to 16 per warp, keys to 16.
[[nodiscard]] RegisterNeed flash2_registers(std::int64_t br, std::int64_t bc, std::int64_t head_dim,
                                            std::int64_t warps);

/// Where PV of a flash3 consumer finds P.
enum class PlaceOfP : std::uint8_t {
  beside_s,  ///< registers of its own: the next block's S is made meanwhile (intra-warpgroup overlap)
  over_s,    ///< the registers of S, which is not needed any more
  smem
};
/// A consumer thread of flash3; `consumers` warpgroups own br rows together.
[[nodiscard]] RegisterNeed flash3_registers(std::int64_t br, std::int64_t bc, std::int64_t head_dim,
                                            std::int64_t consumers, PlaceOfP p);

/// A thread of a GEMM tile of br x bc, two warps along the columns of C.
[[nodiscard]] RegisterNeed gemm_registers(std::int64_t br, std::int64_t bc, std::int64_t warps);

/// What setmaxnreg leaves to the producer and gives to each of one, two or three consumer warpgroups
/// (hopper/flash_fwd_kernel_sm90.h of Dao-AILab/flash-attention).
struct RoleRegisters {
  int producer, consumer;
};
[[nodiscard]] constexpr RoleRegisters flash3_role_registers(std::int64_t consumers) {
  return consumers == 1 ? RoleRegisters{56, 255} : consumers == 2 ? RoleRegisters{24, 240} : RoleRegisters{32, 160};
}
/// What each thread of so many warpgroups starts with: an even share of an SM's 65,536, in eights, 255 at most.
[[nodiscard]] constexpr int flash3_entry_registers(std::int64_t warpgroups) {
  const std::int64_t share = 65536 / (128 * warpgroups) / 8 * 8;
  return static_cast<int>(share > 255 ? 255 : share);
}

}  // namespace rooftile
