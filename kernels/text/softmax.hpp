// Row-wise softmax S -> P of standard attention, with the logsumexp, in four ways that differ in how often they go over
// a row of S (N columns):
//
//   naive     sum of exp(s); write                                2 loads, 1 store; exp overflows beyond s = 88
//   safe      maximum; sum of exp(s - m); write                   3 loads, 1 store
//   online    maximum and sum in one go (Milakov and Gimelshein   2 loads, 1 store
//             2018, arXiv 1805.02867); write
//   fused     online while the row moves into shared memory;      1 load, 1 store
//             write from there
//
// A warp has a row, or four warps share one (more than softmax_warp_columns columns); they go through it in steps of
// 256 columns per warp, 8 (16 bytes) per lane. The mask is applied as scores are read: causal, and beyond the last key.
// Padded keys are -inf in S already (gemm.hpp): read here, their byte would be read again in every pass of every row.
//
// Safe, online, fused are the ladder: 4, 3 and 2 accesses per element; naive shows what the maximum is for. Shared:
//   16 bytes per lane and step            whole sectors; rows padded to 8 columns have no ragged end
//   base 2, exp(s - m) as one fma         exp2(s · log2 e - m · log2 e)
//   four warps for a long row             1032 columns or more fill a CTA, with two barriers at most
// Limits: naive overflows, see above; fused keeps rows of up to 116208 keys (227 KiB of shared memory; 163 KiB on an
// A100: 83440); S has been rounded to 16 bits, and LSE with it. A step is not loaded ahead of its use: other warps hide
// the latency, 32 registers let an SM hold all it can. Not done: short rows in registers, which would make safe softmax
// read S once as well.
#pragma once

#include <cstdint>
#include <limits>
#include <numbers>
#include <string_view>

#include "isa/isa.hpp"
#include "rooftile/model/tile_table.hpp"
#include "text/reduce.hpp"

namespace rooftile::kernels::standard {

enum class SoftmaxKind : std::uint8_t { naive, safe, online, fused };

/// The launch of each kind, as the tile table names it.
[[nodiscard]] constexpr std::string_view softmax_launch(SoftmaxKind kind) {
  switch (kind) {
    case SoftmaxKind::naive: return "softmax_naive";
    case SoftmaxKind::safe: return "softmax_safe";
    case SoftmaxKind::online: return "softmax_online";
    case SoftmaxKind::fused: return "softmax_fused";
  }
  return "";
}

/// S, P: [batch, heads, rows, padded], 16-bit, the same pitch; LSE: [batch, heads, rows].
struct SoftmaxParams {
  const void* s;
  void* p;
  float* lse;
  int rows;
  int cols;    ///< keys; columns from here to `padded` give P = 0
  int padded;  ///< a multiple of 8
  int pitch;
  int lse_pitch;
  int causal_offset;  ///< row i sees columns up to i + causal_offset; rows without causal mask: `cols`
};

/// One row as one of its warps sees it.
template <class B, class T, SoftmaxKind kind, int row_warps>
class SoftmaxRow {
  using f32 = typename B::f32;
  using i32 = typename B::i32;
  using u32 = typename B::u32;

 public:
  static constexpr OwnTile tile = own_tile(softmax_launch(kind), row_warps* softmax_step);
  static constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
  static constexpr float log2e = std::numbers::log2e_v<float>;
  static constexpr int lane_cols = 8;
  static constexpr std::uint32_t maxima_at = 0, sums_at = 16, row_at = softmax_smem(tile.br, 0, true);
  static_assert(tile.warps == tile.br * row_warps && softmax_step == warp_size * lane_cols);
  static_assert(row_warps == 1 || row_at >= sums_at + row_warps * 4);

  ROOFTILE_KERNEL SoftmaxRow(B& b, const SoftmaxParams& p)
      : b_{b}, p_{p}, row_{b.block_x() * tile.br + (row_warps == 1 ? b.warp() : 0)} {
    first_ = (b.lane() << 3) + (row_warps == 1 ? 0 : b.warp() * softmax_step);
    const int reach = row_ + p.causal_offset;
    last_ = reach < p.cols - 1 ? reach : p.cols - 1;
  }

