// FlashAttention-1 forward (Dao et al. 2022, arXiv 2205.14135, Algorithm 1): keys outside, queries inside. One CTA owns
// a head; a block of bc keys stays on chip while all tiles of queries that see it pass by. O, l and m of a tile go
// through global memory from one block of keys to the next, O normalised each time:
//
//   for each block j of keys                                                                       lines 5 to 6
//     K, V  ->  shared memory
//     for each tile i of queries that sees it: a visit                                             lines 7 to 15
//       Q ->  shared memory; l, m of the visit before
//       S = Q Kᵀ;                  meanwhile nothing: Q and O share their place
//       O of the visit before  ->  the place of Q, during softmax and PV
//       m' = max(m, rowmax S), P = exp(S - m'), l' = exp(m - m') l + rowsum P
//       O = (exp(m - m') l O + P V) / l',  l', m'  ->  global memory
//
// With key padding a bit per key of the block is made while K and V are on their way, and read by every visit: S begins
// at -inf in a padded column. No block is left out, memory alone knows which keys are kept.
//
// With dropout P V is over the weights that are kept, times 1 / (1 - p); l stays the sum of all. What comes back of O
// has that factor already.
//
// Algorithm 1 takes P relative to the block's own maximum and rescales both sides; beginning with m gives the same
// numbers with one exponential per row instead of two. The first visit of a tile reads nothing back and nothing is
// initialised, as the paper counts its figure 2; the last stores m + log l as LSE and leaves l and m to nobody. They
// are a workspace, which a call with one block of keys does without.
//
// A visit belongs to a warp: it loads, computes and stores its 16 rows of the tile alone, so the inner loop has no
// barrier and warps drift apart. What a lane reads back it has written itself (O by the same 16-byte chunks, l and m by
// the same lanes), with a CTA barrier in between. Under a causal mask a block meets the tiles from the diagonal on;
// rows that see no key at all are written once, as zeros.
//
// Tiles: 64 queries by 128 keys (64 at head dim 256): K and V in 64 KiB of shared memory, so that two CTAs share an SM
// of 164 KiB at head dim 128 and hide each other's loads.
//
// Steps, and what each is worth:
//   bc as large as shared memory     O, l, m cross global memory ceil(Nkv/bc) times: half the bytes per doubling
//   O through the place of Q         no buffer of its own (16 KiB, the second CTA), O arrives during softmax and PV
//   warps on their own               no barrier per visit; one pair per block of keys
// Not done: Q of the next visit ahead of time, which needs that buffer.
//
// Limits: head dims 64, 128 and 256, with dropout 64 and 128; masks none, causal and key_padding. batch · heads CTAs:
// small batches leave SMs idle, which is what FlashAttention-2 changed. O is rounded to 16 bits at every visit, so its
// error grows with the number of blocks. Host execution, normal inputs, head dim 64, ‖O - O64‖ / ‖O64‖:
//
//   keys         2048      8192      16384     32768
//   fp16         0.00064   0.0012    0.0018    0.0023
//   bf16         0.0050    0.0093    0.013     0.019
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "isa/isa.hpp"
#include "rooftile/kernels/call.hpp"
#include "rooftile/model/tile_table.hpp"
#include "text/call_params.hpp"
#include "text/dispatch.hpp"
#include "text/dropout.hpp"
#include "text/fragment_places.hpp"
#include "text/key_padding.hpp"
#include "text/reduce.hpp"
#include "text/running_attention.hpp"
#include "text/tile_copy.hpp"

namespace rooftile::kernels::flash1 {

/// What a row of O comes back with, a float per query as LSE has; m of raw scores.
struct Statistics {
  float* l;
  float* m;
};
struct Params : text::ForwardTensors, Statistics, text::CallSizes {};
struct DropoutParams : Params, text::DropoutParams {};
struct PaddingParams : Params, text::KeyPaddingParams {};
struct PaddingDropoutParams : DropoutParams, text::KeyPaddingParams {};

/// The launch as the tile table names it.
constexpr std::string_view row_of(bool masks_keys, bool drops_weights) {
  if (masks_keys) return drops_weights ? "flash1_padding_dropout" : "flash1_padding";
  return drops_weights ? "flash1_dropout" : "flash1";
}
/// The tile of the kernel with these parameters.
template <class Params>
constexpr OwnTile tile_of(int head_dim) {
  return own_tile(row_of(text::masks_keys<Params>, text::drops_weights<Params>), head_dim);
}

/// Where a visit stands among those of its tile.
struct Visit {
  int tile;
  int block;
  bool first;
  bool last;
};

/// One head as one of the warps sees it. With `DropoutParams` it drops weights, with `KeyPaddingParams` it masks keys.
template <class B, class T, class Params, int head_dim>
class Head {
  using f32 = typename B::f32;
  using i32 = typename B::i32;
  using u32 = typename B::u32;
  using Acc = typename B::Acc;

