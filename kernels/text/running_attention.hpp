// Attention of a warp's query rows over blocks of keys, kept up to date block by block: the trip of FlashAttention-2
// (Dao 2023, arXiv 2307.08691, Algorithm 1, lines 6 to 11), which flash2 makes over all keys, split_kv over a part of
// them, and flash1 in pieces.
//
//   load_k(last); cp_commit                                      Q is on its way as well
//   trip<masked>(block, first, reach), last .. first             block - 1 is on its way when it returns
//     K landed    load V, S = Q Kᵀ                               V arrives during the product
//     V landed    m, l, P = online softmax of S
//                 load K of the next block, O = alpha O + P V    K arrives during the product
//
// Shared memory: Q, K, V, one buffer each. All warps of the CTA load K and V together, two CTA barriers per trip; each
// reads the rows of Q that it owns. `reach(row)` is the last key that row lane/4 + row of the warp sees, relative to
// the block. Exponentials are base 2: exp(s·scale) = exp2(s·scale·log2 e).
#pragma once

#include <cstdint>
#include <limits>
#include <numbers>

#include "isa/isa.hpp"
#include "text/fragment_places.hpp"
#include "text/reduce.hpp"
#include "text/tile_copy.hpp"

namespace rooftile::kernels::text {

/// No dropout.
struct KeepAll {
  template <class Acc>
  ROOFTILE_KERNEL void operator()(Acc& /*weights*/, int /*row*/, int /*col*/) const {}
};

/// `Params` has k, v, seq_kv and scale_log2 (scale · log2 e); they stay where the launch put them, which on the GPU
/// costs no registers.
template <class B, class T, class Params, int head_dim, int br, int bc, int warps>
class RunningAttention {
  using f32 = typename B::f32;
  using i32 = typename B::i32;
  using u32 = typename B::u32;
  using Acc = typename B::Acc;

 public:
  static constexpr int row_bytes = head_dim * 2;
  static constexpr int warp_rows = br / warps;
  static constexpr int m_tiles = warp_rows / 16;  // of a warp's rows
  static constexpr int n_tiles = bc / 8;          // of a key block's columns
  static constexpr int d_tiles = head_dim / 8;    // of O's columns
  static constexpr std::uint32_t q_at = 0, k_at = br * row_bytes, v_at = k_at + bc * row_bytes;
  static constexpr std::uint32_t smem = v_at + bc * row_bytes;
  static constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

  using Scores = Acc[m_tiles][n_tiles];

  /// For one warp; `kv_offset`: elements of K and V before those of its head.
  ROOFTILE_KERNEL RunningAttention(B& b, const Params& p, int warp, std::int64_t kv_offset)
      : b_{b}, p_{p}, kv_offset_{kv_offset}, copy_{b, warp, head_dim} {
    q_rows_ = place_of_rows<row_bytes>(b) + static_cast<std::uint32_t>(warp * warp_rows * row_bytes);
    k_columns_ = place_of_columns<row_bytes>(b);
    v_rows_ = place_of_rows<row_bytes>(b);
    clear();
  }

