// The main kernel of the FlashAttention-2 backward (Dao 2023, arXiv 2307.08691, Algorithm 2): one CTA owns bc keys of a
// K/V head. It goes through the query heads of the group and, backwards, through the tiles of queries that see its
// keys. dK and dV stay in registers over all of them and are written once; the group needs no sum behind.
//
//   load K, V; load Q, dO, LSE, D of the first tile                          asynchronous but for LSE and D
//   for each query head of the group, for each tile of queries:
//     all landed         load the next Q into the other buffer
//                        P = exp(Q Kᵀ - LSE),  dS = P (dO Vᵀ - D)            both to shared memory, 16 bits
//     P, dS written      dV += Pᵀ dO
//     dO is free         load the next dO;  dK += dSᵀ Q
//                        dQ += dS K                                          fp32 atomics
//   dK · scale, dV  ->  global memory, through the place of K and V
//
// With one buffer of Q (d = 256) the third barrier stands behind dK, and both loads run beside dQ. Three barriers per
// tile; Pᵀ and dSᵀ are read by ldmatrix.trans from P and dS as they lie.
//
// Edges: query rows beyond the last are zeros in Q, dO, LSE and D; so dS = 0 there, and they add nothing. Keys beyond
// the last, and keys that a row does not see, are set to P = 0 in the tiles that hold some.
#pragma once

#include <cstdint>
#include <numbers>

#include "isa/isa.hpp"
#include "text/dropout.hpp"
#include "text/flash2_backward_shape.hpp"
#include "text/fragment_places.hpp"
#include "text/tile_copy.hpp"

namespace rooftile::kernels::flash2_backward {

/// dK and dV are written whole, dQ is added to `grad_q_sum`.
struct BlockParams : BackwardParams {
  float* grad_q_sum;
  void* grad_k;
  void* grad_v;
};
struct BlockDropoutParams : BlockParams, text::DropoutParams {};

/// The work of one CTA as one of its warps sees it. With `BlockDropoutParams` it drops weights.
template <class B, class T, class Params, int head_dim, bool adds_grad_q>
class KeyBlock {
  using f32 = typename B::f32;
  using i32 = typename B::i32;
  using u32 = typename B::u32;
  using Acc = typename B::Acc;
  using FragA = typename B::template FragA<T>;
  using FragB = typename B::template FragB<T>;

  static constexpr bool drops = text::drops_weights<Params>;
  using S = Shape<head_dim>;
  static constexpr int br = S::br, bc = S::bc, m_tiles = S::m_tiles;
  static constexpr bool two_buffers = S::stages == 2;
  static constexpr std::uint32_t query_bytes = br * S::row_bytes, key_bytes = bc * S::row_bytes;
  static constexpr std::uint32_t q_at = 0, grad_o_at = S::stages * query_bytes, k_at = grad_o_at + query_bytes,
                                 v_at = k_at + key_bytes, p_at = v_at + key_bytes, ds_at = p_at + br * bc * 2,
                                 lse_at = ds_at + br * bc * 2, delta_at = lse_at + br * 4;
  static_assert(delta_at + br * 4 == S::tile.smem);

  using Scores = Acc[m_tiles][S::score_cols / 8];
  using KeyGradient = Acc[m_tiles][S::grad_k_cols / 8];
  using QueryGradient = Acc[m_tiles][S::grad_q_cols / 8];
  using Copy = text::TileCopy<B, head_dim, S::warps>;

 public:
  ROOFTILE_KERNEL KeyBlock(B& b, const Params& p) : b_{b}, p_{p}, warp_{b.warp()}, copy_{b, warp_, head_dim} {
    const int query_part = warp_ % S::query_parts, query_col = warp_ / S::query_parts;
    const int key_part = warp_ % S::key_parts, key_col = warp_ / S::key_parts;
    const u32 rows = text::place_of_rows<S::row_bytes>(b);
    a_rows_ = rows + bytes(query_part * S::part_rows * S::row_bytes);
    b_columns_ = text::place_of_columns<S::row_bytes>(b) + bytes(query_col * S::score_cols * S::row_bytes);
    scores_ = (text::place_of_accumulator<S::score_row_bytes>(b) ^ bytes(query_col * S::score_cols * 2)) +
              bytes(query_part * S::part_rows * S::score_row_bytes);
    a_trans_ = text::place_of_columns<S::score_row_bytes>(b) ^ bytes(key_part * S::part_rows * 2);
    b_trans_ = rows ^ bytes(key_col * S::grad_k_cols * 2);
    ds_rows_ = text::place_of_rows<S::score_row_bytes>(b) + bytes(query_part * S::part_rows * S::score_row_bytes);
    k_trans_ = rows ^ bytes(query_col * S::grad_q_cols * 2);
    clear(grad_k_);
    clear(grad_v_);
  }

