// Attention for few queries (Dao et al. 2023, "Flash-Decoding for long-context inference"; split kernels of
// FlashAttention-2): the keys go in parts, so that a handful of query tiles keeps every SM busy.
//
//   split    a part s of the keys per CTA: flash2's trips (running_attention.hpp), then O_s / l_s and the logsumexp
//            L_s in fp32 to a workspace; with one part, O and L in their places and no second launch
//   merge    L = log Σ exp(L_s),  O = Σ exp(L_s - L) O_s                   split_kv_merge.hpp
//
// What decoding waits for is K and V, read once per K/V head: the query heads of a group stand in one tile
// (row_box() in rooftile/model/split_parts.hpp), whole runs of positions of each, and share them. A tile is 64 rows, as
// FlashAttention-2 has it, so a group of 8 leaves room for 8 positions (speculative decoding) at no cost in bytes.
// Blocks are as long as registers allow (S of 64 x 256 at head dim 64), because every trip waits twice for all warps.
//
// The parts are those of the model (fa2_parts()), for the GPU that the call names: AttentionCall::sms. A part without a
// key that its rows see leaves O_s = 0 and L_s = -inf, which weigh nothing.
//
// Steps, and what each is worth in bytes or instructions:
//   parts                          few queries fill the GPU: batch 1, 8 K/V heads, 128k keys are 184 CTAs, not 8
//   group in one tile              K and V cross from L2 once, not once per query head
//   O_s straight from registers    8 bytes per lane: a quad's sector is whole, and 32 KiB less go through shared memory
//   merge: a row per CTA           its warps take a share of the parts each, four loads ahead
//
// Limits: head dims 64, 128 and 256; seq_q · head_dim of a tile's members within 2^31 elements. A group of a prime
// number of heads above 64 is not shared.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "isa/isa.hpp"
#include "rooftile/kernels/call.hpp"
#include "rooftile/model/rounding.hpp"
#include "rooftile/model/split_parts.hpp"
#include "rooftile/model/tile_table.hpp"
#include "text/call_params.hpp"
#include "text/dispatch.hpp"
#include "text/fragment_places.hpp"
#include "text/reduce.hpp"
#include "text/running_attention.hpp"
#include "text/split_kv_merge.hpp"
#include "text/tile_copy.hpp"

namespace rooftile::kernels::split_kv {

/// `o_part` and `lse_part` are those of Forward::tensors(), or nullptr.
struct Params : text::ForwardParams {
  float* o_part;
  float* lse_part;
  int batch;
  int members;        ///< of a group per tile; divides it
  int position_bits;  ///< log2 of a tile's positions
  int part_blocks;    ///< key blocks of a part
};

/// Where the rows of a tile lie: row m · positions + p is query `first` + p of member m.
template <class B>
struct BoxRows {
  using i32 = typename B::i32;

  B& b;
  int pitch;  ///< from one member's rows to the next's, in rows
  int row_elements;
  int position_bits;
  int members;
  int left;  ///< queries from the first position on

  [[nodiscard]] ROOFTILE_KERNEL i32 position(i32 row) const { return row & ((1 << position_bits) - 1); }
  [[nodiscard]] ROOFTILE_KERNEL i32 row(i32 r, int member_pitch) const {
    return (r >> position_bits) * member_pitch + position(r);
  }
  [[nodiscard]] ROOFTILE_KERNEL i32 offset(i32 r) const { return row(r, pitch) * row_elements; }
  [[nodiscard]] ROOFTILE_KERNEL typename B::pred exists(i32 r) const {
    return position(r) < b.select((r >> position_bits) < members, i32(left), i32(0));
  }
};

/// The work of one CTA as one of its warps sees it: a tile of queries of one K/V head, and a part of its keys.
template <class B, class T, int head_dim>
class PartTile {
  using f32 = typename B::f32;
  using i32 = typename B::i32;
  using u32 = typename B::u32;

