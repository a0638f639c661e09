// The second launch of split_kv: parts of the keys have left a row of O and a logsumexp each, normalised on their own;
// together they are
//
//   L = M + log Σ exp(L_s - M),  M = max L_s          O = Σ exp(L_s - M) O_s / Σ exp(L_s - M)
//
// One CTA per row. Thread s has L_s, at most 128; weights go through shared memory. Then the threads stand side by side
// on rows of O_s, 16 bytes each, as many rows as that makes (merge_parts()), and each asks for merge_loads_ahead rows
// before it adds up the first: a call for few rows is all latency. A row that no part saw has M = -inf: O = 0, L =
// -inf.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <numbers>

#include "isa/isa.hpp"
#include "rooftile/model/split_parts.hpp"
#include "rooftile/model/tile_table.hpp"
#include "text/reduce.hpp"

namespace rooftile::kernels::split_kv {

/// O_part: [parts, batch, heads, seq_q, head_dim], LSE_part: [parts, batch, heads, seq_q], fp32.
struct MergeParams {
  const float* o_part;
  const float* lse_part;
  void* o;
  float* lse;
  int parts;
  int batch;
  int heads;
  int seq_q;
  int lse_pitch;
};

/// One row as one of its warps sees it.
template <class B, class T, int head_dim>
class MergedRow {
  using f32 = typename B::f32;
  using i32 = typename B::i32;
  using u32 = typename B::u32;

  static constexpr OwnTile tile = own_tile("merge", head_dim);
  static constexpr int threads = tile.warps * warp_size;
  static_assert(threads == most_parts);
  static constexpr int at_a_time = merge_parts(head_dim);
  static constexpr int loads_ahead = merge_loads_ahead, parts_per_trip = at_a_time * loads_ahead;
  static_assert(most_parts % parts_per_trip == 0);
  static constexpr int row_threads = threads / at_a_time;  // on one part's row
  static constexpr int row_bits = std::countr_zero(static_cast<unsigned>(row_threads));
  static constexpr int lane_chunks = head_dim / 4 / row_threads;  // of 16 bytes, row_threads apart
  static constexpr std::uint32_t weights_at = 0, maxima_at = threads * 4, sums_at = maxima_at + tile.warps * 4;
  static constexpr std::uint32_t rows_at = sums_at + tile.warps * 4;
  static_assert(rows_at + at_a_time * head_dim * 4 == tile.smem);
  static constexpr float log2e = std::numbers::log2e_v<float>;
  static constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

 public:
  ROOFTILE_KERNEL MergedRow(B& b, const MergeParams& p)
      : b_{b},
        p_{p},
        warp_{b.warp()},
        head_{std::int64_t{b.block_z()} * p.heads + b.block_y()},
        thread_{b.lane() + warp_ * warp_size} {}

  /// The weights of the parts to shared memory, the logsumexp to global memory; returns 1 / Σ.
  ROOFTILE_KERNEL f32 weigh() {
    const float* from = p_.lse_part + head_ * p_.lse_pitch + b_.block_x();
    const typename B::pred exists = thread_ < p_.parts;
    const f32 read = b_.ld_global(from, thread_ * (p_.batch * p_.heads * p_.lse_pitch), exists);
    const f32 lse = b_.select(exists, read, f32(minus_infinity));
    const f32 most = row_max(lse);
    const f32 base = b_.select(most > minus_infinity, most, f32(0.f));
    const f32 weight = b_.exp2((lse - base) * log2e);
    b_.st_shared(b_.shared_base() + weights_at + u32(thread_ << 2), weight);
    const f32 sum = row_sum(weight);  // its barrier is that of the weights as well
    const f32 merged = b_.fma(b_.log2(sum), f32(std::numbers::ln2_v<float>), base);
    b_.st_global(p_.lse + head_ * p_.lse_pitch, b_.lane() + b_.block_x(), merged, b_.lane() < (warp_ == 0 ? 1 : 0));
    return b_.select(sum > 0.f, b_.reciprocal(sum), f32(0.f));
  }

  /// Σ weight · O_s of this thread's columns over its parts.
  ROOFTILE_KERNEL void add_parts() {
    const i32 first = thread_ >> row_bits;
    const std::int64_t part_elements = std::int64_t{p_.batch} * p_.heads * p_.seq_q * head_dim;
    const float* from = p_.o_part + (head_ * p_.seq_q + b_.block_x()) * head_dim;
    ROOFTILE_UNROLL for (int c = 0; c < lane_chunks; ++c) {
      ROOFTILE_UNROLL for (int i = 0; i < 4; ++i) sum_[c][i] = f32(0.f);
    }
    ROOFTILE_NO_UNROLL for (int part = 0; part < p_.parts; part += parts_per_trip) {
      add(first + part, from + part * part_elements, static_cast<int>(part_elements));
    }
  }