  /// The first tile of queries that sees a key of the block, under a causal mask.
  ROOFTILE_KERNEL int first_tile() const {
    const int row = first_key() - offset();
    return p_.causal && row > 0 ? row / br : 0;
  }

  /// K and V of the block, and what the first trip needs.
  ROOFTILE_KERNEL void begin(int tiles) {
    copy_.template load<bc>(b_, k_at, static_cast<const T*>(p_.k) + keys_before(), p_.seq_kv - first_key());
    copy_.template load<bc>(b_, v_at, static_cast<const T*>(p_.v) + keys_before(), p_.seq_kv - first_key());
    if (tiles > first_tile()) {
      load_queries(q_at, p_.q, 0, tiles - 1);
      load_queries(grad_o_at, p_.grad_o, 0, tiles - 1);
      keep_statistic(load_statistic(0, tiles - 1));
    }
    b_.cp_commit();
  }

  /// One tile of queries of one head of the group; behind it comes tile `next_tile` of `next_member`, or nothing where
  /// that is no member.
  ROOFTILE_KERNEL void trip(int member, int tile, int next_member, int next_tile) {
    const bool more = next_member < p_.group;
    b_.template cp_wait<0>();
    b_.sync();  // all landed; and all warps are done with the tile before
    const std::uint32_t q_now = q_at + q_buffer_;
    if constexpr (two_buffers) {
      q_buffer_ ^= query_bytes;
      if (more) load_queries(q_at + q_buffer_, p_.q, next_member, next_tile);
      b_.cp_commit();
    }
    write_scores(q_now, member, tile);
    b_.sync();  // P and dS are written
    add_transposed(grad_v_, p_at, grad_o_at);
    if constexpr (two_buffers) free_queries(more, next_member, next_tile);
    add_transposed(grad_k_, ds_at, q_now);
    if constexpr (!two_buffers) free_queries(more, next_member, next_tile);
    f32 statistic = f32(0.f);
    if (more) statistic = load_statistic(next_member, next_tile);
    if constexpr (adds_grad_q) add_to_grad_q(member, tile);
    if (more) keep_statistic(statistic);
  }

  /// dK and dV in the element type. A block that no query sees has zeros.
  ROOFTILE_KERNEL void finish() {
    b_.template cp_wait<0>();  // K and V of a block that no query sees
    b_.sync();                 // all warps are done with K and V
    const int key_part = warp_ % S::key_parts, key_col = warp_ / S::key_parts;
    const u32 place = (text::place_of_accumulator<S::row_bytes>(b_) ^ bytes(key_col * S::grad_k_cols * 2)) +
                      bytes(key_part * S::part_rows * S::row_bytes);
    stage<S::row_bytes>(place + k_at, grad_k_, f32(p_.scale * text::keep_scale(p_)));
    stage<S::row_bytes>(place + v_at, grad_v_, f32(text::keep_scale(p_)));
    b_.sync();
    copy_.template store<bc>(b_, static_cast<T*>(p_.grad_k) + keys_before(), k_at, p_.seq_kv - first_key());
    copy_.template store<bc>(b_, static_cast<T*>(p_.grad_v) + keys_before(), v_at, p_.seq_kv - first_key());
  }

 private:
  ROOFTILE_KERNEL static std::uint32_t bytes(int count) { return static_cast<std::uint32_t>(count); }
  ROOFTILE_KERNEL int first_key() const { return b_.block_x() * bc; }
  /// The first key of this warp's part of S.
  ROOFTILE_KERNEL int first_col() const { return first_key() + warp_ / S::query_parts * S::score_cols; }
  ROOFTILE_KERNEL int offset() const { return p_.seq_kv - p_.seq_q; }
  /// Elements of K, V, dK and dV before the block's.
  ROOFTILE_KERNEL std::int64_t keys_before() const {
    return (std::int64_t{b_.block_z() * p_.kv_heads + b_.block_y()} * p_.seq_kv + first_key()) * head_dim;
  }
  /// Counts over batch and query heads.
  ROOFTILE_KERNEL int head(int member) const { return (b_.block_z() * p_.kv_heads + b_.block_y()) * p_.group + member; }