  static constexpr OwnTile tile = tile_of<Params>(head_dim);
  static constexpr int br = tile.br, bc = tile.bc;
  using Attention = text::RunningAttention<B, T, Params, head_dim, br, bc, tile.warps>;
  static constexpr int row_bytes = Attention::row_bytes, warp_rows = Attention::warp_rows;
  static constexpr bool pads = text::masks_keys<Params>;
  using Kept = text::KeptColumns<B, Attention::n_tiles>;
  static constexpr std::uint32_t kept_at = Attention::smem;  // a word per 32 keys of the block
  static_assert(Attention::smem + (pads ? Kept::words * 4 : 0) == tile.smem && Attention::m_tiles == 1);

  using RowCopy = text::TileCopy<B, head_dim, 1>;
  static constexpr bool drops = text::drops_weights<Params>;
  static constexpr int beyond_any_edge = std::numeric_limits<int>::max();

 public:
  ROOFTILE_KERNEL Head(B& b, const Params& p)
      : b_{b},
        p_{p},
        warp_row_{b.warp() * warp_rows},
        place_{text::place_of_accumulator<row_bytes>(b) + q_at()},
        rows_{rows()} {}

  ROOFTILE_KERNEL int blocks() const { return (p_.seq_kv + bc - 1) / bc; }
  ROOFTILE_KERNEL int tiles() const { return (p_.seq_q + br - 1) / br; }
  /// The first tile of which a row sees a key of `block` or a later one.
  ROOFTILE_KERNEL int first_seeing(int block) const { return causal() ? tiles_below(block * bc - offset()) : 0; }
  /// The first tile that comes back after `block`.
  ROOFTILE_KERNEL int first_kept(int block) const { return block + 1 < blocks() ? first_seeing(block + 1) : tiles(); }
  /// The first tile of which all rows see all keys of `block`.
  ROOFTILE_KERNEL int first_whole(int block) const {
    if (pads || (block + 1) * bc > p_.seq_kv) return tiles();
    return causal() ? tiles_below((block + 1) * bc - 1 - offset() + br - 1) : 0;
  }

  /// Rows of a tile that sees no key: O = 0, LSE = -inf.
  ROOFTILE_KERNEL void write_unseeing(int tile_index) {
    begin(tile_index);
    RowCopy{b_, 0, head_dim}.template store_zeros<warp_rows>(b_, static_cast<T*>(p_.o) + first_element(), rows_left());
    ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) store_rows(p_.lse, h, f32(Attention::minus_infinity));
  }

  /// K and V of a block, once all warps are done with the one before.
  ROOFTILE_KERNEL void load_keys(int block) {
    b_.sync();
    Attention keys = rows();  // made anew: addresses of K and V take no registers during visits
    keys.load_k(block, /*ragged=*/true);
    keys.load_v(block, /*ragged=*/true);
    b_.cp_commit();
    if constexpr (pads) make_kept(block);
    keys.copies_landed();
  }