  /// As before the first block.
  ROOFTILE_KERNEL void clear() {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int d = 0; d < d_tiles; ++d) b_.clear(o_sum[i][d]);
      ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
        row_max[i][h] = f32(minus_infinity);
        row_sum[i][h] = f32(0.f);
      }
    }
  }

  ROOFTILE_KERNEL void load_k(int block, bool ragged) { load_block(k_at, p_.k, block, ragged); }
  ROOFTILE_KERNEL void load_v(int block, bool ragged) { load_block(v_at, p_.v, block, ragged); }

  ROOFTILE_KERNEL void copies_landed() {
    b_.template cp_wait<0>();
    b_.sync();
  }

  /// One key block. Only the last block of all can be ragged, and that one is masked. `drop(weights, row, col)` sets
  /// weights of an accumulator to zero, whose first row and column are relative to the warp's and the block's.
  template <bool masked, class Reach, class Drop = KeepAll>
  ROOFTILE_KERNEL void trip(int block, int first, const Reach& reach, const Drop& drop = {}) {
    copies_landed();  // K; and all warps are done with V
    load_v(block, masked);
    b_.cp_commit();
    Scores s;
    if constexpr (masked) {
      start_masked(s, block, reach);
    } else {
      start(s);
    }
    add_scores(s);
    copies_landed();  // V; and all warps are done with K
    softmax_step<masked>(s);
    drop_weights(s, drop);
    if (block > first) load_k(block - 1, /*ragged=*/false);  // before softmax, ptxas spills for sm_90a
    b_.cp_commit();
    weighted_sum(s);
  }

  ROOFTILE_KERNEL void start(Scores& s) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) b_.clear(s[i][j]);
    }
  }

  /// Where each lane's row does not see the key, and beyond the last key, scores start from -inf and stay there
  /// whatever the product adds: masking costs no registers beside S.
  template <class Reach>
  ROOFTILE_KERNEL void start_masked(Scores& s, int block, const Reach& reach) {
    const int last_key = p_.seq_kv - 1 - block * bc;
    const i32 col = (b_.lane() & 3) << 1;
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
        const i32 last = b_.min(reach(i * 16 + h * 8), i32(last_key)) - col;
        ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
          s[i][j].c[h * 2] = b_.select(last < j * 8, f32(minus_infinity), f32(0.f));
          s[i][j].c[h * 2 + 1] = b_.select(last < j * 8 + 1, f32(minus_infinity), f32(0.f));
        }
      }
    }
  }

  /// The same where the columns themselves say it, for all rows alike: `kept.keeps(j, r)`, KeptColumns.
  template <class Kept>
  ROOFTILE_KERNEL void start_kept(Scores& s, const Kept& kept) {
    ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
      ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) {
        const f32 start = b_.select(kept.keeps(j, r), f32(0.f), f32(minus_infinity));
        ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) s[i][j].c[r] = start;
      }
    }
  }

  /// S += Q Kᵀ of this warp's rows and one key block (line 8).
  ROOFTILE_KERNEL void add_scores(Scores& s) {
    ROOFTILE_UNROLL for (int k = 0; k < head_dim; k += 16) {
      typename B::template FragA<T> q[m_tiles];
      ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) b_.ldmatrix_a(q[i], at(q_rows_, k, q_at + i * 16 * row_bytes));
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; j += 2) {
        typename B::template FragB<T> left, right;
        b_.ldmatrix_b(left, right, at(k_columns_, k, k_at + j * 8 * row_bytes));
        ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
          b_.mma(s[i][j], q[i], left);
          b_.mma(s[i][j + 1], q[i], right);
        }
      }
    }
  }

  /// m, l and O brought to the new maximum, S replaced by P = exp(S - m) (lines 9 and 10). Row sums stay lane by lane.
  template <bool masked>
  ROOFTILE_KERNEL void softmax_step(Scores& s) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      f32 alpha[2];
      softmax_rows<masked>(s, i, alpha);
      ROOFTILE_UNROLL for (int d = 0; d < d_tiles; ++d) {
        ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) o_sum[i][d].c[r] = o_sum[i][d].c[r] * alpha[r / 2];
      }
    }
  }

  /// The same without O: `alpha` is what it is to be rescaled by.
  template <bool masked>
  ROOFTILE_KERNEL void softmax_rows(Scores& s, int i, f32 (&alpha)[2]) {
    ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
      f32 new_max = row_max[i][h];
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
        new_max = b_.max(new_max, b_.max(s[i][j].c[h * 2], s[i][j].c[h * 2 + 1]));
      }
      new_max = max_over<4>(b_, new_max);
      f32 base = new_max;  // a row that has seen no key yet: exp(-inf - 0) = 0, where -inf - -inf would be NaN
      if constexpr (masked) base = b_.select(new_max > minus_infinity, new_max, f32(0.f));
      const f32 minus_base = base * -p_.scale_log2;
      alpha[h] = b_.exp2(b_.fma(row_max[i][h], f32(p_.scale_log2), minus_base));
      f32 sum = f32(0.f);
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
        ROOFTILE_UNROLL for (int r = 0; r < 2; ++r) {
          f32& score = s[i][j].c[h * 2 + r];
          score = b_.exp2(b_.fma(score, f32(p_.scale_log2), minus_base));
          sum = sum + score;
        }
      }
      row_sum[i][h] = b_.fma(row_sum[i][h], alpha[h], sum);
      row_max[i][h] = new_max;
    }
  }

  /// Behind the row sums, which are those of all weights.
  template <class Drop>
  ROOFTILE_KERNEL void drop_weights(Scores& s, const Drop& drop) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) drop(s[i][j], i * 16, j * 8);
    }
  }

  /// O += P V; two score tiles side by side are an A fragment as they lie (line 10).
  ROOFTILE_KERNEL void weighted_sum(const Scores& s) {
    ROOFTILE_UNROLL for (int k = 0; k < bc; k += 16) {
      typename B::template FragA<T> probabilities[m_tiles];
      ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) b_.to_a(probabilities[i], s[i][k / 8], s[i][k / 8 + 1]);
      ROOFTILE_UNROLL for (int d = 0; d < d_tiles; d += 2) {
        typename B::template FragB<T> left, right;
        b_.ldmatrix_b_trans(left, right, at(v_rows_, d * 8, v_at + k * row_bytes));
        ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
          b_.mma(o_sum[i][d], probabilities[i], left);
          b_.mma(o_sum[i][d + 1], probabilities[i], right);
        }
      }
    }
  }

  /// m + log l of a row whose whole sum is `sum`.
  ROOFTILE_KERNEL f32 logsumexp(int i, int h, f32 sum) {
    return b_.fma(row_max[i][h], f32(p_.scale_log2), b_.log2(sum)) * std::numbers::ln2_v<float>;
  }
  /// 1 / l; 0 for a row that saw no key, so that its O is 0.
  ROOFTILE_KERNEL f32 inverse(f32 sum) { return b_.select(sum > 0.f, b_.reciprocal(sum), f32(0.f)); }

  Acc o_sum[m_tiles][d_tiles];
  f32 row_max[m_tiles][2];  ///< of the raw scores; [h]: row lane/4 and the row 8 below
  f32 row_sum[m_tiles][2];  ///< this lane's share

 private:
  ROOFTILE_KERNEL void load_block(std::uint32_t to, const void* tensor, int block, bool ragged) {
    const T* from = static_cast<const T*>(tensor) + kv_offset_ + block * (std::int64_t{bc} * head_dim);
    if (ragged) {
      copy_.template load<bc>(b_, to, from, p_.seq_kv - block * bc);
    } else {
      copy_.template load<bc>(b_, to, from);
    }
  }

  /// A lane's place `col` elements to the right, in the rows at byte `rows`.
  ROOFTILE_KERNEL static u32 at(u32 place, int col, std::uint32_t rows) {
    return (place ^ static_cast<std::uint32_t>(col * 2)) + rows;
  }

  B& b_;
  const Params& p_;
  std::int64_t kv_offset_;
  TileCopy<B, head_dim, warps> copy_;
  u32 q_rows_, k_columns_, v_rows_;
};

}  // namespace rooftile::kernels::text
