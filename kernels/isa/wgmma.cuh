// wgmma.mma_async m64nNk16 with fp32 accumulators, one function per operand kind (PTX ISA 9.0, "wgmma.mma_async"): the
// registers of an accumulator must be spelled out one by one, so this is a table of macros over N = 64, 80, 128, 256.
// Compute capability 9.0 with the `a` feature set only.
//
//   wgmma_of_rows<T, N>(d, a, b, add)          A and B by descriptor, both with k along their rows: S = Q Kᵀ
//   wgmma_of_columns<T, N>(d, a, b, add)       A in registers, B with k down its rows: O += P V
#pragma once

#include <cstdint>

#include "isa/device.cuh"

namespace rooftile::kernels::detail {

// Accumulator registers by number, and as operands.
#define ROOFTILE_D32                                                                                               \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, %25, %26, %27, %28, %29, %30, %31"
#define ROOFTILE_D40 ROOFTILE_D32 ", %32, %33, %34, %35, %36, %37, %38, %39"
#define ROOFTILE_D64                                                                                                 \
  ROOFTILE_D40                                                                                                       \
  ", %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, " \
  "%62, %63"
#define ROOFTILE_D128                                                                                                \
  ROOFTILE_D64                                                                                                       \
  ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, " \
  "%86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, " \
  "%107, %108, %109, %110, %111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, "     \
  "%125, %126, %127"
#define ROOFTILE_ACC8(i)                                                                                        \
  "+f"(d[i].c[0]), "+f"(d[i].c[1]), "+f"(d[i].c[2]), "+f"(d[i].c[3]), "+f"(d[i + 1].c[0]), "+f"(d[i + 1].c[1]), \
      "+f"(d[i + 1].c[2]), "+f"(d[i + 1].c[3])
#define ROOFTILE_ACC32(i) ROOFTILE_ACC8(i), ROOFTILE_ACC8(i + 2), ROOFTILE_ACC8(i + 4), ROOFTILE_ACC8(i + 6)
#define ROOFTILE_ACC64(i) ROOFTILE_ACC32(i), ROOFTILE_ACC32(i + 8)

// The operands behind the accumulators: A's descriptor, B's descriptor, add; or A's four registers, B's descriptor,
// add.
#define ROOFTILE_ROWS(n, type, registers, a, b, add, ...)                                                       \
  asm volatile("{.reg .pred p; setp.ne.b32 p, " add ", 0; wgmma.mma_async.sync.aligned.m64n" #n "k16.f32." type \
               "." type " {" registers "}, " a ", " b ", p, 1, 1, 0, 0;}"                                       \
               : __VA_ARGS__                                                                                    \
               : "l"(from_a), "l"(from_b), "r"(add_to_d))
#define ROOFTILE_COLUMNS(n, type, registers, a, b, add, ...)                                                    \
  asm volatile("{.reg .pred p; setp.ne.b32 p, " add ", 0; wgmma.mma_async.sync.aligned.m64n" #n "k16.f32." type \
               "." type " {" registers "}, {" a "}, " b ", p, 1, 1, 1;}"                                        \
               : __VA_ARGS__                                                                                    \
               : "r"(from_a.r[0]), "r"(from_a.r[1]), "r"(from_a.r[2]), "r"(from_a.r[3]), "l"(from_b), "r"(add_to_d))

#define ROOFTILE_WGMMA_OF_ROWS(type)                                                                      \
  if constexpr (n == 64) ROOFTILE_ROWS(64, type, ROOFTILE_D32, "%32", "%33", "%34", ROOFTILE_ACC32(0));   \
  if constexpr (n == 80)                                                                                  \
    ROOFTILE_ROWS(80, type, ROOFTILE_D40, "%40", "%41", "%42", ROOFTILE_ACC32(0), ROOFTILE_ACC8(8));      \
  if constexpr (n == 128) ROOFTILE_ROWS(128, type, ROOFTILE_D64, "%64", "%65", "%66", ROOFTILE_ACC64(0)); \
  if constexpr (n == 256)                                                                                 \
  ROOFTILE_ROWS(256, type, ROOFTILE_D128, "%128", "%129", "%130", ROOFTILE_ACC64(0), ROOFTILE_ACC64(16))
#define ROOFTILE_WGMMA_OF_COLUMNS(type)                                                                                \
  if constexpr (n == 64)                                                                                               \
    ROOFTILE_COLUMNS(64, type, ROOFTILE_D32, "%32, %33, %34, %35", "%36", "%37", ROOFTILE_ACC32(0));                   \
  if constexpr (n == 80)                                                                                               \
    ROOFTILE_COLUMNS(80, type, ROOFTILE_D40, "%40, %41, %42, %43", "%44", "%45", ROOFTILE_ACC32(0), ROOFTILE_ACC8(8)); \
  if constexpr (n == 128)                                                                                              \
    ROOFTILE_COLUMNS(128, type, ROOFTILE_D64, "%64, %65, %66, %67", "%68", "%69", ROOFTILE_ACC64(0));                  \
  if constexpr (n == 256)                                                                                              \
  ROOFTILE_COLUMNS(256, type, ROOFTILE_D128, "%128, %129, %130, %131", "%132", "%133", ROOFTILE_ACC64(0),              \
                   ROOFTILE_ACC64(16))

template <class T, int n>
__device__ __forceinline__ void wgmma_of_rows(Device::Acc (&d)[n / 8], std::uint64_t from_a, std::uint64_t from_b,
                                              int add_to_d) {
  static_assert(n == 64 || n == 80 || n == 128 || n == 256, "not in the table");
  if constexpr (__is_same(T, fp16)) {
    ROOFTILE_WGMMA_OF_ROWS("f16");
  } else {
    ROOFTILE_WGMMA_OF_ROWS("bf16");
  }
}

template <class T, int n>
__device__ __forceinline__ void wgmma_of_columns(Device::Acc (&d)[n / 8], const Device::FragA<T>& from_a,
                                                 std::uint64_t from_b, int add_to_d) {
  static_assert(n == 64 || n == 80 || n == 128 || n == 256, "not in the table");
  if constexpr (__is_same(T, fp16)) {
    ROOFTILE_WGMMA_OF_COLUMNS("f16");
  } else {
    ROOFTILE_WGMMA_OF_COLUMNS("bf16");
  }
}

#undef ROOFTILE_WGMMA_OF_COLUMNS
#undef ROOFTILE_WGMMA_OF_ROWS
#undef ROOFTILE_COLUMNS
#undef ROOFTILE_ROWS
#undef ROOFTILE_ACC64
#undef ROOFTILE_ACC32
#undef ROOFTILE_ACC8
#undef ROOFTILE_D128
#undef ROOFTILE_D64
#undef ROOFTILE_D40
#undef ROOFTILE_D32

}  // namespace rooftile::kernels::detail