  template <int n_tiles>
  ROOFTILE_KERNEL void clear(Acc (&tiles)[m_tiles][n_tiles]) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) b_.clear(tiles[i][j]);
    }
  }

  ROOFTILE_KERNEL void load_queries(std::uint32_t to, const void* tensor, int member, int tile) {
    const std::int64_t first = (std::int64_t{head(member)} * p_.seq_q + std::int64_t{tile} * br) * head_dim;
    copy_.template load<br>(b_, to, static_cast<const T*>(tensor) + first, p_.seq_q - tile * br);
  }
  /// All warps are done with dO (and with the only Q): the next may land.
  ROOFTILE_KERNEL void free_queries(bool more, int member, int tile) {
    b_.sync();  // dO is free
    if (more) {
      load_queries(grad_o_at, p_.grad_o, member, tile);
      if constexpr (!two_buffers) load_queries(q_at, p_.q, member, tile);
    }
    b_.cp_commit();
  }

  /// LSE and D of a tile: a row per lane, LSE in the first br / 32 warps, D in the next.
  ROOFTILE_KERNEL bool holds_lse() const { return warp_ < br / warp_size; }
  ROOFTILE_KERNEL bool holds_statistic() const { return warp_ < 2 * br / warp_size; }
  ROOFTILE_KERNEL int statistic_row() const { return warp_ % (br / warp_size) * warp_size; }
  ROOFTILE_KERNEL f32 load_statistic(int member, int tile) {
    if (!holds_statistic()) return f32(0.f);
    const int row = tile * br + statistic_row();
    const float* const from = (holds_lse() ? p_.lse : p_.delta) + std::int64_t{head(member)} * p_.lse_pitch + row;
    return b_.ld_global(from, b_.lane(), b_.lane() < p_.seq_q - row);
  }
  ROOFTILE_KERNEL void keep_statistic(f32 value) {
    if (!holds_statistic()) return;
    if (holds_lse()) {
      value = value * std::numbers::log2e_v<float>;
    } else if constexpr (drops) {
      value = value * p_.kept_share;
    }
    const u32 to = b_.shared_base() + lse_at + bytes(warp_ * warp_size * 4);  // D lies behind LSE
    b_.st_shared(to + u32(b_.lane() * 4), value);
  }

  /// P and dS of this warp's part (lines 11 to 14).
  ROOFTILE_KERNEL void write_scores(std::uint32_t q_now, int member, int tile) {
    const int first_row = tile * br + warp_ % S::query_parts * S::part_rows;
    text::KeptBits<B, m_tiles, S::score_cols / 8> kept;
    if constexpr (drops) kept.draw(b_, p_, head(member), first_row, first_col());  // while S and dP take no registers
    Scores p, ds;
    clear(p);
    multiply_rows(p, a_rows_ + q_now, b_columns_ + k_at);
    clear(ds);
    multiply_rows(ds, a_rows_ + grad_o_at, b_columns_ + v_at);
    exponentials(p);
    if (is_cut(tile)) mask(p, first_row);
    if constexpr (drops) {
      drop(p, ds, kept);
      stage<S::score_row_bytes>(scores_ + p_at, p, f32(1.f));
    } else {
      stage<S::score_row_bytes>(scores_ + p_at, p, f32(1.f));
      subtract_delta(ds, p);
    }
    stage<S::score_row_bytes>(scores_ + ds_at, ds, f32(1.f));
  }

  /// Some row of the tile does not see some key of the block.
  ROOFTILE_KERNEL bool is_cut(int tile) const {
    return first_key() + bc > p_.seq_kv || (p_.causal && tile * br + offset() < first_key() + bc - 1);
  }

  /// C += A Bᵀ, A and B row by row in shared memory: lines 11 and 13.
  ROOFTILE_KERNEL void multiply_rows(Scores& c, u32 a_place, u32 b_place) {
    ROOFTILE_UNROLL for (int k = 0; k < head_dim; k += 16) {
      FragA a[m_tiles];
      ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) b_.ldmatrix_a(a[i], at(a_place, k, i * 16 * S::row_bytes));
      ROOFTILE_UNROLL for (int j = 0; j < S::score_cols / 8; j += 2) {
        FragB left, right;
        b_.ldmatrix_b(left, right, at(b_place, k, j * 8 * S::row_bytes));
        multiply(c, a, j, left, right);
      }
    }
  }

  /// C += Aᵀ B: P or dS, rows of queries, transposed on the way; dO or Q (lines 12 and 16).
  ROOFTILE_KERNEL void add_transposed(KeyGradient& c, std::uint32_t scores_at, std::uint32_t queries_at) {
    ROOFTILE_UNROLL for (int k = 0; k < br; k += 16) {
      FragA a[m_tiles];
      ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
        b_.ldmatrix_a_trans(a[i], at(a_trans_ + scores_at, i * 16, k * S::score_row_bytes));
      }
      ROOFTILE_UNROLL for (int d = 0; d < S::grad_k_cols / 8; d += 2) {
        FragB left, right;
        b_.ldmatrix_b_trans(left, right, at(b_trans_ + queries_at, d * 8, k * S::row_bytes));
        multiply(c, a, d, left, right);
      }
    }
  }

  /// dQ += dS K of this warp's part, value by value where no one else adds to the same address at once (line 15).
  ROOFTILE_KERNEL void add_to_grad_q(int member, int tile) {
    QueryGradient grad_q;
    clear(grad_q);
    ROOFTILE_UNROLL for (int k = 0; k < bc; k += 16) {
      FragA a[m_tiles];
      ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
        b_.ldmatrix_a(a[i], at(ds_rows_ + ds_at, k, i * 16 * S::score_row_bytes));
      }
      ROOFTILE_UNROLL for (int d = 0; d < S::grad_q_cols / 8; d += 2) {
        FragB left, right;
        b_.ldmatrix_b_trans(left, right, at(k_trans_ + k_at, d * 8, k * S::row_bytes));
        multiply(grad_q, a, d, left, right);
      }
    }
    float* const to = p_.grad_q_sum + S::sum_before(head(member), p_.seq_q, tile);
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int d = 0; d < S::grad_q_cols / 8; ++d) {
        ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) {
          const int value = (i * (S::grad_q_cols / 8) + d) * 4 + r;
          b_.atomic_add(to + S::sum_place(value, warp_), b_.lane(), grad_q[i][d].c[r], true);
        }
      }
    }
  }

  template <int n_tiles>
  ROOFTILE_KERNEL void multiply(Acc (&c)[m_tiles][n_tiles], const FragA (&a)[m_tiles], int col, const FragB& left,
                                const FragB& right) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      b_.mma(c[i][col], a[i], left);
      b_.mma(c[i][col + 1], a[i], right);
    }
  }

  /// P = exp(S - LSE) (line 11).
  ROOFTILE_KERNEL void exponentials(Scores& s) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
        const f32 minus_lse = -statistic(lse_at, i, h);
        ROOFTILE_UNROLL for (int j = 0; j < S::score_cols / 8; ++j) {
          ROOFTILE_UNROLL for (int r = h * 2; r < h * 2 + 2; ++r) {
            s[i][j].c[r] = b_.exp2(b_.fma(s[i][j].c[r], f32(p_.scale_log2), minus_lse));
          }
        }
      }
    }
  }

  /// With Z the kept weights: dS = P (Z dP - (1 - p) D) in the place of dP, Z P in the place of P. Both lack the factor
  /// 1 / (1 - p), which dQ, dK and dV get at their end; keep_statistic() has scaled D.
  template <class Kept>
  ROOFTILE_KERNEL void drop(Scores& p, Scores& dp, const Kept& kept) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      const f32 delta[2] = {statistic(delta_at, i, 0), statistic(delta_at, i, 1)};
      ROOFTILE_UNROLL for (int j = 0; j < S::score_cols / 8; ++j) {
        ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) {
          f32 &weight = p[i][j].c[r], &gradient = dp[i][j].c[r];
          const typename B::pred stays = kept.keeps(i, j, r);
          gradient = weight * (b_.select(stays, gradient, f32(0.f)) - delta[r / 2]);
          weight = b_.select(stays, weight, f32(0.f));
        }
      }
    }
  }

  /// P = 0 where a row does not see the key, and beyond the last key.
  ROOFTILE_KERNEL void mask(Scores& p, int first_row) {
    const int last_key = p_.seq_kv - 1 - first_col();
    const int row_reach = p_.causal ? first_row + offset() - first_col() : last_key;
    const i32 row = b_.lane() >> 2, col = (b_.lane() & 3) << 1;
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
        const i32 last = b_.min(row + (row_reach + i * 16 + h * 8), i32(last_key)) - col;
        ROOFTILE_UNROLL for (int j = 0; j < S::score_cols / 8; ++j) {
          ROOFTILE_UNROLL for (int r = 0; r < 2; ++r) {
            f32& weight = p[i][j].c[h * 2 + r];
            weight = b_.select(last < j * 8 + r, f32(0.f), weight);
          }
        }
      }
    }
  }

  /// dS = P (dP - D) (line 14), in the place of dP.
  ROOFTILE_KERNEL void subtract_delta(Scores& dp, const Scores& p) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
        const f32 delta = statistic(delta_at, i, h);
        ROOFTILE_UNROLL for (int j = 0; j < S::score_cols / 8; ++j) {
          ROOFTILE_UNROLL for (int r = h * 2; r < h * 2 + 2; ++r) {
            dp[i][j].c[r] = p[i][j].c[r] * (dp[i][j].c[r] - delta);
          }
        }
      }
    }
  }

  /// LSE or D of a lane's row; the four lanes of a quad read the same.
  ROOFTILE_KERNEL f32 statistic(std::uint32_t from, int i, int h) {
    const int row = warp_ % S::query_parts * S::part_rows + i * 16 + h * 8;
    return b_.ld_shared(b_.shared_base() + from + bytes(row * 4) + u32(b_.lane() >> 2 << 2));
  }

  /// A part, times a factor, rounded to T, at `place` and right and down of it.
  template <int tile_row_bytes, int n_tiles>
  ROOFTILE_KERNEL void stage(u32 place, const Acc (&part)[m_tiles][n_tiles], f32 factor) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
        text::stage<T, tile_row_bytes>(b_, place, i * 16 * tile_row_bytes, j, part[i][j], factor, factor);
      }
    }
  }

  /// A lane's place `col` elements to the right, in the rows `rows` bytes down.
  ROOFTILE_KERNEL static u32 at(u32 place, int col, int rows) { return (place ^ bytes(col * 2)) + bytes(rows); }

  B& b_;
  const Params& p_;
  int warp_;
  Copy copy_;
  u32 a_rows_, b_columns_;      ///< QKᵀ and dO Vᵀ
  u32 scores_;                  ///< where P and dS go
  u32 a_trans_, b_trans_;       ///< PᵀdO and dSᵀQ
  u32 ds_rows_, k_trans_;       ///< dS K
  std::uint32_t q_buffer_ = 0;  ///< bytes to the buffer of Q that the trip reads
  KeyGradient grad_k_, grad_v_;
};

/// `adds_grad_q`: dQ grows by atomics; else another kernel makes it (flash2_backward_query.hpp).
template <class T, int head_dim, bool adds_grad_q, class KernelParams>
struct BlockKernel {
  using Params = KernelParams;
  static constexpr OwnTile tile =
      own_tile(text::drops_weights<Params> ? "flash2_backward_dropout" : "flash2_backward", head_dim);
  static constexpr int warps = tile.warps;

  template <class B>
  ROOFTILE_KERNEL static void run(B& b, const Params& p) {
    KeyBlock<B, T, Params, head_dim, adds_grad_q> keys{b, p};
    const int first = keys.first_tile(), tiles = Shape<head_dim>::query_tiles(p.seq_q);
    keys.begin(tiles);
    ROOFTILE_NO_UNROLL for (int member = 0; member < p.group; ++member) {
      ROOFTILE_NO_UNROLL for (int i = tiles - 1; i >= first; --i) {
        const bool last = i == first;
        keys.trip(member, i, last ? member + 1 : member, last ? tiles - 1 : i - 1);
      }
    }
    keys.finish();
  }
};

}  // namespace rooftile::kernels::flash2_backward
