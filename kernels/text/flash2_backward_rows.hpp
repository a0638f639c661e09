// The small kernels around the main one of the FlashAttention-2 backward; both go through rows once and wait for DRAM.
//
//   delta         D = rowsum(dO O) (Dao 2023, Algorithm 2, line 4), and zeros for the fp32 sum of dQ, if there is one
//   convert_dq    dQ = scale · sum, in the element type; staged, so that rows leave in 16-byte pieces
//
// delta: eight lanes have a row, 64 columns at a time, so a warp reads four rows at once; it keeps the sums of 32 rows,
// one per lane, and writes them with one instruction.
#pragma once

#include <cstdint>

#include "isa/isa.hpp"
#include "text/flash2_backward_shape.hpp"
#include "text/fragment_places.hpp"
#include "text/reduce.hpp"
#include "text/tile_copy.hpp"

namespace rooftile::kernels::flash2_backward {

struct DeltaParams {
  const void* o;
  const void* grad_o;
  float* delta;
  float* grad_q_sum;
  int heads;
  int seq_q;
  int row_pitch;  ///< floats from one head's D to the next
  int sum_rows;   ///< of the sum of dQ, per head; 0: there is none
};

template <class T, int head_dim>
struct DeltaKernel {
  using Params = DeltaParams;
  static constexpr OwnTile tile = own_tile("delta", head_dim);
  static constexpr int warps = tile.warps;
  static constexpr int warp_rows = tile.br / warps, row_lanes = 8, step_rows = warp_size / row_lanes, chunk = 8;
  static_assert(warp_rows == warp_size && tile.br % Shape<head_dim>::br == 0);

  template <class B>
  ROOFTILE_KERNEL static void run(B& b, const Params& p) {
    const int head = b.block_z() * p.heads + b.block_y();
    sum_rows(b, p, head, b.block_x() * tile.br + b.warp() * warp_rows);
    clear_sum(b, p.grad_q_sum + std::int64_t{head} * p.sum_rows * head_dim, p.sum_rows);
  }

 private:
  template <class B>
  ROOFTILE_KERNEL static void sum_rows(B& b, const Params& p, int head, int first_row) {
    using f32 = typename B::f32;
    using i32 = typename B::i32;
    const std::int64_t before = (std::int64_t{head} * p.seq_q + first_row) * head_dim;
    const T* const o = static_cast<const T*>(p.o) + before;
    const T* const grad_o = static_cast<const T*>(p.grad_o) + before;
    const i32 row = b.lane() >> 3, place = b.lane() & (row_lanes - 1);
    const i32 offset = row * head_dim + place * chunk;
    f32 kept = f32(0.f);
    ROOFTILE_NO_UNROLL for (int step = 0; step < row_lanes; ++step) {
      f32 sum = f32(0.f);
      ROOFTILE_UNROLL for (int col = 0; col < head_dim; col += row_lanes * chunk) {
        const int to = step * step_rows * head_dim + col;
        const auto exists = row < p.seq_q - first_row - step * step_rows;
        sum = sum + product(b, o + to, grad_o + to, offset, exists);
      }
      kept = b.select(place == step, text::sum_over<row_lanes>(b, sum), kept);
    }
    const i32 kept_row = place * step_rows + row;
    float* const delta = p.delta + std::int64_t{head} * p.row_pitch + first_row;
    b.st_global(delta, kept_row, kept, kept_row < p.seq_q - first_row);
  }

  /// The product of 8 elements each.
  template <class B>
  ROOFTILE_KERNEL static typename B::f32 product(B& b, const T* left, const T* right, typename B::i32 offset,
                                                 typename B::pred exists) {
    using f32 = typename B::f32;
    typename B::u32 a[4], c[4];
    b.ld_global16(a, left, offset, exists);
    b.ld_global16(c, right, offset, exists);
    f32 sum = f32(0.f);
    ROOFTILE_UNROLL for (int i = 0; i < 4; ++i) {
      f32 a_low, a_high, c_low, c_high;
      b.template unpack<T>(a_low, a_high, a[i]);
      b.template unpack<T>(c_low, c_high, c[i]);
      sum = b.fma(a_low, c_low, sum);
      sum = b.fma(a_high, c_high, sum);
    }
    return sum;
  }

  /// Zeros in the rows of this CTA, 16 bytes per lane.
  template <class B>
  ROOFTILE_KERNEL static void clear_sum(B& b, float* sum, int rows) {
    constexpr int lane_floats = 4, step = warps * warp_size * lane_floats;
    const int first_row = b.block_x() * tile.br;
    const int rows_left = rows - first_row;
    const int floats = (rows_left < tile.br ? rows_left : tile.br) * head_dim;
    const typename B::u32 zeros[4] = {0u, 0u, 0u, 0u};
    const typename B::i32 offset = (b.lane() + b.warp() * warp_size) * lane_floats;
    float* const to = sum + std::int64_t{first_row} * head_dim;
    ROOFTILE_NO_UNROLL for (int done = 0; done < floats; done += step) {
      b.st_global16(to + done, offset, zeros, offset < floats - done);
    }
  }
};

struct ConvertParams {
  const float* grad_q_sum;
  void* grad_q;
  int heads;
  int seq_q;
  float scale;
};

template <class T, int head_dim>
struct ConvertKernel {
  using Params = ConvertParams;
  using S = Shape<head_dim>;
  static constexpr OwnTile tile = own_tile("convert_dq", head_dim);
  static constexpr int warps = tile.warps;
  static_assert(tile.br == S::br && warps == S::warps && tile.smem == S::br * S::row_bytes);

  template <class B>
  ROOFTILE_KERNEL static void run(B& b, const Params& p) {
    using f32 = typename B::f32;
    const int warp = b.warp(), head = b.block_z() * p.heads + b.block_y(), first_row = b.block_x() * S::br;
    const float* const from = p.grad_q_sum + S::sum_before(head, p.seq_q, b.block_x());
    const int part = warp % S::query_parts, col = warp / S::query_parts;
    const typename B::u32 place =
        (text::place_of_accumulator<S::row_bytes>(b) ^ static_cast<std::uint32_t>(col * S::grad_q_cols * 2)) +
        static_cast<std::uint32_t>(part * S::part_rows * S::row_bytes);
    ROOFTILE_UNROLL for (int i = 0; i < S::m_tiles; ++i) {
      ROOFTILE_UNROLL for (int d = 0; d < S::grad_q_cols / 8; ++d) {
        typename B::Acc sum;
        ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) {
          const int value = (i * (S::grad_q_cols / 8) + d) * 4 + r;
          sum.c[r] = b.ld_global(from + S::sum_place(value, warp), b.lane(), true);
        }
        text::stage<T, S::row_bytes>(b, place, i * 16 * S::row_bytes, d, sum, f32(p.scale), f32(p.scale));
      }
    }
    b.sync();
    T* const to = static_cast<T*>(p.grad_q) + (std::int64_t{head} * p.seq_q + first_row) * head_dim;
    text::TileCopy<B, head_dim, warps>{b, warp, head_dim}.template store<S::br>(b, to, 0, p.seq_q - first_row);
  }
};

}  // namespace rooftile::kernels::flash2_backward
