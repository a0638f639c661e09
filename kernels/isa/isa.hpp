// The warp-level instruction set that kernel texts are written in. A text is a template over its back end B and does
// everything through an object `B& b`; the same lines are inline PTX on the GPU (isa/device.cuh) and 32-lane values on
// the CPU (isa/host.hpp). isa/README.md lists every instruction with its PTX name and its rules.
//
//   const u32 row = b.lane() & 15u;                                       one value per lane
//   b.ldmatrix_a(a, tile + swizzle(row, k));                              16 x 16 elements into a fragment
//   b.mma(acc, a, k_fragment);                                            16 x 8 x 16 on the tensor cores
//   if (block + 1 < blocks) b.cp_async16(buffer, next, offset);           control flow is uniform over the warp
//
// Rules of a text: branches and loop bounds depend on plain ints (block, warp, parameters), never on a lane's value;
// a choice per lane is b.select() or a predicated instruction; memory is touched by b alone.
#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#define ROOFTILE_KERNEL __device__ __forceinline__
#define ROOFTILE_BOTH __host__ __device__
#define ROOFTILE_UNROLL _Pragma("unroll")
#define ROOFTILE_NO_UNROLL _Pragma("unroll 1")
#else
#define ROOFTILE_KERNEL inline
#define ROOFTILE_BOTH
#define ROOFTILE_UNROLL
#define ROOFTILE_NO_UNROLL
#endif

namespace rooftile::kernels {

/// The 16-bit element types, as they lie in memory. Texts name them as types; only a back end looks at the bits.
/// Their names are those of the field.
struct fp16 {  // NOLINT(readability-identifier-naming)
  std::uint16_t bits;
};
struct bf16 {  // NOLINT(readability-identifier-naming)
  std::uint16_t bits;
};

/// Lanes of a warp.
inline constexpr int warp_size = 32;

/// A grid of CTAs; x varies fastest in the order in which they are handed out.
struct Grid {
  int x = 1;
  int y = 1;
  int z = 1;
  [[nodiscard]] constexpr std::int64_t ctas() const { return std::int64_t{1} * x * y * z; }
};

/// A list of kernels: what a text compiles.
template <class... Kernel>
struct Kernels {};

}  // namespace rooftile::kernels
