// Copying a tile of 16-bit elements between a row-major matrix and swizzled shared memory, 16 bytes per lane. Lanes go
// along rows, so a warp's access is whole rows or whole 512-byte runs of one; each lane keeps its first place and
// reaches the others by immediates.
//
//   const TileCopy<B, 128, 4> copy{b, warp, pitch};                 four warps copy tiles of 128 columns
//   copy.template load<64>(b, at, matrix);                          64 rows, asynchronous: cp_commit, cp_wait, sync
//   copy.template load<64>(b, at, matrix, rows_left);               rows from rows_left on are read as zeros
//   copy.template store<64>(b, matrix, at, rows_left);              the way back, synchronous
#pragma once

#include <bit>
#include <cstdint>

#include "isa/isa.hpp"
#include "text/swizzle.hpp"

namespace rooftile::kernels::text {

template <class B, int cols, int warps>
class TileCopy {
  using i32 = typename B::i32;
  using u32 = typename B::u32;
  static constexpr int chunk = 8;  // elements in 16 bytes
  static constexpr int row_bytes = cols * 2;
  static constexpr int chunks = cols / chunk;
  static constexpr int chunk_bits = std::countr_zero(static_cast<unsigned>(chunks));
  static constexpr int rows_per_step = warps * warp_size / chunks;
  static_assert(chunks == 1 << chunk_bits && rows_per_step >= 1);

 public:
  /// For `warp` of `warps`, on matrices with `pitch` elements from row to row.
  ROOFTILE_KERNEL TileCopy(B& b, int warp, int pitch) : pitch_{pitch} {
    const i32 thread = b.lane() + warp * warp_size;
    const i32 chunk_index = thread & (chunks - 1);
    row_ = thread >> chunk_bits;
    col_ = chunk_index << 3;
    offset_ = row_ * pitch + col_;
    place_ = b.shared_base() + u32(Swizzle<row_bytes>::place(row_, chunk_index));
  }

  /// `rows` rows that all exist, from the matrix at `from` to shared memory at byte `to`.
  template <int rows, class T>
  ROOFTILE_KERNEL void load(B& b, std::uint32_t to, const T* from) const {
    ROOFTILE_UNROLL for (int row = 0; row < rows; row += rows_per_step) {
      b.cp_async16(place(to, row), from + step(row), offset_);
    }
  }
  /// The same at an edge: rows from `valid_rows` on and columns from `valid_cols` on are not read; they are zeros.
  template <int rows, class T>
  ROOFTILE_KERNEL void load(B& b, std::uint32_t to, const T* from, int valid_rows, int valid_cols = cols) const {
    const i32 limit = rows_of_lane(b, valid_rows, valid_cols);
    ROOFTILE_UNROLL for (int row = 0; row < rows; row += rows_per_step) {
      b.cp_async16(place(to, row), from + step(row), offset_, limit > row);
    }
  }
  /// From shared memory at byte `from` to the matrix at `to`; what is beyond the edge is not written.
  template <int rows, class T>
  ROOFTILE_KERNEL void store(B& b, T* to, std::uint32_t from, int valid_rows, int valid_cols = cols) const {
    const i32 limit = rows_of_lane(b, valid_rows, valid_cols);
    ROOFTILE_UNROLL for (int row = 0; row < rows; row += rows_per_step) {
      u32 value[4];
      b.ld_shared16(value, place(from, row));
      b.st_global16(to + step(row), offset_, value, limit > row);
    }
  }
  /// Zeros where `store` would write.
  template <int rows, class T>
  ROOFTILE_KERNEL void store_zeros(B& b, T* to, int valid_rows) const {
    const i32 limit = rows_of_lane(b, valid_rows, cols);
    const u32 zeros[4] = {u32(0u), u32(0u), u32(0u), u32(0u)};
    ROOFTILE_UNROLL for (int row = 0; row < rows; row += rows_per_step) {
      b.st_global16(to + step(row), offset_, zeros, limit > row);
    }
  }
  /// `load` and `store` of rows that lie apart: row r of the tile begins rows.offset(r) elements after `from`, and
  /// exists where rows.exists(r); r is one row per lane, counted from `first`.
  template <int rows, class T, class Rows>
  ROOFTILE_KERNEL void gather(B& b, std::uint32_t to, const T* from, const Rows& places, int first) const {
    ROOFTILE_UNROLL for (int row = 0; row < rows; row += rows_per_step) {
      const i32 r = row_ + (first + row);
      b.cp_async16(place(to, row), from, places.offset(r) + col_, places.exists(r));
    }
  }
  template <int rows, class T, class Rows>
  ROOFTILE_KERNEL void scatter(B& b, T* to, std::uint32_t from, const Rows& places, int first) const {
    ROOFTILE_UNROLL for (int row = 0; row < rows; row += rows_per_step) {
      const i32 r = row_ + (first + row);
      u32 value[4];
      b.ld_shared16(value, place(from, row));
      b.st_global16(to, places.offset(r) + col_, value, places.exists(r));
    }
  }

 private:
  /// This lane's chunk `row` rows below its first one, in the tile at byte `tile`.
  ROOFTILE_KERNEL u32 place(std::uint32_t tile, int row) const {
    return (place_ ^ Swizzle<row_bytes>::turn(row)) + (tile + static_cast<std::uint32_t>(row * row_bytes));
  }
  ROOFTILE_KERNEL std::int64_t step(int row) const { return std::int64_t{row} * pitch_; }
  /// How many rows exist from this lane's first one on; none where its columns are beyond the edge.
  ROOFTILE_KERNEL i32 rows_of_lane(B& b, int valid_rows, int valid_cols) const {
    return b.select(col_ < valid_cols, valid_rows - row_, i32(0));
  }

  int pitch_;
  i32 row_, col_, offset_;
  u32 place_;
};

}  // namespace rooftile::kernels::text
