// dQ without atomics: one CTA owns br query rows of a query head and walks the key blocks that they see, forwards. It
// makes P and dS a second time, so the backward has 7 products where the one with atomics has 5; in return every sum
// has a fixed order, and dQ needs no fp32 workspace and no launch behind.
//
//   load Q, dO, LSE, D; load K and V of the first block                     K and V asynchronous
//   for each block:
//     K, V landed        P = exp(Q Kᵀ - LSE),  dP = dO Vᵀ
//     V is free          load the next V;  dS = P (dP - D),  dQ += dS K     dS stays in registers
//     K is free          load the next K
//   dQ · scale  ->  global memory, through the place of Q
//
// Each warp owns 32 rows (16 at d = 256): their Q and dO are loaded and read by that warp alone. Edges: rows beyond the
// last and keys beyond the last are zeros in K, Q and dO and add nothing; the mask is applied in blocks that it cuts.
// At d = 64 a block has 32 keys: with 64, ptxas spills.
#pragma once

#include <cstdint>
#include <numbers>

#include "isa/isa.hpp"
#include "rooftile/model/tile_table.hpp"
#include "text/dropout.hpp"
#include "text/fragment_places.hpp"
#include "text/reduce.hpp"
#include "text/tile_copy.hpp"

namespace rooftile::kernels::flash2_backward {

/// dQ is written whole.
struct QueryParams : BackwardParams {
  void* grad_q;
};
struct QueryDropoutParams : QueryParams, text::DropoutParams {};

/// The tile of the kernel with these parameters.
template <class Params>
constexpr OwnTile query_tile(int head_dim) {
  return own_tile(text::drops_weights<Params> ? "flash2_grad_q_dropout" : "flash2_grad_q", head_dim);
}

/// The work of one CTA as one of its warps sees it. With `QueryDropoutParams` it drops weights.
template <class B, class T, class Params, int head_dim>
class QueryGradientTile {
  using f32 = typename B::f32;
  using i32 = typename B::i32;
  using u32 = typename B::u32;
  using Acc = typename B::Acc;
  using FragA = typename B::template FragA<T>;
  using FragB = typename B::template FragB<T>;

  static constexpr bool drops = text::drops_weights<Params>;
  static constexpr OwnTile tile = query_tile<Params>(head_dim);
  static constexpr int br = tile.br, bc = tile.bc, warps = tile.warps;
  static constexpr int row_bytes = head_dim * 2, warp_rows = br / warps;
  static constexpr int m_tiles = warp_rows / 16, n_tiles = bc / 8, d_tiles = head_dim / 8;
  static constexpr std::uint32_t q_at = 0, grad_o_at = br * row_bytes, k_at = 2 * grad_o_at,
                                 v_at = k_at + bc * row_bytes;
  static_assert(v_at + bc * row_bytes == tile.smem);

  using Scores = Acc[m_tiles][n_tiles];
  using QueryCopy = text::TileCopy<B, head_dim, 1>;

