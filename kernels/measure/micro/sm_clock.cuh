// The device's half of sm_clock.hpp: stamps.
#pragma once

#include "measure/micro/sm_clock.hpp"
#include "measure/special_registers.cuh"

namespace rooftile::kernels::measure {

/// Waits until the CTA is complete, then stamps the start of each warp.
__device__ __forceinline__ WarpSpan start_span() {
  __syncthreads();
  WarpSpan span{};
  span.start_ns = nanoseconds();
  span.start_cycle = clock64();
  return span;
}

/// Stamps the end and stores the span of this warp; spans[CTA][warp].
__device__ __forceinline__ void end_span(WarpSpan span, WarpSpan* spans) {
  span.end_cycle = clock64();
  span.end_ns = nanoseconds();
  const unsigned warps = blockDim.x / 32;
  if (threadIdx.x % 32 == 0) spans[blockIdx.x * warps + threadIdx.x / 32] = span;
}

}  // namespace rooftile::kernels::measure
