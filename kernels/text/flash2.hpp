// FlashAttention-2 forward (Dao 2023, arXiv 2307.08691, Algorithm 1): one CTA owns br query rows and walks the key
// blocks that they see. Scores, row maxima, row sums and O stay on chip; O and the logsumexp are written once.
//
//   load Q; load K of the last block                             asynchronous throughout
//   for each block, backwards (those that a mask cuts first, then whole ones):
//     K landed    load V, S = Q Kᵀ                               V arrives during the product
//     V landed    m, l, P = online softmax of S
//                 load K of the next block, O = alpha O + P V    K arrives during the product
//   O / l, m + log l  ->  global memory
//
// One buffer each for Q, K and V, two CTA barriers per block. Each warp owns br / warps rows: their Q is loaded, read
// and at last overwritten with O by that warp alone. Exponentials are base 2: exp(s·scale) = exp2(s·scale·log2 e).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "isa/isa.hpp"
#include "rooftile/kernels/call.hpp"
#include "rooftile/model/tile_table.hpp"
#include "text/fragment_places.hpp"
#include "text/reduce.hpp"
#include "text/tile_copy.hpp"

namespace rooftile::kernels::flash2 {

/// Tensors as AttentionCall describes them; O and LSE are written whole.
struct Params {
  const void* q;
  const void* k;
  const void* v;
  void* o;
  float* lse;
  int heads;
  int group;  ///< query heads per K/V head
  int seq_q;
  int seq_kv;
  int lse_pitch;  ///< floats from one head's logsumexp to the next
  bool causal;
  float scale_log2;  ///< scale · log2 e
};

/// The work of one CTA as one of its warps sees it.
template <class B, class T, int head_dim>
class QueryTile {
  using f32 = typename B::f32;
  using i32 = typename B::i32;
  using u32 = typename B::u32;
  using Acc = typename B::Acc;

  static constexpr OwnTile tile = own_tile("flash2", head_dim);
  static constexpr int br = tile.br, bc = tile.bc, warps = tile.warps;
  static constexpr int row_bytes = head_dim * 2;
  static constexpr int warp_rows = br / warps;
  static constexpr int m_tiles = warp_rows / 16;  // of a warp's rows
  static constexpr int n_tiles = bc / 8;          // of a key block's columns
  static constexpr int d_tiles = head_dim / 8;    // of O's columns
  static constexpr std::uint32_t q_at = 0, k_at = br * row_bytes, v_at = k_at + bc * row_bytes;
  static_assert(v_at + bc * row_bytes == tile.smem);
  static constexpr std::int64_t block_elements = std::int64_t{bc} * head_dim;
  static constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

  using Scores = Acc[m_tiles][n_tiles];
  using QueryCopy = text::TileCopy<B, head_dim, 1>;