 public:
  ROOFTILE_KERNEL QueryGradientTile(B& b, const Params& p) : b_{b}, p_{p}, warp_{b.warp()} {
    rows_ = text::place_of_rows<row_bytes>(b);
    k_columns_ = text::place_of_columns<row_bytes>(b);
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int d = 0; d < d_tiles; ++d) b.clear(grad_q_[i][d]);
    }
  }

  /// One past the last key block that any row of the tile sees.
  ROOFTILE_KERNEL int seen_blocks() const {
    const int blocks = (p_.seq_kv + bc - 1) / bc;
    if (!p_.causal) return blocks;
    const int seen = (first_row() + br - 1 + offset() + bc) / bc;
    return seen < 0 ? 0 : seen < blocks ? seen : blocks;
  }

  ROOFTILE_KERNEL void begin(int blocks) {
    const QueryCopy copy{b_, 0, head_dim};
    copy.template load<warp_rows>(b_, q_at + warp_bytes(), static_cast<const T*>(p_.q) + query_offset(), rows_left());
    copy.template load<warp_rows>(b_, grad_o_at + warp_bytes(), static_cast<const T*>(p_.grad_o) + query_offset(),
                                  rows_left());
    load_statistics();
    if (blocks > 0) {
      load_block(k_at, p_.k, 0);
      load_block(v_at, p_.v, 0);
    }
    b_.cp_commit();
  }

  ROOFTILE_KERNEL void trip(int block, bool last) {
    b_.template cp_wait<0>();
    b_.sync();  // K and V landed
    Scores p, ds;
    multiply_rows(p, q_at, k_at);
    multiply_rows(ds, grad_o_at, v_at);
    b_.sync();  // V is free
    if (!last) load_block(v_at, p_.v, block + 1);
    b_.cp_commit();
    exponentials(p);
    if (is_cut(block)) mask(p, block);
    if constexpr (drops) {
      drop(ds, p, block);
    } else {
      subtract_delta(ds, p);
    }
    add_to_grad_q(ds);
    b_.sync();  // K is free
    if (!last) load_block(k_at, p_.k, block + 1);
    b_.cp_commit();
  }

  /// dQ in the element type. A row that saw no key has zeros.
  ROOFTILE_KERNEL void finish() {
    b_.template cp_wait<0>();  // Q and dO of a tile that sees no key
    b_.sync_warp();
    const u32 place = text::place_of_accumulator<row_bytes>(b_) + warp_bytes();
    f32 scale = p_.scale;
    if constexpr (drops) scale = scale * p_.keep_scale;
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int d = 0; d < d_tiles; ++d) {
        text::stage<T, row_bytes>(b_, place, i * 16 * row_bytes, d, grad_q_[i][d], scale, scale);
      }
    }
    b_.sync_warp();
    QueryCopy{b_, 0, head_dim}.template store<warp_rows>(b_, static_cast<T*>(p_.grad_q) + query_offset(),
                                                         q_at + warp_bytes(), rows_left());
  }

 private:
  ROOFTILE_KERNEL int first_row() const { return (b_.grid_x() - 1 - b_.block_x()) * br; }  // longest first
  ROOFTILE_KERNEL int offset() const { return p_.seq_kv - p_.seq_q; }
  ROOFTILE_KERNEL int warp_row() const { return first_row() + warp_ * warp_rows; }
  ROOFTILE_KERNEL int rows_left() const { return p_.seq_q - warp_row(); }
  ROOFTILE_KERNEL int head() const { return b_.block_z() * p_.heads + b_.block_y(); }
  ROOFTILE_KERNEL std::int64_t query_offset() const {
    return (std::int64_t{head()} * p_.seq_q + warp_row()) * head_dim;
  }
  ROOFTILE_KERNEL std::uint32_t warp_bytes() const { return static_cast<std::uint32_t>(warp_ * warp_rows * row_bytes); }

  ROOFTILE_KERNEL void load_block(std::uint32_t to, const void* tensor, int block) {
    const int first_key = block * bc;
    const int kv_head = b_.block_z() * p_.kv_heads + b_.block_y() / p_.group;
    const T* from = static_cast<const T*>(tensor) + (std::int64_t{kv_head} * p_.seq_kv + first_key) * head_dim;
    text::TileCopy<B, head_dim, warps>{b_, warp_, head_dim}.template load<bc>(b_, to, from, p_.seq_kv - first_key);
  }

  /// LSE and D of the warp's rows: one lane of a quad reads, the others get it by exchange.
  ROOFTILE_KERNEL void load_statistics() {
    const std::int64_t first = std::int64_t{head()} * p_.lse_pitch + warp_row();
    const i32 of_quad = b_.select((b_.lane() & 3) < 1, b_.lane() >> 2, i32(warp_rows));
    const int rows = rows_left() < warp_rows ? rows_left() : warp_rows;
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
        const i32 row = of_quad + (i * 16 + h * 8);
        minus_lse_[i][h] = of_rows(p_.lse + first, row, rows) * -std::numbers::log2e_v<float>;
        delta_[i][h] = of_rows(p_.delta + first, row, rows);
        if constexpr (drops) delta_[i][h] = delta_[i][h] * p_.kept_share;
      }
    }
  }
  ROOFTILE_KERNEL f32 of_rows(const float* from, i32 row, int rows) {
    return text::sum_over<4>(b_, b_.ld_global(from, row, row < rows));  // the other lanes of a quad have zero
  }

  /// C += A Bᵀ of this warp's rows: Q Kᵀ, dO Vᵀ.
  ROOFTILE_KERNEL void multiply_rows(Scores& c, std::uint32_t a_at, std::uint32_t b_at) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) b_.clear(c[i][j]);
    }
    const u32 a_place = rows_ + (a_at + warp_bytes());
    ROOFTILE_UNROLL for (int k = 0; k < head_dim; k += 16) {
      FragA a[m_tiles];
      ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) b_.ldmatrix_a(a[i], at(a_place, k, i * 16 * row_bytes));
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; j += 2) {
        FragB left, right;
        b_.ldmatrix_b(left, right, at(k_columns_ + b_at, k, j * 8 * row_bytes));
        ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
          b_.mma(c[i][j], a[i], left);
          b_.mma(c[i][j + 1], a[i], right);
        }
      }
    }
  }

  /// P = exp(S - LSE).
  ROOFTILE_KERNEL void exponentials(Scores& s) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
        ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) {
          s[i][j].c[r] = b_.exp2(b_.fma(s[i][j].c[r], f32(p_.scale_log2), minus_lse_[i][r / 2]));
        }
      }
    }
  }

  /// Some row of this warp does not see some key of the block.
  ROOFTILE_KERNEL bool is_cut(int block) const {
    const int end = (block + 1) * bc;
    return end > p_.seq_kv || (p_.causal && warp_row() + offset() < end - 1);
  }

  /// P = 0 where a row does not see the key, and beyond the last key.
  ROOFTILE_KERNEL void mask(Scores& p, int block) {
    const int last_key = p_.seq_kv - 1 - block * bc;
    const int row_reach = p_.causal ? warp_row() + offset() - block * bc : last_key;
    const i32 row = b_.lane() >> 2, col = (b_.lane() & 3) << 1;
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
        const i32 last = b_.min(row + (row_reach + i * 16 + h * 8), i32(last_key)) - col;
        ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
          ROOFTILE_UNROLL for (int r = 0; r < 2; ++r) {
            f32& weight = p[i][j].c[h * 2 + r];
            weight = b_.select(last < j * 8 + r, f32(0.f), weight);
          }
        }
      }
    }
  }

  /// dS = P (dP - D), in the place of dP.
  ROOFTILE_KERNEL void subtract_delta(Scores& dp, const Scores& p) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
        ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) {
          dp[i][j].c[r] = p[i][j].c[r] * (dp[i][j].c[r] - delta_[i][r / 2]);
        }
      }
    }
  }

  /// dS = P (Z dP - (1 - p) D), in the place of dP, with Z the kept weights; dQ gets the factor 1 / (1 - p) at its end.
  ROOFTILE_KERNEL void drop(Scores& dp, const Scores& p, int block) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
        typename B::pred kept[4];
        text::kept_weights(kept, b_, p_, head(), warp_row() + i * 16, block * bc + j * 8);
        ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) {
          f32& gradient = dp[i][j].c[r];
          gradient = p[i][j].c[r] * (b_.select(kept[r], gradient, f32(0.f)) - delta_[i][r / 2]);
        }
      }
    }
  }

  /// dQ += dS K; two tiles of dS side by side are an A fragment as they lie.
  ROOFTILE_KERNEL void add_to_grad_q(const Scores& ds) {
    ROOFTILE_UNROLL for (int k = 0; k < bc; k += 16) {
      FragA a[m_tiles];
      ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) b_.to_a(a[i], ds[i][k / 8], ds[i][k / 8 + 1]);
      ROOFTILE_UNROLL for (int d = 0; d < d_tiles; d += 2) {
        FragB left, right;
        b_.ldmatrix_b_trans(left, right, at(rows_ + k_at, d * 8, k * row_bytes));
        ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
          b_.mma(grad_q_[i][d], a[i], left);
          b_.mma(grad_q_[i][d + 1], a[i], right);
        }
      }
    }
  }

  /// A lane's place `col` elements to the right, `rows` bytes down.
  ROOFTILE_KERNEL static u32 at(u32 place, int col, int rows) {
    return (place ^ static_cast<std::uint32_t>(col * 2)) + static_cast<std::uint32_t>(rows);
  }

  B& b_;
  const Params& p_;
  int warp_;
  u32 rows_, k_columns_;
  Acc grad_q_[m_tiles][d_tiles];
  f32 minus_lse_[m_tiles][2];  ///< base 2; [h]: row lane/4 and the row 8 below
  f32 delta_[m_tiles][2];
};

template <class T, int head_dim, class KernelParams>
struct QueryKernel {
  using Params = KernelParams;
  static constexpr OwnTile tile = query_tile<Params>(head_dim);
  static constexpr int warps = tile.warps;

  template <class B>
  ROOFTILE_KERNEL static void run(B& b, const Params& p) {
    QueryGradientTile<B, T, Params, head_dim> rows{b, p};
    const int seen = rows.seen_blocks();
    rows.begin(seen);
    ROOFTILE_NO_UNROLL for (int block = 0; block < seen; ++block) rows.trip(block, block + 1 == seen);
    rows.finish();
  }
};

template <class T, int head_dim>
struct QueryGradientKernel : QueryKernel<T, head_dim, QueryParams> {};
template <class T, int head_dim>
struct QueryGradientDropoutKernel : QueryKernel<T, head_dim, QueryDropoutParams> {};

}  // namespace rooftile::kernels::flash2_backward
