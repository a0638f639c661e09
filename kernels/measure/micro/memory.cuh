// 16-byte loads and stores, issued exactly where they are written: `asm volatile` keeps a group of loads together, so
// that the bytes in flight are the ones that a benchmark states.
#pragma once

#include <cstdint>

namespace rooftile::kernels::measure {

/// Through L2, allocating nothing in L1: streams.
__device__ __forceinline__ uint4 load_stream(const uint4* from) {
  uint4 v;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(from));
  return v;
}

/// From L2, never from L1.
__device__ __forceinline__ uint4 load_l2(const uint4* from) {
  uint4 v;
  asm volatile("ld.global.cg.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(from));
  return v;
}

__device__ __forceinline__ uint4 load_shared(std::uint32_t from) {
  uint4 v;
  asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(from));
  return v;
}

__device__ __forceinline__ std::uint32_t sum(uint4 v) { return v.x + v.y + v.z + v.w; }

/// Adds every thread's number to *total, one atomic per warp.
__device__ __forceinline__ void add_to_total(std::uint32_t mine, std::uint32_t* total) {
  const std::uint32_t warp_sum = __reduce_add_sync(~0u, mine);
  if (threadIdx.x % 32 == 0) atomicAdd(total, warp_sum);
}

}  // namespace rooftile::kernels::measure
