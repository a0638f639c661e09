// Which row of a swizzled tile each lane names to ldmatrix, as a byte offset from the tile; and where a lane's values
// of an accumulator lie when it is staged. PTX ISA, "Matrix fragments for mma.m16n8k16" and "ldmatrix".
//
//   b.ldmatrix_a(a, (a_place ^ right) + down)        right: 32 bytes per 16 elements; down: rows · row_bytes
#pragma once

#include "isa/isa.hpp"
#include "text/swizzle.hpp"

namespace rooftile::kernels::text {

/// A (16 rows x 16 k), and B from rows of k (16 k x 16 n, transposed on the way): lanes 0-15 name the 16 rows of the
/// first chunk, lanes 16-31 those of the second.
template <int row_bytes, class B>
ROOFTILE_KERNEL typename B::u32 place_of_rows(B& b) {
  using u32 = typename B::u32;
  return b.shared_base() + u32(Swizzle<row_bytes>::place(b.lane() & 15, b.lane() >> 4));
}

/// B from rows of n (16 n x 16 k): both chunks of rows 0-7, then both of rows 8-15.
template <int row_bytes, class B>
ROOFTILE_KERNEL typename B::u32 place_of_columns(B& b) {
  using u32 = typename B::u32;
  const typename B::i32 row = (b.lane() & 7) + ((b.lane() >> 4) << 3);
  return b.shared_base() + u32(Swizzle<row_bytes>::place(row, (b.lane() >> 3) & 1));
}

/// Two neighbouring elements of row lane/4 of an accumulator, in the tile's first chunk.
template <int row_bytes, class B>
ROOFTILE_KERNEL typename B::u32 place_of_accumulator(B& b) {
  using i32 = typename B::i32;
  using u32 = typename B::u32;
  const i32 in_chunk = (b.lane() & 3) << 2;
  return b.shared_base() + u32(Swizzle<row_bytes>::place(b.lane() >> 2, i32(0)) + in_chunk);
}

/// An accumulator (16 x 8), rounded to T, into chunk `chunk` of the 16 rows at byte `rows`; c[0], c[1] are scaled by
/// `upper`, c[2], c[3] by `lower`. `place` is place_of_accumulator().
template <class T, int row_bytes, class B>
ROOFTILE_KERNEL void stage(B& b, typename B::u32 place, std::uint32_t rows, int chunk, const typename B::Acc& acc,
                           typename B::f32 upper, typename B::f32 lower) {
  const typename B::u32 to = (place ^ static_cast<std::uint32_t>(chunk * 16)) + rows;
  b.st_shared(to, b.template pack<T>(acc.c[0] * upper, acc.c[1] * upper));
  b.st_shared(to + std::uint32_t{8 * row_bytes}, b.template pack<T>(acc.c[2] * lower, acc.c[3] * lower));
}

}  // namespace rooftile::kernels::text