  template <bool masked>
  ROOFTILE_KERNEL void visit(const Visit& visit) {
    begin(visit.tile);
    load_rows(p_.q);
    rows_.clear();
    if (!visit.first) read_statistics();
    rows_landed();
    typename Attention::Scores s;
    if constexpr (pads) {
      rows_.start_kept(s, kept());
    } else if constexpr (masked) {
      rows_.start_masked(s, visit.block, [this, &visit](int row) { return reach(visit.block) + row; });
    } else {
      rows_.start(s);
    }
    rows_.add_scores(s);
    b_.sync_warp();  // all lanes have read Q
    if (!visit.first) load_rows(p_.o);
    const f32 old_sum[2] = {rows_.row_sum[0][0], rows_.row_sum[0][1]};
    f32 scale_old[2], inverse[2];
    rows_.template softmax_rows<masked>(s, 0, scale_old);
    ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) scale_old[h] = scale_old[h] * old_sum[h];
    if constexpr (drops) drop(s, visit.block);
    finish_statistics(visit, scale_old, inverse);  // after the product, ptxas spills at head dim 64
    rows_.weighted_sum(s);
    write_o(visit, inverse, scale_old);
  }

 private:
  ROOFTILE_KERNEL bool causal() const { return !pads && p_.causal; }
  ROOFTILE_KERNEL int offset() const { return p_.seq_kv - p_.seq_q; }
  /// Whole tiles in this many rows.
  ROOFTILE_KERNEL int tiles_below(int rows) const {
    const int below = rows < 0 ? 0 : rows / br;
    return below < tiles() ? below : tiles();
  }
  ROOFTILE_KERNEL std::int64_t kv_head() const { return b_.block_y() * p_.kv_heads + b_.block_x() / p_.group; }
  ROOFTILE_KERNEL int head() const { return b_.block_y() * p_.heads + b_.block_x(); }
  ROOFTILE_KERNEL Attention rows() const { return {b_, p_, b_.warp(), kv_head() * p_.seq_kv * head_dim}; }
  ROOFTILE_KERNEL std::uint32_t q_at() const {
    return Attention::q_at + static_cast<std::uint32_t>(warp_row_ * row_bytes);
  }

  /// A word of what is kept of a block, to all warps, from each that has one to make: there are more warps than words.
  ROOFTILE_KERNEL void make_kept(int block) {
    if (b_.warp() >= Kept::words) return;
    const u32 word = text::kept_keys(b_, p_, b_.block_y(), block * bc + b_.warp() * text::word_keys, p_.seq_kv);
    b_.st_shared(kept_word(b_.warp()), b_.as_float(word), b_.lane() < 1);
  }
  /// Read anew by each visit: kept in registers, ptxas makes all starts of S beforehand: 56 more at head dim 64.
  ROOFTILE_KERNEL Kept kept() {
    Kept kept;
    ROOFTILE_UNROLL for (int w = 0; w < Kept::words; ++w) kept.take(b_, w, b_.as_bits(b_.ld_shared(kept_word(w))));
    return kept;
  }
  ROOFTILE_KERNEL u32 kept_word(int word) const {
    return b_.shared_base() + (kept_at + static_cast<std::uint32_t>(word * 4));
  }

  ROOFTILE_KERNEL void begin(int tile_index) { first_row_ = tile_index * br + warp_row_; }
  ROOFTILE_KERNEL int rows_left() const { return p_.seq_q - first_row_; }
  ROOFTILE_KERNEL std::int64_t first_element() const {
    return (std::int64_t{head()} * p_.seq_q + first_row_) * head_dim;
  }
  /// The last key that each lane's row sees, relative to the block.
  ROOFTILE_KERNEL i32 reach(int block) const {
    const int reach = causal() ? first_row_ + offset() - block * bc : p_.seq_kv - 1 - block * bc;
    return (b_.lane() >> 2) + reach;
  }

  /// This warp's rows of Q, or of O as the last visit left it, to the place that they share.
  ROOFTILE_KERNEL void load_rows(const void* tensor) {
    RowCopy{b_, 0, head_dim}.template load<warp_rows>(b_, q_at(), static_cast<const T*>(tensor) + first_element(),
                                                      rows_left());
    b_.cp_commit();
  }
  ROOFTILE_KERNEL void rows_landed() {
    b_.template cp_wait<0>();
    b_.sync_warp();
  }

  /// l and m, read by one lane of the four that hold a row: there sums and maxima over the four find them.
  ROOFTILE_KERNEL void read_statistics() {
    const std::int64_t at = std::int64_t{head()} * p_.lse_pitch + first_row_;
    ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
      const i32 row = (b_.lane() >> 2) + h * 8;
      const typename B::pred reads = speaker(row) < rows_left();
      const f32 m = b_.ld_global(p_.m + at, row, reads);
      rows_.row_max[0][h] = b_.select(reads, m, f32(Attention::minus_infinity));
      rows_.row_sum[0][h] = b_.ld_global(p_.l + at, row, reads);
    }
  }
  /// A number per row to global memory.
  ROOFTILE_KERNEL void store_rows(float* tensor, int h, f32 value) {
    const i32 row = (b_.lane() >> 2) + h * 8;
    b_.st_global(tensor + std::int64_t{head()} * p_.lse_pitch + first_row_, row, value, speaker(row) < rows_left());
  }
  /// `row` in the first lane of a quad; in the others a row beyond any edge.
  ROOFTILE_KERNEL i32 speaker(i32 row) const { return b_.select((b_.lane() & 3) < 1, row, i32(beyond_any_edge)); }

  /// l' and m' or their logsumexp to memory. `scale_old` comes as exp(m - m') l, in the lane that has read l, and
  /// leaves divided by l': the share of the old O in the new one.
  ROOFTILE_KERNEL void finish_statistics(const Visit& visit, f32 (&scale_old)[2], f32 (&inverse)[2]) {
    ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
      const f32 sum = text::sum_over<4>(b_, rows_.row_sum[0][h]);
      inverse[h] = rows_.inverse(sum);
      scale_old[h] = text::sum_over<4>(b_, scale_old[h]) * inverse[h];
      if constexpr (drops) inverse[h] = inverse[h] * p_.keep_scale;  // the old O has been scaled
      if (visit.last) {
        store_rows(p_.lse, h, rows_.logsumexp(0, h, sum));
      } else {
        store_rows(p_.l, h, sum);
        store_rows(p_.m, h, rows_.row_max[0][h]);
      }
    }
  }

  ROOFTILE_KERNEL void drop(typename Attention::Scores& weights, int block) {
    rows_.drop_weights(weights, [this, block](Acc& of, int row, int col) {
      text::drop_weights(of, b_, p_, head(), first_row_ + row, block * bc + col);
    });
  }

  /// O, through the place where Q was and the old O is.
  ROOFTILE_KERNEL void write_o(const Visit& visit, const f32 (&inverse)[2], const f32 (&scale_old)[2]) {
    if (visit.first) {
      ROOFTILE_UNROLL for (int d = 0; d < Attention::d_tiles; ++d) {
        text::stage<T, row_bytes>(b_, place_, 0, d, rows_.o_sum[0][d], inverse[0], inverse[1]);
      }
    } else {
      rows_landed();  // O of the visit before
      ROOFTILE_UNROLL for (int d = 0; d < Attention::d_tiles; ++d) merge_o(d, inverse, scale_old);
    }
    b_.sync_warp();
    // The next Q needs no such wait: each lane copies it to where that lane reads O now.
    RowCopy{b_, 0, head_dim}.template store<warp_rows>(b_, static_cast<T*>(p_.o) + first_element(), q_at(),
                                                       rows_left());
  }

  /// Eight columns of O: each lane's own elements of the old one are read, and overwritten.
  ROOFTILE_KERNEL void merge_o(int d, const f32 (&inverse)[2], const f32 (&scale_old)[2]) {
    const auto& sums = rows_.o_sum[0][d].c;
    ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
      const u32 at = (place_ ^ static_cast<std::uint32_t>(d * 16)) + static_cast<std::uint32_t>(h * 8 * row_bytes);
      f32 left, right;
      b_.template unpack<T>(left, right, b_.as_bits(b_.ld_shared(at)));
      left = b_.fma(left, scale_old[h], sums[h * 2] * inverse[h]);
      right = b_.fma(right, scale_old[h], sums[h * 2 + 1] * inverse[h]);
      b_.st_shared(at, b_.template pack<T>(left, right));
    }
  }

  B& b_;
  const Params& p_;
  int warp_row_;
  int first_row_;  ///< of this warp's in the tile at hand
  u32 place_;
  Attention rows_;
};

