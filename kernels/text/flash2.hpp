// FlashAttention-2 forward (Dao 2023, arXiv 2307.08691, Algorithm 1): one CTA owns br query rows and walks the key
// blocks that they see. Scores, row maxima, row sums and O stay on chip; O and the logsumexp are written once.
//
//   load Q; load K of the last block                             asynchronous throughout
//   a trip (running_attention.hpp) for each block, backwards:    those that a mask cuts first, then whole ones
//   O / l, m + log l  ->  global memory
//
// With dropout the weights of a block are drawn and dropped between softmax and PV, behind the row sums; O gets the
// factor 1 / (1 - p) with 1 / l.
//
// One buffer each for Q, K and V, two CTA barriers per block. Each warp owns br / warps rows: their Q is loaded, read
// and at last overwritten with O by that warp alone.
//
// Tiles of 128 x 128, 128 x 64 and 128 x 64 (8 warps) for head_dim 64, 128 and 256: the widest without spills
// (register_sweep.csv), and those that FlashAttention-2 ships for 64 and 128 (kernels/specs/fa2.yaml).
// With dropout 128 x 64 and 128 x 32, as FlashAttention-2 has it: at full width ptxas spills.
// Limits: those head dims, with dropout 64 and 128; masks none and causal; 65535 heads, and as many sequences.
//
// Steps on the way here, as ptxas and the decoded cubins show them (no GPU has timed them):
//
//   keys backwards                      blocks that a mask cuts come first: the loop over whole blocks knows no mask
//   longest tiles first                 under a causal mask the last tile of queries is CTA 0
//   a mask as the start of S            -inf where no key is seen, before the product: no registers beside S
//   K of the next block after softmax   it arrives during P V; before softmax, ptxas spills 128 bytes (128, sm_90a)
//   swizzled rows, one place per lane   an address is that place XOR a constant, plus a constant in the instruction
//   O through its warp's rows of Q      16-byte stores that fill whole sectors, and no barrier
//
// A trip over a whole block is 1096, 893 and 813 SASS instructions (sm_80; head_dim 64, 128, 256), 256 of them mma and
// 7 to 12 % addresses and moves; constant offsets inside cp.async change nothing, ptxas folds them anyway. Not done: O
// is rescaled in every trip, though the maximum of a row seldom grows after the first ones (64 to 128 FMUL).
#pragma once

#include <cstdint>

#include "isa/isa.hpp"
#include "rooftile/kernels/call.hpp"
#include "rooftile/model/tile_table.hpp"
#include "text/call_params.hpp"
#include "text/dispatch.hpp"
#include "text/dropout.hpp"
#include "text/fragment_places.hpp"
#include "text/reduce.hpp"
#include "text/running_attention.hpp"
#include "text/tile_copy.hpp"

namespace rooftile::kernels::flash2 {

using Params = text::ForwardParams;
struct DropoutParams : Params, text::DropoutParams {};

/// The tile of the kernel with these parameters.
template <class Params>
constexpr OwnTile tile_of(int head_dim) {
  return own_tile(text::drops_weights<Params> ? "flash2_dropout" : "flash2", head_dim);
}

/// The work of one CTA as one of its warps sees it. With `DropoutParams` it drops weights.
template <class B, class T, class Params, int head_dim>
class QueryTile {
  using f32 = typename B::f32;
  using i32 = typename B::i32;
  using u32 = typename B::u32;
  using Acc = typename B::Acc;

  static constexpr OwnTile tile = tile_of<Params>(head_dim);
  static constexpr int br = tile.br, bc = tile.bc;
  using Attention = text::RunningAttention<B, T, Params, head_dim, br, bc, tile.warps>;
  static constexpr int row_bytes = Attention::row_bytes, warp_rows = Attention::warp_rows;
  static constexpr std::uint32_t q_at = Attention::q_at;
  static_assert(Attention::smem == tile.smem);

  using QueryCopy = text::TileCopy<B, head_dim, 1>;
  static constexpr bool drops = text::drops_weights<Params>;

 public:
  ROOFTILE_KERNEL QueryTile(B& b, const Params& p)
      : b_{b},
        p_{p},
        first_row_{(b.grid_x() - 1 - b.block_x()) * br},  // longest tiles first under a causal mask
        warp_{b.warp()},
        rows_{b, p, warp_, kv_head() * p.seq_kv * head_dim} {}

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
    if (blocks > 0) rows_.load_k(blocks - 1, /*ragged=*/true);
    b_.cp_commit();
  }