  static constexpr OwnTile tile = own_tile("split_kv", head_dim);
  static constexpr int br = tile.br, bc = tile.bc;
  using Attention = text::RunningAttention<B, T, Params, head_dim, br, bc, tile.warps>;
  static constexpr int row_bytes = Attention::row_bytes, warp_rows = Attention::warp_rows;
  static_assert(Attention::smem == tile.smem && Attention::m_tiles == 1);

  using QueryCopy = text::TileCopy<B, head_dim, 1>;

 public:
  ROOFTILE_KERNEL PartTile(B& b, const Params& p)
      : b_{b},
        p_{p},
        first_position_{b.block_x() << p.position_bits},
        first_head_{b.block_z() % (p.heads / p.members) * p.members},
        warp_row_{b.warp() * warp_rows},
        rows_{b, p, b.warp(),
              (std::int64_t{sequence()} * (p.heads / p.group) + first_head_ / p.group) * p.seq_kv * head_dim} {}

  /// The part's key blocks [first, last): its share, as far as any row of the tile sees.
  [[nodiscard]] ROOFTILE_KERNEL int first_block() const { return least(b_.block_y() * p_.part_blocks, all_blocks()); }
  [[nodiscard]] ROOFTILE_KERNEL int last_block() const {
    const int last = least((b_.block_y() + 1) * p_.part_blocks, all_blocks());
    return p_.causal ? least(reached(positions() - 1 + bc), last) : last;
  }
  /// One past the last block that every row sees whole.
  [[nodiscard]] ROOFTILE_KERNEL int unmasked_blocks() const {
    const int whole = p_.seq_kv / bc;
    return p_.causal ? least(reached(1), whole) : whole;
  }

  /// Q of this warp's rows and K of the last block.
  ROOFTILE_KERNEL void load_first(int first, int last) {
    QueryCopy{b_, 0, head_dim}.template gather<warp_rows>(
        b_, Attention::q_at + warp_bytes(), static_cast<const T*>(p_.q) + first_element(), box(head_dim), warp_row_);
    if (last > first) rows_.load_k(last - 1, /*ragged=*/true);
    b_.cp_commit();
  }

  template <bool masked>
  ROOFTILE_KERNEL void trip(int block, int first) {
    rows_.template trip<masked>(block, first, [this, block](int row) {
      const int reach = p_.causal ? first_position_ + offset() - block * bc : p_.seq_kv - 1 - block * bc;
      return (lane_row(row) & (p_.causal ? positions() - 1 : 0)) + reach;
    });
  }

  /// O and L of the part: to the workspace in fp32, or where there is one part to their places.
  ROOFTILE_KERNEL void finish(bool partial) {
    b_.template cp_wait<0>();  // Q of a part without keys
    f32 inverse[2];
    ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
      const f32 sum = text::sum_over<4>(b_, rows_.row_sum[0][h]);
      inverse[h] = rows_.inverse(sum);
      store_lse(h * 8, rows_.logsumexp(0, h, sum), partial);
    }
    if (partial) {
      store_partial(inverse);
    } else {
      store(inverse);
    }
  }

 private:
  ROOFTILE_KERNEL static int least(int a, int b) { return a < b ? a : b; }
  ROOFTILE_KERNEL int positions() const { return 1 << p_.position_bits; }
  ROOFTILE_KERNEL int offset() const { return p_.seq_kv - p_.seq_q; }
  ROOFTILE_KERNEL int all_blocks() const { return (p_.seq_kv + bc - 1) / bc; }
  /// Blocks below the key that stands `keys` after what the first position sees.
  ROOFTILE_KERNEL int reached(int keys) const {
    const int end = first_position_ + offset() + keys;
    return end < 0 ? 0 : end / bc;
  }
  ROOFTILE_KERNEL int sequence() const { return b_.block_z() / (p_.heads / p_.members); }
  /// The tile's first head among those of the whole batch.
  ROOFTILE_KERNEL std::int64_t head() const { return std::int64_t{sequence()} * p_.heads + first_head_; }
  ROOFTILE_KERNEL std::int64_t first_element() const { return (head() * p_.seq_q + first_position_) * head_dim; }
  ROOFTILE_KERNEL std::uint32_t warp_bytes() const { return static_cast<std::uint32_t>(warp_row_ * row_bytes); }
  ROOFTILE_KERNEL i32 lane_row(int row) const { return (b_.lane() >> 2) + (warp_row_ + row); }
  ROOFTILE_KERNEL BoxRows<B> box(int row_elements) const {
    return {b_, p_.seq_q, row_elements, p_.position_bits, p_.members, p_.seq_q - first_position_};
  }