  /// The sums of all threads, scaled by `inverse`, to O: 8 columns per lane of the first warp.
  ROOFTILE_KERNEL void write(f32 inverse) {
    const i32 row = thread_ >> row_bits, chunk = thread_ & (row_threads - 1);
    ROOFTILE_UNROLL for (int c = 0; c < lane_chunks; ++c) {
      u32 bits[4];
      ROOFTILE_UNROLL for (int i = 0; i < 4; ++i) bits[i] = b_.as_bits(sum_[c][i]);
      b_.st_shared16(place(row, chunk + c * row_threads), bits, row < at_a_time);
    }
    b_.sync();
    if (warp_ != 0) return;
    const i32 col = b_.lane() & (head_dim / 8 - 1);
    f32 o[8];
    ROOFTILE_UNROLL for (int i = 0; i < 8; ++i) o[i] = f32(0.f);
    ROOFTILE_UNROLL for (int r = 0; r < at_a_time; ++r) {
      ROOFTILE_UNROLL for (int half = 0; half < 2; ++half) {
        u32 bits[4];
        b_.ld_shared16(bits, place(i32(r), (col << 1) + half));
        ROOFTILE_UNROLL for (int i = 0; i < 4; ++i) o[half * 4 + i] = o[half * 4 + i] + b_.as_float(bits[i]);
      }
    }
    u32 packed[4];
    ROOFTILE_UNROLL for (int i = 0; i < 8; i += 2) packed[i / 2] =
        b_.template pack<T>(o[i] * inverse, o[i + 1] * inverse);
    T* to = static_cast<T*>(p_.o) + (head_ * p_.seq_q + b_.block_x()) * head_dim;
    b_.st_global16(to, col << 3, packed, b_.lane() < head_dim / 8);
  }

 private:
  /// Parts `first`, `first` + at_a_time ...: all loads before the first use.
  ROOFTILE_KERNEL void add(i32 first, const float* from, int part_elements) {
    f32 weight[loads_ahead];
    u32 bits[loads_ahead][lane_chunks][4];
    const i32 offset = (thread_ >> row_bits) * part_elements + ((thread_ & (row_threads - 1)) << 2);
    ROOFTILE_UNROLL for (int n = 0; n < loads_ahead; ++n) {
      const i32 part = first + n * at_a_time;
      const float* row = from + std::int64_t{n} * at_a_time * part_elements;
      weight[n] = b_.ld_shared(b_.shared_base() + weights_at + u32(part << 2));
      ROOFTILE_UNROLL for (int c = 0; c < lane_chunks; ++c) {
        b_.ld_global16(bits[n][c], row + std::int64_t{c} * row_threads * 4, offset, part < p_.parts);
      }
    }
    ROOFTILE_UNROLL for (int n = 0; n < loads_ahead; ++n) {
      ROOFTILE_UNROLL for (int c = 0; c < lane_chunks; ++c) {
        ROOFTILE_UNROLL for (int i = 0; i < 4; ++i) {
          sum_[c][i] = b_.fma(weight[n], b_.as_float(bits[n][c][i]), sum_[c][i]);
        }
      }
    }
  }

  /// Four columns of a row of sums. Chunks 2·n of eight lanes would share banks with those of the next eight: from
  /// every second group of eight on, neighbours trade places.
  ROOFTILE_KERNEL u32 place(i32 row, i32 chunk) {
    const i32 turned = chunk ^ ((chunk >> 3) & 1);
    return b_.shared_base() + rows_at + u32(row * (head_dim * 4) + (turned << 4));
  }

  ROOFTILE_KERNEL f32 row_max(f32 x) {
    x = text::max_over<warp_size>(b_, x);
    post(x, maxima_at);
    ROOFTILE_UNROLL for (int w = 0; w < tile.warps; ++w) x = b_.max(x, posted(w, maxima_at));
    return x;
  }
  ROOFTILE_KERNEL f32 row_sum(f32 x) {
    post(text::sum_over<warp_size>(b_, x), sums_at);
    x = f32(0.f);
    ROOFTILE_UNROLL for (int w = 0; w < tile.warps; ++w) x = x + posted(w, sums_at);
    return x;
  }
  /// A warp's number to all warps of the CTA.
  ROOFTILE_KERNEL void post(f32 x, std::uint32_t slots) {
    b_.st_shared(b_.shared_base() + (slots + static_cast<std::uint32_t>(warp_ * 4)), x, b_.lane() < 1);
    b_.sync();
  }
  ROOFTILE_KERNEL f32 posted(int warp, std::uint32_t slots) {
    return b_.ld_shared(b_.shared_base() + (slots + static_cast<std::uint32_t>(warp * 4)));
  }

  B& b_;
  const MergeParams& p_;
  int warp_;
  std::int64_t head_;  ///< among those of the whole batch
  i32 thread_;
  f32 sum_[lane_chunks][4];
};

template <class T, int head_dim>
struct MergeKernel {
  using Params = MergeParams;
  static constexpr OwnTile tile = own_tile("merge", head_dim);
  static constexpr int warps = tile.warps;

  template <class B>
  ROOFTILE_KERNEL static void run(B& b, const MergeParams& p) {
    MergedRow<B, T, head_dim> row{b, p};
    const typename B::f32 inverse = row.weigh();
    row.add_parts();
    row.write(inverse);
  }
};

}  // namespace rooftile::kernels::split_kv