  /// One key block.
  template <bool masked>
  ROOFTILE_KERNEL void trip(int block) {
    const auto reach_of = [this, block](int row) {
      const int reach = p_.causal ? warp_row() + offset() - block * bc : p_.seq_kv - 1 - block * bc;
      return (b_.lane() >> 2) + (reach + row);
    };
    if constexpr (drops) {
      rows_.template trip<masked>(block, 0, reach_of, [this, block](Acc& weights, int row, int col) {
        text::drop_weights(weights, b_, p_, head(), warp_row() + row, block * bc + col);
      });
    } else {
      rows_.template trip<masked>(block, 0, reach_of);
    }
  }

  /// O / l in the element type and m + log l: Algorithm 1, lines 12 and 13. A row that saw no key has l = 0, O = 0.
  ROOFTILE_KERNEL void finish() {
    b_.template cp_wait<0>();  // Q of a tile that sees no key
    b_.sync_warp();
    const u32 place = text::place_of_accumulator<row_bytes>(b_) + warp_bytes();
    ROOFTILE_UNROLL for (int i = 0; i < Attention::m_tiles; ++i) {
      f32 inverse[2];
      ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
        const f32 sum = text::sum_over<4>(b_, rows_.row_sum[i][h]);
        inverse[h] = rows_.inverse(sum);
        if constexpr (drops) inverse[h] = inverse[h] * p_.keep_scale;
        store_lse(i * 16 + h * 8, rows_.logsumexp(i, h, sum));
      }
      ROOFTILE_UNROLL for (int d = 0; d < Attention::d_tiles; ++d) {
        text::stage<T, row_bytes>(b_, place, i * 16 * row_bytes, d, rows_.o_sum[i][d], inverse[0], inverse[1]);
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
  ROOFTILE_KERNEL std::int64_t kv_head() const { return b_.block_z() * p_.kv_heads + b_.block_y() / p_.group; }
  /// Elements before this warp's rows in Q and O.
  ROOFTILE_KERNEL std::int64_t query_offset() const {
    return (std::int64_t{head()} * p_.seq_q + warp_row()) * head_dim;
  }
  ROOFTILE_KERNEL std::uint32_t warp_bytes() const { return static_cast<std::uint32_t>(warp_ * warp_rows * row_bytes); }

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
  Attention rows_;
};

template <class T, int head_dim, class KernelParams>
struct TileKernel {
  using Params = KernelParams;
  static constexpr OwnTile tile = tile_of<Params>(head_dim);
  static constexpr int warps = tile.warps;

  template <class B>
  ROOFTILE_KERNEL static void run(B& b, const Params& p) {
    QueryTile<B, T, Params, head_dim> rows{b, p};
    const int seen = rows.seen_blocks();
    const int unmasked = rows.unmasked_blocks();
    rows.load_first(seen);
    int block = seen - 1;
    ROOFTILE_NO_UNROLL for (; block >= unmasked; --block) rows.template trip<true>(block);
    ROOFTILE_NO_UNROLL for (; block >= 0; --block) rows.template trip<false>(block);
    rows.finish();
  }
};

template <class T, int head_dim>
struct ForwardKernel : TileKernel<T, head_dim, Params> {};
template <class T, int head_dim>
struct DropoutKernel : TileKernel<T, head_dim, DropoutParams> {};

/// What is compiled for one element type.
template <class T>
using Instances = Kernels<ForwardKernel<T, 64>, ForwardKernel<T, 128>, ForwardKernel<T, 256>, DropoutKernel<T, 64>,
                          DropoutKernel<T, 128>>;

/// rt_flash2.
struct Forward {
  static constexpr bool drops_weights = true;

  static const char* refusal(const AttentionCall& call) {
    if (!text::has_head_dim(call)) return "rt_flash2 is compiled for head_dim 64, 128 and 256";
    if (call.dropout.drops() && !text::has_dropout(call)) return "rt_flash2 drops weights at head_dim 64 and 128";
    if (call.heads > text::most_ctas) return "rt_flash2 takes at most 65535 heads (CTAs along y)";
    if (call.batch > text::most_ctas) return "rt_flash2 takes a batch of at most 65535 (CTAs along z)";
    return nullptr;
  }

  static constexpr Tensors tensors(const AttentionCall& call) { return attention_tensors(call); }

  template <class Launcher>
  static void launch(Launcher& launcher, const AttentionCall& call, const Buffers& buffers) {
    const Params params = text::forward_params(call, buffers);
    const auto launch_one = [&]<class Kernel>(const typename Kernel::Params& told) {
      launcher.template launch<Kernel>("flash2", text::query_grid(call, Kernel::tile.br), Kernel::tile.smem, told);
    };
    text::for_element_head_dim_and_dropout(
        call,
        [&]<class T, int head_dim>() {
          launch_one.template operator()<DropoutKernel<T, head_dim>>({params, text::dropout_params(call)});
        },
        [&]<class T, int head_dim>() { launch_one.template operator()<ForwardKernel<T, head_dim>>(params); });
  }
};

}  // namespace rooftile::kernels::flash2