  /// One lane of the four that hold a row writes.
  ROOFTILE_KERNEL void store_lse(int row, f32 value, bool partial) {
    const i32 r = lane_row(row);
    const i32 of_quad = b_.select((b_.lane() & 3) < 1, r, i32(br << p_.position_bits));  // no such member
    const std::int64_t part = partial ? std::int64_t{b_.block_y()} * p_.batch * p_.heads : 0;
    float* to = (partial ? p_.lse_part : p_.lse) + (part + head()) * p_.lse_pitch + first_position_;
    b_.st_global(to, box(1).row(r, p_.lse_pitch), value, box(1).exists(of_quad));
  }

  ROOFTILE_KERNEL void store_partial(const f32 (&inverse)[2]) {
    float* to = p_.o_part + std::int64_t{b_.block_y()} * p_.batch * p_.heads * p_.seq_q * head_dim + first_element();
    const i32 col = (b_.lane() & 3) << 1;
    ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
      const i32 r = lane_row(h * 8);
      const i32 at = box(head_dim).offset(r) + col;
      const typename B::pred exists = box(head_dim).exists(r);
      ROOFTILE_UNROLL for (int d = 0; d < Attention::d_tiles; ++d) {
        const auto& o = rows_.o_sum[0][d].c;
        b_.st_global8(to + std::int64_t{d} * 8, at, o[h * 2] * inverse[h], o[h * 2 + 1] * inverse[h], exists);
      }
    }
  }

  /// Through the place of Q, for 16-byte stores.
  ROOFTILE_KERNEL void store(const f32 (&inverse)[2]) {
    b_.sync_warp();
    const u32 place = text::place_of_accumulator<row_bytes>(b_) + warp_bytes();
    ROOFTILE_UNROLL for (int d = 0; d < Attention::d_tiles; ++d) {
      text::stage<T, row_bytes>(b_, place, 0, d, rows_.o_sum[0][d], inverse[0], inverse[1]);
    }
    b_.sync_warp();
    QueryCopy{b_, 0, head_dim}.template scatter<warp_rows>(b_, static_cast<T*>(p_.o) + first_element(),
                                                           Attention::q_at + warp_bytes(), box(head_dim), warp_row_);
  }

  B& b_;
  const Params& p_;
  int first_position_;
  int first_head_;
  int warp_row_;
  Attention rows_;
};

template <class T, int head_dim>
struct SplitKernel {
  using Params = split_kv::Params;
  static constexpr OwnTile tile = own_tile("split_kv", head_dim);
  static constexpr int warps = tile.warps;

  template <class B>
  ROOFTILE_KERNEL static void run(B& b, const Params& p) {
    PartTile<B, T, head_dim> rows{b, p};
    const int first = rows.first_block(), last = rows.last_block();
    const int unmasked = rows.unmasked_blocks();
    rows.load_first(first, last);
    int block = last - 1;
    ROOFTILE_NO_UNROLL for (; block >= first && block >= unmasked; --block) rows.template trip<true>(block, first);
    ROOFTILE_NO_UNROLL for (; block >= first; --block) rows.template trip<false>(block, first);
    rows.finish(p.o_part != nullptr);
  }
};

