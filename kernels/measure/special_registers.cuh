// What a thread asks of the machine itself.
#pragma once

namespace rooftile::kernels::measure {

/// The GPU's clock of real time, the same for all SMs.
__device__ __forceinline__ unsigned long long nanoseconds() {
  unsigned long long ns;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(ns)::"memory");
  return ns;
}

/// The SM that the thread runs on.
__device__ __forceinline__ unsigned sm_id() {
  unsigned sm;
  asm volatile("mov.u32 %0, %%smid;" : "=r"(sm));
  return sm;
}

}  // namespace rooftile::kernels::measure
