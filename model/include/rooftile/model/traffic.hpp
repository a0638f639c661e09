// How many distinct bytes a launch touches, and how often it comes back for them: what stands between the bytes that SMs
// request from L2 and the bytes that leave DRAM.
//
//   requested   every load of every CTA: L2 -> SM
//   swept       CTAs that run together share what they read; nothing survives until a CTA sweeps over the same bytes again.
//               The textbook HBM count: standard attention with fused softmax 4N² + 4Nd, FlashAttention-1 (3·Tc + 1)·N·d.
//   touched     every distinct byte once: compulsory
//
// All closed forms: a tile loop covers an interval of each tensor dimension, a sweep covers a box.
#pragma once

#include <array>
#include <cstdint>

#include "rooftile/model/count.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

/// One tensor in one launch, bytes.
struct TensorTraffic {
  std::int64_t loaded = 0;   ///< requested by loads
  std::int64_t stored = 0;   ///< sent by stores and atomics
  std::int64_t swept_loads = 0;
  std::int64_t swept_stores = 0;
  std::int64_t touched = 0;  ///< distinct bytes loaded or stored
  double wave_loads = 0;     ///< read if nothing survives from one wave of CTAs to the next
  double wave_touched = 0;   ///< distinct bytes that one wave touches
  bool shared = false;       ///< several CTAs read the same bytes
};
using LaunchTraffic = std::array<TensorTraffic, max_tensors>;

/// Traffic of one launch whose CTAs run `wave` at a time, in grid order. Entries of tensors the launch does not use are zero.
void launch_traffic(const Program& program, const Launch& launch, const ProgramCounts& counts, std::int64_t wave,
                    LaunchTraffic& traffic);

/// (wave, set) pairs that meet: how often a set of CTAs sharing their bytes is begun anew, if waves of `wave` CTAs run one
/// after the other in grid order. `indexed` has a bit per axis that tells sets apart. With sets of s neighbouring CTAs these
/// are the pieces into which the multiples of `wave` and of s cut the line of CTAs.
[[nodiscard]] double wave_incidences(const Launch& launch, unsigned indexed, std::int64_t wave);

/// Inputs and outputs once: the bytes that any implementation must move.
[[nodiscard]] std::int64_t compulsory_bytes(const Program& program, const ProgramCounts& counts);

}  // namespace rooftile
