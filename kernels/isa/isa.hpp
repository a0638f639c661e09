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
/// Warps of a warpgroup: what executes wgmma together.
inline constexpr int group_warps = 4;

/// A grid of CTAs; x varies fastest in the order in which they are handed out.
struct Grid {
  int x = 1;
  int y = 1;
  int z = 1;
  [[nodiscard]] constexpr std::int64_t ctas() const { return std::int64_t{1} * x * y * z; }
};

/// A matrix per plane in global memory as TMA sees it, and the box of it that one instruction moves: elements of 16
/// bits, rows without pad, boxes of 64 columns (128 bytes, swizzled) in shared memory.
struct BoxedTensor {
  void* base = nullptr;
  int cols = 0;
  int rows = 0;
  int planes = 0;    ///< batch · heads
  int box_rows = 0;  ///< a multiple of 8: the swizzle's period
};
/// Columns of a box.
inline constexpr int box_cols = 64;

/// BoxedTensor as its back end encodes it: CUtensorMap on the GPU. Launcher::tensor_map() makes it; it goes into
/// Params.
struct alignas(128) TensorMap {
  unsigned char bytes[128];
};

/// What wgmma is told of an operand in shared memory, in tiles of boxes (PTX ISA 9.0, "Matrix Descriptor
/// Format" of wgmma): bits 0-13 address / 16, 16-29 the leading and 32-45 the stride distance / 16, 62-63 the swizzle
/// (1: 128 bytes).
ROOFTILE_BOTH constexpr std::uint64_t matrix_descriptor(std::uint32_t address, std::uint32_t leading,
                                                        std::uint32_t stride) {
  return std::uint64_t{(address & 0x3ffffu) / 16} | std::uint64_t{leading / 16} << 16 |
         std::uint64_t{stride / 16} << 32 | std::uint64_t{1} << 62;
}

namespace detail {
template <class K>
constexpr bool says_sm90a_only() {
  if constexpr (requires { K::sm90a_only; }) {
    return K::sm90a_only;
  } else {
    return false;
  }
}
}  // namespace detail

/// A kernel, or a class of the registry, that takes what only sm_90a has says `static constexpr bool sm90a_only =
/// true`.
template <class K>
inline constexpr bool sm90a_only = detail::says_sm90a_only<K>();

/// A list of kernels: what a text compiles.
template <class... Kernel>
struct Kernels {};

}  // namespace rooftile::kernels