template <class T, int head_dim, class KernelParams>
struct HeadKernel {
  using Params = KernelParams;
  static constexpr OwnTile tile = tile_of<Params>(head_dim);
  static constexpr int warps = tile.warps;

  template <class B>
  ROOFTILE_KERNEL static void run(B& b, const Params& p) {
    Head<B, T, Params, head_dim> head{b, p};
    const int tiles = head.tiles(), blocks = head.blocks(), seeing = head.first_seeing(0);
    ROOFTILE_NO_UNROLL for (int i = 0; i < seeing; ++i) head.write_unseeing(i);
    ROOFTILE_NO_UNROLL for (int j = 0; j < blocks; ++j) {
      head.load_keys(j);
      const int whole = head.first_whole(j), kept = head.first_kept(j);
      int i = head.first_seeing(j);
      ROOFTILE_NO_UNROLL for (; i < whole; ++i) head.template visit<true>({i, j, j == 0, i < kept});
      if constexpr (!text::masks_keys<Params>) {
        ROOFTILE_NO_UNROLL for (; i < tiles; ++i) head.template visit<false>({i, j, j == 0, i < kept});
      }
    }
  }
};

template <class T, int head_dim>
struct KeysOutsideKernel : HeadKernel<T, head_dim, Params> {};
template <class T, int head_dim>
struct DropoutKernel : HeadKernel<T, head_dim, DropoutParams> {};
template <class T, int head_dim>
struct PaddingKernel : HeadKernel<T, head_dim, PaddingParams> {};
template <class T, int head_dim>
struct PaddingDropoutKernel : HeadKernel<T, head_dim, PaddingDropoutParams> {};

