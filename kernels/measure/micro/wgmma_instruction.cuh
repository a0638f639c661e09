// wgmma.mma_async m64nNk16, A and B in shared memory, both K-major with the 128-byte swizzle (PTX ISA, "Asynchronous
// warpgroup level matrix instructions"). Compute capability 9.0 with the `a` feature set only.
//
//   wgmma_fence(); wgmma<128, __half>(acc, descriptor(a), descriptor(b)); wgmma_commit(); wgmma_wait<0>();
#pragma once

#include <cuda_fp16.h>

#include <cstdint>
#include <type_traits>

namespace rooftile::kernels::measure {

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

/// A tile of 64 columns (128 bytes a row) whose address is a multiple of 1024: bits 0-13 address / 16, 32-45 the
/// distance of groups of eight rows / 16 (1024 bytes), 62-63 the swizzle (1: 128 bytes). +32 bytes go to the next k16.
__device__ __forceinline__ std::uint64_t descriptor(std::uint32_t address) {
  constexpr std::uint64_t group_of_rows = 1024 / 16;
  return std::uint64_t{(address & 0x3ffffu) / 16} | std::uint64_t{1} << 16 | group_of_rows << 32 |
         std::uint64_t{1} << 62;
}

__device__ __forceinline__ void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int pending>
__device__ __forceinline__ void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
}
/// Writes of ordinary stores become visible to wgmma.
__device__ __forceinline__ void fence_async_proxy() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// Accumulator registers by number, and as operands.
#define ROOFTILE_D32                                                                                               \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, %25, %26, %27, %28, %29, %30, %31"
#define ROOFTILE_D64                                                                                                 \
  ROOFTILE_D32                                                                                                       \
  ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, " \
  "%54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define ROOFTILE_D128                                                                                                \
  ROOFTILE_D64                                                                                                       \
  ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, " \
  "%86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, " \
  "%107, %108, %109, %110, %111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, "     \
  "%125, %126, %127"
#define ROOFTILE_ACC8(i)                                                                                      \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), \
      "+f"(d[i + 7])
#define ROOFTILE_ACC32(i) ROOFTILE_ACC8(i), ROOFTILE_ACC8(i + 8), ROOFTILE_ACC8(i + 16), ROOFTILE_ACC8(i + 24)
/// d += A B: the operands after the accumulators are the two descriptors; scales 1, 1; neither transposed.
#define ROOFTILE_WGMMA(n, type, registers, a, b, ...)                                                        \
  asm volatile("wgmma.mma_async.sync.aligned.m64n" #n "k16.f32." type "." type " {" registers "}, " a ", " b \
               ", 1, 1, 1, 0, 0;"                                                                            \
               : __VA_ARGS__                                                                                 \
               : "l"(from_a), "l"(from_b))

/// d += A B for A of 64 x 16 and B of n x 16. A warp's lane holds d[4 i + r]: row lane / 4 + 8 (r / 2) of the warp's
/// 16, column 8 i + 2 (lane % 4) + r % 2.
template <int n, class T>
__device__ __forceinline__ void wgmma(float (&d)[n / 2], std::uint64_t from_a, std::uint64_t from_b) {
  static_assert(n == 64 || n == 128 || n == 256);
  constexpr bool half = std::is_same_v<T, __half>;
  if constexpr (n == 64 && half) ROOFTILE_WGMMA(64, "f16", ROOFTILE_D32, "%32", "%33", ROOFTILE_ACC32(0));
  if constexpr (n == 64 && !half) ROOFTILE_WGMMA(64, "bf16", ROOFTILE_D32, "%32", "%33", ROOFTILE_ACC32(0));
  if constexpr (n == 128 && half)
    ROOFTILE_WGMMA(128, "f16", ROOFTILE_D64, "%64", "%65", ROOFTILE_ACC32(0), ROOFTILE_ACC32(32));
  if constexpr (n == 128 && !half)
    ROOFTILE_WGMMA(128, "bf16", ROOFTILE_D64, "%64", "%65", ROOFTILE_ACC32(0), ROOFTILE_ACC32(32));
  if constexpr (n == 256 && half)
    ROOFTILE_WGMMA(256, "f16", ROOFTILE_D128, "%128", "%129", ROOFTILE_ACC32(0), ROOFTILE_ACC32(32), ROOFTILE_ACC32(64),
                   ROOFTILE_ACC32(96));
  if constexpr (n == 256 && !half)
    ROOFTILE_WGMMA(256, "bf16", ROOFTILE_D128, "%128", "%129", ROOFTILE_ACC32(0), ROOFTILE_ACC32(32),
                   ROOFTILE_ACC32(64), ROOFTILE_ACC32(96));
}

#undef ROOFTILE_WGMMA
#undef ROOFTILE_ACC32
#undef ROOFTILE_ACC8
#undef ROOFTILE_D128
#undef ROOFTILE_D64
#undef ROOFTILE_D32

#endif  // __CUDA_ARCH_FEAT_SM90_ALL

}  // namespace rooftile::kernels::measure