  /// Maximum of the row: one pass.
  ROOFTILE_KERNEL f32 maximum() {
    f32 lane_max = f32(minus_infinity);
    ROOFTILE_NO_UNROLL for (int step = 0; step < p_.padded; step += tile.bc) {
      f32 x[lane_cols];
      load(x, step);
      lane_max = max_with(lane_max, x);
    }
    return row_max(lane_max);
  }

  /// Sum of exp(x - base): one pass.
  ROOFTILE_KERNEL f32 sum(f32 base) {
    f32 lane_sum = f32(0.f);
    ROOFTILE_NO_UNROLL for (int step = 0; step < p_.padded; step += tile.bc) {
      f32 x[lane_cols];
      load(x, step);
      lane_sum = lane_sum + exponentials(x, base);
    }
    return row_sum(lane_sum);
  }

  /// Maximum and sum of exp(x - maximum) in one pass; `fused` keeps the row.
  ROOFTILE_KERNEL void maximum_and_sum(f32& maximum, f32& sum) {
    f32 lane_max = f32(minus_infinity), lane_sum = f32(0.f);
    ROOFTILE_NO_UNROLL for (int step = 0; step < p_.padded; step += tile.bc) {
      f32 x[lane_cols];
      load(x, step);
      const f32 new_max = max_with(lane_max, x);
      lane_sum = b_.fma(lane_sum, rescale(lane_max, new_max), exponentials(x, finite(new_max)));
      lane_max = new_max;
    }
    maximum = row_max(lane_max);
    sum = row_sum(lane_sum * rescale(lane_max, maximum));
  }

  /// P = exp(x - base) / sum, and the logsumexp. A row that sees no key has sum = 0: P = 0, LSE = -inf.
  ROOFTILE_KERNEL void write(f32 base, f32 sum) {
    const f32 inverse = b_.select(sum > 0.f, b_.reciprocal(sum), f32(0.f));
    T* to = static_cast<T*>(p_.p) + row_offset();
    if constexpr (kind == SoftmaxKind::fused && row_warps == 1) b_.sync_warp();  // kept by other lanes
    ROOFTILE_NO_UNROLL for (int step = 0; step < p_.padded; step += tile.bc) {
      f32 x[lane_cols];
      if constexpr (kind == SoftmaxKind::fused) {
        load_kept(x, step);
      } else {
        load(x, step);
      }
      exponentials(x, base);
      u32 packed[lane_cols / 2];
      ROOFTILE_UNROLL for (int i = 0; i < lane_cols; i += 2) {
        packed[i / 2] = b_.template pack<T>(x[i] * inverse, x[i + 1] * inverse);
      }
      b_.st_global16(to, first_ + step, packed, exists(step));
    }
    const bool writes_lse = row_ < p_.rows && (row_warps == 1 || b_.warp() == 0);
    float* lse = p_.lse + std::int64_t{head()} * p_.lse_pitch;
    const f32 value = b_.fma(b_.log2(sum), f32(std::numbers::ln2_v<float>), base);
    b_.st_global(lse, b_.lane() + row_, value, b_.lane() < (writes_lse ? 1 : 0));
  }

  /// What is subtracted for this maximum: a row that sees no key has maximum -inf, and -inf - -inf would be NaN.
  ROOFTILE_KERNEL f32 finite(f32 maximum) { return b_.select(maximum > minus_infinity, maximum, f32(0.f)); }

 private:
  ROOFTILE_KERNEL int head() const { return b_.block_z() * b_.grid_y() + b_.block_y(); }
  ROOFTILE_KERNEL std::int64_t row_offset() const { return (std::int64_t{head()} * p_.rows + row_) * p_.pitch; }
  /// Lanes whose columns, and this warp's row, are in the matrix.
  ROOFTILE_KERNEL typename B::pred exists(int step) const { return first_ < (row_ < p_.rows ? p_.padded - step : 0); }
  ROOFTILE_KERNEL u32 kept_row() const {
    return b_.shared_base() + (row_at + static_cast<std::uint32_t>(row_warps == 1 ? b_.warp() * p_.padded * 2 : 0));
  }