/// What is compiled for one element type.
template <class T>
using Instances = Kernels<KeysOutsideKernel<T, 64>, KeysOutsideKernel<T, 128>, KeysOutsideKernel<T, 256>,
                          DropoutKernel<T, 64>, DropoutKernel<T, 128>, PaddingKernel<T, 64>, PaddingKernel<T, 128>,
                          PaddingKernel<T, 256>, PaddingDropoutKernel<T, 64>, PaddingDropoutKernel<T, 128>>;

/// rt_flash1.
struct Forward {
  static constexpr bool drops_weights = true, masks_keys = true;

  static const char* refusal(const AttentionCall& call) {
    if (!text::has_head_dim(call)) return "rt_flash1 is compiled for head_dim 64, 128 and 256";
    if (call.dropout.drops() && !text::has_dropout(call)) return "rt_flash1 drops weights at head_dim 64 and 128";
    if (call.batch > text::most_ctas) return "rt_flash1 takes a batch of at most 65535 (CTAs along y)";
    return nullptr;
  }

  static constexpr Tensors tensors(const AttentionCall& call) {
    Tensors all = attention_tensors(call);
    if (call.seq_kv <= own_tile(row_of(call.key_padding, call.dropout.drops()), call.head_dim).bc)
      return all;  // nothing comes back
    TensorLayout statistic = all[tensor_lse];
    statistic.role = TensorRole::workspace;
    for (const char* name : {"l", "m"}) {
      statistic.name = name;
      all.add(statistic);
    }
    return all;
  }

  template <class Launcher>
  static void launch(Launcher& launcher, const AttentionCall& call, const Buffers& buffers) {
    const std::size_t l = forward_workspace(call), m = l + 1;
    const Params params{text::forward_tensors(buffers),
                        {static_cast<float*>(buffers[l]), static_cast<float*>(buffers[m])},
                        text::call_sizes(call)};
    const auto launch_either = [&]<class Kernel, class Padded>(const typename Kernel::Params& told) {
      const Grid grid{call.heads, call.batch};
      if (!call.key_padding) return launcher.template launch<Kernel>("flash1", grid, Kernel::tile.smem, told);
      launcher.template launch<Padded>("flash1", grid, Padded::tile.smem,
                                       {told, text::key_padding_params(call, buffers)});
    };
    text::for_element_head_dim_and_dropout(
        call,
        [&]<class T, int head_dim>() {
          launch_either.template operator()<DropoutKernel<T, head_dim>, PaddingDropoutKernel<T, head_dim>>(
              {params, text::dropout_params(call)});
        },
        [&]<class T, int head_dim>() {
          launch_either.template operator()<KeysOutsideKernel<T, head_dim>, PaddingKernel<T, head_dim>>(params);
        });
  }
};

}  // namespace rooftile::kernels::flash1
