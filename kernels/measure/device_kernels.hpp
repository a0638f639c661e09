// The small GPU kernels that measuring needs beside what is measured. Each function queues one launch.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::measure {

/// A moment on SM 0: its cycle counter and the GPU's nanosecond clock. All zero until the kernel has run.
struct Stamp {
  std::uint64_t cycles;
  std::uint64_t nanoseconds;
  std::uint32_t taken;
};

/// Reads `bytes` (a multiple of 16) at `buffer` once, through L2. `sink`: 4 bytes that are, in practice, never written.
void queue_sweep(const void* buffer, std::int64_t bytes, std::uint32_t* sink, int sm_count, cudaStream_t stream);

/// Takes a stamp into `out` (zeroed before) at the earliest `span_ns` after `since`, or after its own start where that
/// is null: then it holds the stream busy while the host queues what follows.
void queue_stamp(Stamp* out, const Stamp* since, std::uint64_t span_ns, int sm_count, cudaStream_t stream);

/// Fills a tensor with the inputs of NormalInputs (inputs.hpp), element by element what fill_normal() gives.
void queue_fill(std::uint16_t* elements, std::int64_t count, Element element, std::uint64_t seed, std::size_t tensor,
                cudaStream_t stream);

}  // namespace rooftile::kernels::measure
