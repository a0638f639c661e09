// The XOR swizzle of tiles in shared memory. ldmatrix and 16-byte stores take eight rows of the same chunk (16 bytes)
// at once; unswizzled they would all lie in the same four banks. Chunk c of row r lies where c ^ (r mod 8) would, so
// the eight lie in eight different groups of banks.
//
//   place = Swizzle<128>::place(row, chunk);              once per lane
//   b.ldmatrix_a(a, (place ^ 32u) + 2048u);               two chunks on, sixteen rows down: base ^ immediate +
//   immediate
//
// The second line is the point: a step to the right is an XOR and a step of whole periods down an addition, so an
// unrolled loop keeps one address register however many fragments it reads.
#pragma once

#include <cstdint>

#include "isa/isa.hpp"

namespace rooftile::kernels::text {

/// Tiles of rows of `row_bytes`; a tile starts at a multiple of 1024 bytes of shared memory.
template <int row_bytes>
struct Swizzle {
  static_assert(row_bytes == 64 || row_bytes % 128 == 0, "a 128-byte line of banks holds two rows or a part of one");
  static constexpr int chunk_bytes = 16;

  /// Bytes from the start of the tile to `chunk` of `row`.
  template <class I>
  ROOFTILE_KERNEL static I place(I row, I chunk) {
    if constexpr (row_bytes == 64) {  // two rows share a line of banks
      return row * row_bytes + ((chunk ^ ((row >> 1) & 3)) << 4);
    } else {
      return row * row_bytes + ((chunk ^ (row & 7)) << 4);
    }
  }

  /// place(row + down, chunk) = (place(row, chunk) ^ turn(down)) + down·row_bytes, for rows below `down` where `down`
  /// is a power of two, and for any row where it is a multiple of 8.
  ROOFTILE_KERNEL static constexpr std::uint32_t turn(int down) {
    const int phase = row_bytes == 64 ? (down >> 1) & 3 : down & 7;
    return static_cast<std::uint32_t>(phase * chunk_bytes);
  }
};

}  // namespace rooftile::kernels::text
