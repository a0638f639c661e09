// What the attention kernels have in common: the rows of a tile, the tensors of a call, and what a key padding mask and
// dropout add to a block of scores.
#pragma once

#include "algorithms.hpp"
#include "causal.hpp"

namespace rooftile::algorithms {

// mma.m16n8k16 leaves a row of its result in four lanes, which exchange twice to reduce it
inline constexpr std::int64_t row_lanes = 4, reduce_steps = 2;

/// The query rows of a call: one column of tiles per query head, or one per K/V head with the heads of its group folded
/// in, seq_q·group rows each.
struct QueryRows {
  bool packed;
  std::int64_t group;    ///< query heads per K/V head
  std::int64_t rows;     ///< of one column
  std::int64_t heads;    ///< columns per sequence: extent of Q, O and LSE
  std::int64_t members;  ///< columns per K/V head
  std::int64_t br;

  QueryRows(const AttentionShape& s, GroupPacking packing, std::int64_t tile_rows)
      : packed{packs(s, packing, tile_rows)},
        group{s.group()},
        rows{packed ? s.seq_q * s.group() : s.seq_q},
        heads{packed ? s.kv_heads : s.heads},
        members{packed ? 1 : s.group()},
        br{tile_rows} {}

  [[nodiscard]] std::int64_t tiles() const { return ceil_div(rows, br); }
  /// The column of a CTA with this K/V head and this member of its group.
  [[nodiscard]] TileDim head(IndexId kv_head, IndexId member) const {
    return packed ? at(kv_head) : at(kv_head, group, member);
  }
  [[nodiscard]] CausalTiling causal(const AttentionShape& s, std::int64_t bc) const {
    return {br, bc, rows, s.seq_kv, s.causal_offset(), packed ? group : 1};
  }

 private:
  static bool packs(const AttentionShape& s, GroupPacking packing, std::int64_t br) {
    if (s.group() == 1) return false;
    switch (packing) {
      case GroupPacking::never: return false;
      case GroupPacking::always: return true;
      case GroupPacking::one_query: return s.seq_q == 1 && s.dropout == 0 && s.head_dim % 8 == 0;
      case GroupPacking::efficient: return used(s.seq_q, br) < 0.9 * used(s.seq_q * s.group(), br);
    }
    return false;
  }
  /// Share of the rows of all tiles that are filled.
  static double used(std::int64_t rows, std::int64_t br) {
    return static_cast<double>(rows) / static_cast<double>(ceil_div(rows, br) * br);
  }
};

/// Q, K, V and what is written; O and LSE as the kernel that ends the call writes them.
struct AttentionTensors {
  int q, k, v, o, lse;

  AttentionTensors(ProgramWriter& w, const AttentionShape& s, const QueryRows& queries)
      : q{w.input("Q", size_of(s.dtype), {s.batch, queries.heads, queries.rows, s.head_dim})},
        k{w.input("K", size_of(s.dtype), {s.batch, s.kv_heads, s.seq_kv, s.head_dim})},
        v{w.input("V", size_of(s.dtype), {s.batch, s.kv_heads, s.seq_kv, s.head_dim})},
        o{w.output("O", size_of(s.dtype), {s.batch, queries.heads, queries.rows, s.head_dim})},
        lse{w.output("LSE", 4, {s.batch, queries.heads, queries.rows})} {}
};

/// What is done to a block of scores beside softmax: keys masked one by one (a byte per key), weights dropped.
class ScoreExtras {
 public:
  ScoreExtras(ProgramWriter& w, const AttentionShape& s, const KernelSpec& spec)
      : w_{w},
        key_mask_{s.mask == Mask::key_padding ? w.held("key_mask", TensorRole::input, 1, {s.batch, s.seq_kv}) : -1},
        random_bits_{s.dropout > 0 ? spec.dropout_bits : 0} {}

  [[nodiscard]] bool masks_keys() const { return key_mask_ >= 0; }
  /// The mask of a block of keys; -1: none.
  int load_mask(TileDim batch, TileDim keys) const { return key_mask_ < 0 ? -1 : w_.load(key_mask_, {batch, keys}); }
  /// Compares and selects per score; returns what the row maximum waits for.
  int apply_mask(int mask, int scores_op, std::int64_t scores) const {
    if (mask < 0) return scores_op;
    const int select = w_.work(OpKind::alu, 2 * scores);
    w_.after(select, {{scores_op, 0}, {mask, 0}});
    w_.after(mask, {{select, 1}});
    return select;
  }
  /// Random numbers of 32 bits, a comparison and a selection per weight; returns what the conversion waits for.
  int drop(int weights_op, std::int64_t scores) const {
    if (random_bits_ == 0) return weights_op;
    w_.work(OpKind::rng, ceil_div(scores * random_bits_, 32));  // needs no scores: never waited for
    const int select = w_.work(OpKind::alu, 2 * scores);
    w_.after(select, {{weights_op, 0}});
    return select;
  }

 private:
  ProgramWriter& w_;
  int key_mask_;
  int random_bits_;
};

}  // namespace rooftile::algorithms
