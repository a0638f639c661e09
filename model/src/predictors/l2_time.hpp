// How long L2 is busy with what the SMs ask of it: bytes at its bandwidth, and atomic adds, whichever takes longer.
//
// An add that a thread sends (red.add.f32) takes a slice as long as a whole sector does, also where the lanes of a warp
// fall into the same sector: FlashAttention-2's backward at head dim 128 and 16k keys makes 2^32 of them in 16.9 ms on
// an H100 at 1830 MHz (FlashAttention-3, arXiv 2407.08608, Fig. 6), 139 a cycle, where L2 reads 150 sectors. Adds that
// the bulk copy engine makes (Program::bulk_atomics) pass whole sectors: they cost their bytes, read and written.
#pragma once

#include <algorithm>
#include <span>

#include "rooftile/model/count.hpp"
#include "rooftile/model/device.hpp"
#include "rooftile/model/l2_copies.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

/// Bytes that L2 could have read in the time its atomic adds take.
[[nodiscard]] inline Bytes bytes_for_adds(const Program& program, std::span<const TensorUse> uses) {
  double added = 0;
  for (const TensorUse& use : uses) {
    if (use.swept_updates > 0) added += static_cast<double>(use.stored);
  }
  return Bytes{added * read_bytes_per_added(program)};
}

/// Time that L2 takes for a launch's requests.
[[nodiscard]] inline Seconds l2_time(const Device& device, const Program& program, std::span<const TensorUse> uses,
                                     const Traffic& requested) {
  const BytesPerSecond bandwidth = device.memory.l2.bandwidth * device.clock.boost;
  return std::max(requested.total(), bytes_for_adds(program, uses)) / bandwidth;
}

}  // namespace rooftile