 public:
  ROOFTILE_KERNEL QueryTile(B& b, const Params& p)
      : b_{b},
        p_{p},
        first_row_{(b.grid_x() - 1 - b.block_x()) * br},  // longest tiles first under a causal mask
        warp_{b.warp()},
        kv_offset_{std::int64_t{b.block_z() * (p.heads / p.group) + b.block_y() / p.group} * p.seq_kv * head_dim},
        keys_{b, warp_, head_dim} {
    q_rows_ = text::place_of_rows<row_bytes>(b) + warp_bytes();
    k_columns_ = text::place_of_columns<row_bytes>(b);
    v_rows_ = text::place_of_rows<row_bytes>(b);
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int d = 0; d < d_tiles; ++d) b.clear(o_sum_[i][d]);
      ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
        row_max_[i][h] = f32(minus_infinity);
        row_sum_[i][h] = f32(0.f);
      }
    }
  }

  /// One past the last key block that any row of the tile sees.
  ROOFTILE_KERNEL int seen_blocks() const {
    const int blocks = (p_.seq_kv + bc - 1) / bc;
    return p_.causal ? clamp((first_row_ + br - 1 + offset() + bc) / bc, blocks) : blocks;
  }
  /// One past the last key block that every row of the tile sees whole.
  ROOFTILE_KERNEL int unmasked_blocks() const {
    const int whole = p_.seq_kv / bc;
    return p_.causal ? clamp((first_row_ + offset() + 1) / bc, whole) : whole;
  }

  /// Q of this warp's rows and K of the first block.
  ROOFTILE_KERNEL void load_first(int blocks) {
    const T* from = static_cast<const T*>(p_.q) + query_offset();
    QueryCopy{b_, 0, head_dim}.template load<warp_rows>(b_, q_at + warp_bytes(), from, warp_rows_left());
    if (blocks > 0) load_block(k_at, p_.k, blocks - 1, /*ragged=*/true);
    b_.cp_commit();
  }

  /// One key block. Only the last block of all can be ragged, and that one is masked.
  template <bool masked>
  ROOFTILE_KERNEL void trip(int block) {
    copies_landed();  // K; and all warps are done with V
    load_block(v_at, p_.v, block, masked);
    b_.cp_commit();
    Scores s;
    if constexpr (masked) {
      start_masked(s, block);
    } else {
      start(s);
    }
    add_scores(s);
    copies_landed();  // V; and all warps are done with K
    softmax_step<masked>(s);
    if (block > 0) load_block(k_at, p_.k, block - 1, /*ragged=*/false);  // before softmax, ptxas spills for sm_90a
    b_.cp_commit();
    weighted_sum(s);
  }

  /// O / l in the element type and m + log l: Algorithm 1, lines 12 and 13. A row that saw no key has l = 0, O = 0.
  ROOFTILE_KERNEL void finish() {
    b_.template cp_wait<0>();  // Q of a tile that sees no key
    b_.sync_warp();
    const u32 place = text::place_of_accumulator<row_bytes>(b_) + warp_bytes();
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      f32 inverse[2];
      ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
        const f32 sum = text::sum_over<4>(b_, row_sum_[i][h]);
        inverse[h] = b_.select(sum > 0.f, b_.reciprocal(sum), f32(0.f));
        store_lse(i * 16 + h * 8,
                  b_.fma(row_max_[i][h], f32(p_.scale_log2), b_.log2(sum)) * std::numbers::ln2_v<float>);
      }
      ROOFTILE_UNROLL for (int d = 0; d < d_tiles; ++d) {
        text::stage<T, row_bytes>(b_, place, i * 16 * row_bytes, d, o_sum_[i][d], inverse[0], inverse[1]);
      }
    }
    b_.sync_warp();
    T* to = static_cast<T*>(p_.o) + query_offset();
    QueryCopy{b_, 0, head_dim}.template store<warp_rows>(b_, to, q_at + warp_bytes(), warp_rows_left());
  }

 private:
  ROOFTILE_KERNEL static int clamp(int value, int most) { return value < 0 ? 0 : value < most ? value : most; }
  ROOFTILE_KERNEL int offset() const { return p_.seq_kv - p_.seq_q; }
  ROOFTILE_KERNEL int warp_row() const { return first_row_ + warp_ * warp_rows; }
  ROOFTILE_KERNEL int warp_rows_left() const { return p_.seq_q - warp_row(); }
  ROOFTILE_KERNEL int head() const { return b_.block_z() * p_.heads + b_.block_y(); }
  /// Elements before this warp's rows in Q and O.
  ROOFTILE_KERNEL std::int64_t query_offset() const {
    return (std::int64_t{head()} * p_.seq_q + warp_row()) * head_dim;
  }
  ROOFTILE_KERNEL std::uint32_t warp_bytes() const { return static_cast<std::uint32_t>(warp_ * warp_rows * row_bytes); }

  ROOFTILE_KERNEL void copies_landed() {
    b_.template cp_wait<0>();
    b_.sync();
  }

  ROOFTILE_KERNEL void load_block(std::uint32_t to, const void* tensor, int block, bool ragged) {
    const T* from = static_cast<const T*>(tensor) + kv_offset_ + block * block_elements;
    if (ragged) {
      keys_.template load<bc>(b_, to, from, p_.seq_kv - block * bc);
    } else {
      keys_.template load<bc>(b_, to, from);
    }
  }

  ROOFTILE_KERNEL void start(Scores& s) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) b_.clear(s[i][j]);
    }
  }

  /// Where each lane's row does not see the key, and beyond the last key, scores start from -inf and stay there
  /// whatever the product adds: masking costs no registers beside S.
  ROOFTILE_KERNEL void start_masked(Scores& s, int block) {
    const int last_key = p_.seq_kv - 1 - block * bc;
    const int row_reach = p_.causal ? warp_row() + offset() - block * bc : last_key;
    const i32 row = b_.lane() >> 2, col = (b_.lane() & 3) << 1;
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
        const i32 last = b_.min(row + (row_reach + i * 16 + h * 8), i32(last_key)) - col;
        ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
          s[i][j].c[h * 2] = b_.select(last < j * 8, f32(minus_infinity), f32(0.f));
          s[i][j].c[h * 2 + 1] = b_.select(last < j * 8 + 1, f32(minus_infinity), f32(0.f));
        }
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
      ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
        f32 new_max = row_max_[i][h];
        ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
          new_max = b_.max(new_max, b_.max(s[i][j].c[h * 2], s[i][j].c[h * 2 + 1]));
        }
        new_max = text::max_over<4>(b_, new_max);
        f32 base = new_max;  // a row that has seen no key yet: exp(-inf - 0) = 0, where -inf - -inf would be NaN
        if constexpr (masked) base = b_.select(new_max > minus_infinity, new_max, f32(0.f));
        const f32 minus_base = base * -p_.scale_log2;
        alpha[h] = b_.exp2(b_.fma(row_max_[i][h], f32(p_.scale_log2), minus_base));
        f32 sum = f32(0.f);
        ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
          ROOFTILE_UNROLL for (int r = 0; r < 2; ++r) {
            f32& score = s[i][j].c[h * 2 + r];
            score = b_.exp2(b_.fma(score, f32(p_.scale_log2), minus_base));
            sum = sum + score;
          }
        }
        row_sum_[i][h] = b_.fma(row_sum_[i][h], alpha[h], sum);
        row_max_[i][h] = new_max;
      }
      ROOFTILE_UNROLL for (int d = 0; d < d_tiles; ++d) {
        ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) o_sum_[i][d].c[r] = o_sum_[i][d].c[r] * alpha[r / 2];
      }
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
          b_.mma(o_sum_[i][d], probabilities[i], left);
          b_.mma(o_sum_[i][d + 1], probabilities[i], right);
        }
      }
    }
  }

  /// A lane's place `col` elements to the right, in the rows at byte `rows`.
  ROOFTILE_KERNEL static u32 at(u32 place, int col, std::uint32_t rows) {
    return (place ^ static_cast<std::uint32_t>(col * 2)) + rows;
  }

  ROOFTILE_KERNEL void store_lse(int row, f32 value) {
    const i32 lane_row = (b_.lane() >> 2) + row;
    const i32 of_quad = b_.select((b_.lane() & 3) < 1, lane_row, i32(warp_rows));  // one lane of the four that hold it
    float* to = p_.lse + std::int64_t{head()} * p_.lse_pitch + warp_row();
    b_.st_global(to, lane_row, value, of_quad < (warp_rows_left() < warp_rows ? warp_rows_left() : warp_rows));
  }

  B& b_;
  const Params& p_;
  int first_row_;
  int warp_;
  std::int64_t kv_offset_;  ///< elements of K and V before this head's
  text::TileCopy<B, head_dim, warps> keys_;
  u32 q_rows_, k_columns_, v_rows_;
  Acc o_sum_[m_tiles][d_tiles];
  f32 row_max_[m_tiles][2];  // of the raw scores; [h]: row lane/4 and the row 8 below
  f32 row_sum_[m_tiles][2];
};