  /// This lane's scores of a step from global memory, masked.
  ROOFTILE_KERNEL void load(f32 (&x)[lane_cols], int step) {
    u32 packed[lane_cols / 2];
    b_.ld_global16(packed, static_cast<const T*>(p_.s) + row_offset(), first_ + step, exists(step));
    if constexpr (kind == SoftmaxKind::fused)
      b_.st_shared16(kept_row() + u32((first_ + step) << 1), packed, first_ < p_.padded - step);
    unpack(x, packed, step);
  }
  /// The same from shared memory; lanes beyond the end read the last chunk again.
  ROOFTILE_KERNEL void load_kept(f32 (&x)[lane_cols], int step) {
    u32 packed[lane_cols / 2];
    b_.ld_shared16(packed, kept_row() + u32(b_.min(first_ + step, i32(p_.padded - lane_cols)) << 1));
    unpack(x, packed, step);
  }
  ROOFTILE_KERNEL void unpack(f32 (&x)[lane_cols], const u32 (&packed)[lane_cols / 2], int step) {
    const i32 last = (last_ - step) - first_;
    ROOFTILE_UNROLL for (int i = 0; i < lane_cols; ++i) {
      if (i % 2 == 0) b_.template unpack<T>(x[i], x[i + 1], packed[i / 2]);
      x[i] = b_.select(last < i, f32(minus_infinity), x[i]);
    }
  }

  ROOFTILE_KERNEL f32 max_with(f32 most, const f32 (&x)[lane_cols]) {
    ROOFTILE_UNROLL for (int i = 0; i < lane_cols; ++i) most = b_.max(most, x[i]);
    return most;
  }
  /// x replaced by exp(x - base); returns their sum.
  ROOFTILE_KERNEL f32 exponentials(f32 (&x)[lane_cols], f32 base) {
    f32 sum = f32(0.f);
    ROOFTILE_UNROLL for (int i = 0; i < lane_cols; ++i) {
      x[i] = b_.exp2(b_.fma(x[i], f32(log2e), base * -log2e));
      sum = sum + x[i];
    }
    return sum;
  }
  /// exp(from - to), for sums that were taken relative to `from`.
  ROOFTILE_KERNEL f32 rescale(f32 from, f32 to) { return b_.exp2((from - finite(to)) * log2e); }

  ROOFTILE_KERNEL f32 row_max(f32 x) {
    x = text::max_over<warp_size>(b_, x);
    if constexpr (row_warps > 1) {
      post(x, maxima_at);
      ROOFTILE_UNROLL for (int w = 0; w < row_warps; ++w) x = b_.max(x, posted(w, maxima_at));
    }
    return x;
  }
  ROOFTILE_KERNEL f32 row_sum(f32 x) {
    x = text::sum_over<warp_size>(b_, x);
    if constexpr (row_warps > 1) {
      post(x, sums_at);
      x = f32(0.f);
      ROOFTILE_UNROLL for (int w = 0; w < row_warps; ++w) x = x + posted(w, sums_at);
    }
    return x;
  }
  /// A warp's number to all warps of the CTA.
  ROOFTILE_KERNEL void post(f32 x, std::uint32_t slots) {
    b_.st_shared(b_.shared_base() + (slots + static_cast<std::uint32_t>(b_.warp() * 4)), x, b_.lane() < 1);
    b_.sync();
  }
  ROOFTILE_KERNEL f32 posted(int warp, std::uint32_t slots) {
    return b_.ld_shared(b_.shared_base() + (slots + static_cast<std::uint32_t>(warp * 4)));
  }

  B& b_;
  const SoftmaxParams& p_;
  int row_;
  int last_;   ///< last column that the row sees
  i32 first_;  ///< this lane's first column in a step
};

template <class T, SoftmaxKind kind, int row_warps>
struct SoftmaxKernel {
  using Params = SoftmaxParams;
  static constexpr OwnTile tile = own_tile(softmax_launch(kind), row_warps* softmax_step);
  static constexpr int warps = tile.warps;

  template <class B>
  ROOFTILE_KERNEL static void run(B& b, const SoftmaxParams& p) {
    using f32 = typename B::f32;
    SoftmaxRow<B, T, kind, row_warps> row{b, p};
    f32 base = f32(0.f), sum;
    if constexpr (kind == SoftmaxKind::naive) {
      sum = row.sum(base);
    } else if constexpr (kind == SoftmaxKind::safe) {
      base = row.finite(row.maximum());
      sum = row.sum(base);
    } else {
      f32 maximum;
      row.maximum_and_sum(maximum, sum);
      base = row.finite(maximum);
    }
    row.write(base, sum);
  }
};

}  // namespace rooftile::kernels::standard
