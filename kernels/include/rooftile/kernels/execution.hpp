// Our kernels run on the CPU: the same text that nvcc compiles, every value 32 lanes wide, one fiber per warp. What
// comes out is exact: every byte at every level, every matrix instruction, every bank conflict, and what the kernel
// does wrong.
//
//   Execution run = execute("rt_flash2", call, data, {.resident = 216, .l2_capacity = 40 << 20});
//   run.launches[0].tensor("K").loaded_bytes        what the SMs asked of L2
//   run.launches[0].dram_read_bytes                 what L2 asked of DRAM
//   run.faults                                      races, unlanded reads, deadlocks ... empty for a correct kernel
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels {

/// How the CPU plays the GPU.
struct HostOptions {
  /// 0: warps take turns in order and copies land as late as the waits allow. Any other: order, preemption and landing
  /// time are drawn from this seed. Bit 0: TMA lands at issue; bit 1: wgmma is executed at issue; else as late as the
  /// waits allow.
  std::uint64_t seed = 0;
  /// CTAs in flight at once, handed out in grid order as others finish.
  int resident = 1;
  /// A warp that loads from global memory into registers, or waits for copies that it or TMA makes, lets the others
  /// have their turn before it goes on, as on a GPU its wait for the answer does; else it goes on until it waits for
  /// another warp. Decides which of many warps' bytes an L2 holds that is too small for them.
  bool loads_wait = false;
  /// Bytes of the sectored LRU L2 in front of DRAM; 0: none, DRAM bytes stay 0. It is kept between launches.
  std::int64_t l2_capacity = 0;
  /// A run with more faults than this stops.
  int most_faults = 8;
};

/// What a kernel did wrong.
enum class FaultKind : std::uint8_t {
  race,           ///< two warps (or lanes without a sync_warp between) touched the same bytes, one of them wrote
  unlanded,       ///< bytes of an asynchronous copy were used before a wait covered them
  uninitialised,  ///< shared memory was read that nothing had written
  out_of_bounds,  ///< an access outside every tensor, in a row's pad, or outside shared memory
  misaligned,     ///< an address that the instruction does not take
  deadlock,       ///< no warp can go on; the text says what each waits for
  pending_copy,   ///< a CTA ended with asynchronous copies in flight
  barrier_misuse  ///< a warp count that changed between arrivals, a warp that ended while others wait for it
};

struct Fault {
  FaultKind kind;
  std::string launch;  ///< "flash2"
  std::string text;    ///< "ldmatrix of warp 1 reads shared byte 16512, written by warp 0 since the last barrier"
  std::string where;   ///< "text/flash2.hpp:141", the instruction in the kernel's text
};

/// What one launch moved of one tensor. Bytes are what the lanes asked for, sectors the 32-byte pieces of each warp
/// instruction.
struct TensorTraffic {
  std::string name;
  std::int64_t loaded_bytes = 0;
  std::int64_t loaded_sectors = 0;
  std::int64_t stored_bytes = 0;
  std::int64_t stored_sectors = 0;
  std::int64_t atomic_bytes = 0;
  std::int64_t atomic_sectors = 0;
};

/// Of one m16n8k16 instruction.
inline constexpr std::int64_t flop_per_mma = 4096;

/// Everything one launch did, all CTAs together.
struct LaunchExecution {
  std::string name;  ///< as in the Program: "qk", "softmax", "pv", "flash2"
  std::int64_t ctas = 0;
  std::vector<TensorTraffic> tensors;  ///< all of the call's, in order

  std::int64_t dram_read_bytes = 0;     ///< sectors that L2 fetched; 0 without an L2
  std::int64_t dram_write_bytes = 0;    ///< dirty sectors that left L2 (what is left at the end of a call counts in its
                                        ///< last launch)
  std::int64_t smem_read_bytes = 0;     ///< ldmatrix, ld.shared, operands of wgmma, TMA stores
  std::int64_t smem_written_bytes = 0;  ///< cp.async, st.shared, stmatrix, TMA loads
  std::int64_t bank_conflicts = 0;      ///< shared-memory passes beyond the least possible

  std::int64_t mma = 0;                ///< m16n8k16 instructions, flop_per_mma each
  std::int64_t exp2 = 0;               ///< results
  std::int64_t converted = 0;          ///< fp32 values rounded to 16 bits
  std::int64_t shuffled = 0;           ///< lanes exchanged
  std::int64_t barriers = 0;           ///< CTA-wide barriers completed, set-up left out
  std::int64_t mbarrier_arrivals = 0;  ///< of warps, at mbarriers
  std::int64_t switches = 0;           ///< of fibers: what the emulation itself cost

  /// Barriers as a Program counts them: those of the CTA, and a warpgroup's arrivals at an mbarrier as one.
  [[nodiscard]] std::int64_t synchronisations() const { return barriers + mbarrier_arrivals / 4; }

  /// Traffic of the tensor with this name; nullptr if the call has none.
  [[nodiscard]] const TensorTraffic* tensor(std::string_view tensor_name) const;
};

struct Execution {
  std::vector<LaunchExecution> launches;
  std::vector<Fault> faults;
};

}  // namespace rooftile::kernels