template <class T, int head_dim>
struct ForwardKernel {
  using Params = flash2::Params;
  static constexpr OwnTile tile = own_tile("flash2", head_dim);
  static constexpr int warps = tile.warps;

  template <class B>
  ROOFTILE_KERNEL static void run(B& b, const Params& p) {
    QueryTile<B, T, head_dim> rows{b, p};
    const int seen = rows.seen_blocks();
    const int unmasked = rows.unmasked_blocks();
    rows.load_first(seen);
    int block = seen - 1;
    ROOFTILE_NO_UNROLL for (; block >= unmasked; --block) rows.template trip<true>(block);
    ROOFTILE_NO_UNROLL for (; block >= 0; --block) rows.template trip<false>(block);
    rows.finish();
  }
};

/// What is compiled for one element type.
template <class T>
using Instances = Kernels<ForwardKernel<T, 64>, ForwardKernel<T, 128>, ForwardKernel<T, 256>>;

/// rt_flash2.
struct Forward {
  static const char* refusal(const AttentionCall& call) {
    if (call.head_dim != 64 && call.head_dim != 128 && call.head_dim != 256)
      return "rt_flash2 is compiled for head_dim 64, 128 and 256";
    if (call.heads > 65535) return "rt_flash2 takes at most 65535 heads (CTAs along y)";
    if (call.batch > 65535) return "rt_flash2 takes a batch of at most 65535 (CTAs along z)";
    return nullptr;
  }

  static constexpr Tensors tensors(const AttentionCall& call) { return attention_tensors(call); }

  template <class Launcher>
  static void launch(Launcher& launcher, const AttentionCall& call, const Buffers& buffers) {
    if (call.element == Element::fp16) {
      launch_for<fp16>(launcher, call, buffers);
    } else {
      launch_for<bf16>(launcher, call, buffers);
    }
  }

 private:
  template <class T, class Launcher>
  static void launch_for(Launcher& launcher, const AttentionCall& call, const Buffers& buffers) {
    switch (call.head_dim) {
      case 64: return launch_kernel<ForwardKernel<T, 64>>(launcher, call, buffers);
      case 128: return launch_kernel<ForwardKernel<T, 128>>(launcher, call, buffers);
      case 256: return launch_kernel<ForwardKernel<T, 256>>(launcher, call, buffers);
      default: return;  // refused
    }
  }

  template <class Kernel, class Launcher>
  static void launch_kernel(Launcher& launcher, const AttentionCall& call, const Buffers& buffers) {
    const Params params{.q = buffers[tensor_q],
                        .k = buffers[tensor_k],
                        .v = buffers[tensor_v],
                        .o = buffers[tensor_o],
                        .lse = static_cast<float*>(buffers[tensor_lse]),
                        .heads = call.heads,
                        .group = call.group(),
                        .seq_q = call.seq_q,
                        .seq_kv = call.seq_kv,
                        .lse_pitch = tensors(call)[tensor_lse].pitch,
                        .causal = call.causal,
                        .scale_log2 = std::numbers::log2e_v<float> / std::sqrt(static_cast<float>(call.head_dim))};
    const Grid grid{(call.seq_q + Kernel::tile.br - 1) / Kernel::tile.br, call.heads, call.batch};
    launcher.template launch<Kernel>("flash2", grid, Kernel::tile.smem, params);
  }
};

}  // namespace rooftile::kernels::flash2