/// What is compiled for one element type.
template <class T>
using Instances = Kernels<SplitKernel<T, 64>, SplitKernel<T, 128>, SplitKernel<T, 256>, MergeKernel<T, 64>,
                          MergeKernel<T, 128>, MergeKernel<T, 256>>;

/// rt_split_kv.
struct Forward {
  enum : std::size_t { tensor_o_part = first_workspace, tensor_lse_part };

  static const char* refusal(const AttentionCall& call) {
    if (!text::has_head_dim(call)) return "rt_split_kv is compiled for head_dim 64, 128 and 256";
    if (std::int64_t{call.heads} * call.batch > text::most_ctas)
      return "rt_split_kv takes at most 65535 heads over the whole batch (CTAs along z)";
    if (std::int64_t{call.group()} * call.seq_q * call.head_dim > std::numeric_limits<int>::max())
      return "rt_split_kv takes at most 2^31 - 1 elements of Q per K/V head";
    return nullptr;
  }

  static Tensors tensors(const AttentionCall& call) {
    Tensors all = attention_tensors(call);
    const int parts = parts_of(call);
    if (parts == 1) return all;
    const int d = call.head_dim, pitch = all[tensor_lse].pitch;
    all.add({"O_part", TensorRole::workspace, 4, parts * call.batch, call.heads, call.seq_q, d, d});
    all.add({"LSE_part", TensorRole::workspace, 4, parts * call.batch, call.heads, 1, call.seq_q, pitch});
    return all;
  }

  /// Parts of the keys, as the model's Program has them: FlashAttention-2's rule, two CTAs per SM.
  static int parts_of(const AttentionCall& call) {
    return static_cast<int>(fa2_parts(columns(call) * position_tiles(call), 2 * std::int64_t{call.sms}, blocks(call)));
  }

  template <class Launcher>
  static void launch(Launcher& launcher, const AttentionCall& call, const Buffers& buffers) {
    text::for_element_and_head_dim(call, [&]<class T, int head_dim>() {
      using Split = SplitKernel<T, head_dim>;
      using Merge = MergeKernel<T, head_dim>;
      const int parts = parts_of(call);
      const Params params = params_of(call, buffers, parts);
      const Grid grid{static_cast<int>(position_tiles(call)), parts, static_cast<int>(columns(call))};
      launcher.template launch<Split>("split", grid, Split::tile.smem, params);
      if (parts == 1) return;
      launcher.template launch<Merge>("merge", text::query_grid(call, 1), Merge::tile.smem,
                                      merge_params_of(params, parts));
    });
  }

 private:
  static RowBox box(const AttentionCall& call) { return row_box(call.group(), own_tile("split_kv", call.head_dim).br); }
  static std::int64_t columns(const AttentionCall& call) {
    return std::int64_t{call.heads} / box(call).members * call.batch;
  }
  static std::int64_t position_tiles(const AttentionCall& call) { return div_up(call.seq_q, box(call).positions); }
  static std::int64_t blocks(const AttentionCall& call) {
    return div_up(call.seq_kv, own_tile("split_kv", call.head_dim).bc);
  }

  static Params params_of(const AttentionCall& call, const Buffers& buffers, int parts) {
    const RowBox rows = box(call);
    const auto part = [&](std::size_t tensor) { return parts == 1 ? nullptr : static_cast<float*>(buffers[tensor]); };
    return {text::forward_params(call, buffers),
            part(tensor_o_part),
            part(tensor_lse_part),
            call.batch,
            static_cast<int>(rows.members),
            std::countr_zero(static_cast<std::uint64_t>(rows.positions)),
            static_cast<int>(div_up(blocks(call), parts))};
  }

  static MergeParams merge_params_of(const Params& params, int parts) {
    return {.o_part = params.o_part,
            .lse_part = params.lse_part,
            .o = params.o,
            .lse = params.lse,
            .parts = parts,
            .batch = params.batch,
            .heads = params.heads,
            .seq_q = params.seq_q,
            .lse_pitch = params.lse_pitch};
  }
};

}  // namespace rooftile::kernels::split_kv
