// A consumer warpgroup of flash3.hpp: 64 query rows, their softmax and both products. Scores come from shared memory by
// wgmma, P stays in registers; line numbers are those of Algorithm 1 of arXiv 2407.08608.
#pragma once

#include <cstdint>
#include <limits>
#include <numbers>

#include "isa/isa.hpp"
#include "text/flash3_tile.hpp"
#include "text/fragment_places.hpp"
#include "text/reduce.hpp"

namespace rooftile::kernels::flash3 {

/// A warpgroup that computes, as one of its warps sees it.
template <class B, class T, int head_dim>
class Consumer {
  using f32 = typename B::f32;
  using i32 = typename B::i32;
  using Acc = typename B::Acc;
  using Place = Layout<head_dim>;

  static constexpr int bc = Place::bc;
  static constexpr int n_tiles = bc / 8;        // of a key block's columns
  static constexpr int d_tiles = head_dim / 8;  // of O's columns
  static constexpr int warp_rows = group_rows / group_warps;
  static constexpr std::uint32_t box_row = Place::box_row;
  static constexpr std::uint32_t eight_rows = 8 * box_row;  ///< the swizzle's period
  static constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

  using Scores = Acc[n_tiles];

 public:
  ROOFTILE_KERNEL Consumer(B& b, const Params& p)
      : b_{b}, p_{p}, tile_{p, b.block_x()}, shared_{b.shared_origin()}, group_{b.warp() / group_warps - 1} {}

  ROOFTILE_KERNEL void run() {
    if (group_ == Place::groups - 1) pass_turn();  // the first turn is group 0's
    ROOFTILE_NO_UNROLL for (int round = 0; place_in(b_, round) < p_.tiles(); ++round) {
      tile_ = QueryTile<head_dim>{p_, place_in(b_, round)};
      begin();
      b_.mbarrier_wait(shared_ + Place::q_landed + 8 * group_, parity_of(round));
      attend();
      finish();
    }
    if (group_ == 0) take_turn();  // the one that nobody needs: the barrier ends as it began
  }

 private:
  ROOFTILE_KERNEL void begin() {
    ROOFTILE_UNROLL for (int d = 0; d < d_tiles; ++d) b_.clear(o_sum_[d]);
    ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
      row_max_[h] = f32(minus_infinity);
      row_sum_[h] = f32(0.f);
    }
  }

  /// The key blocks that the tile sees, backwards: those that the mask cuts first. Turns and buffers go on from where
  /// the tile before has left them.
  ROOFTILE_KERNEL void attend() {
    const int unmasked = tile_.unmasked_blocks(p_);
    int block = tile_.seen_blocks(p_) - 1;
    if (block < 0) return;
    first_trip(block--);
    ROOFTILE_NO_UNROLL for (; block >= unmasked; --block) trip<true>(block);
    ROOFTILE_NO_UNROLL for (; block >= 0; --block) trip<false>(block);
    last_product();
  }

  /// P of the first block; its product with V is left to the next trip.
  ROOFTILE_KERNEL void first_trip(int block) {
    Scores s;
    start_scores(s, stage_);
    b_.template wgmma_wait<0>(s);
    release(Place::k_free, stage_);
    softmax_step<true>(s, block);
    keep_probabilities(s);
  }

  /// One key block: its scores and the product of the block before are on the tensor cores together, and that product
  /// runs on beside this block's softmax (Algorithm 2).
  template <bool masked>
  ROOFTILE_KERNEL void trip(int block) {
    const Stage<Place::stages> before = stage_;
    stage_.advance();
    Scores s;
    take_turn();
    start_scores(s, stage_);
    start_weighted_sum(before);
    pass_turn();
    b_.template wgmma_wait<1>(s);
    release(Place::k_free, stage_);
    softmax_step<masked>(s, block);
    b_.template wgmma_wait<0>(o_sum_);
    release(Place::v_free, before);
    keep_probabilities(s);
    rescale();
  }

  /// The tensor cores go round among the warpgroups: while one has its products there, the others are at their softmax.
  ROOFTILE_KERNEL void take_turn() { b_.barrier_sync(1 + group_, 2 * group_warps); }
  ROOFTILE_KERNEL void pass_turn() {
    const int next = group_ + 1 == Place::groups ? 0 : group_ + 1;
    b_.barrier_arrive(1 + next, 2 * group_warps);
  }

  /// The product of the last block.
  ROOFTILE_KERNEL void last_product() {
    start_weighted_sum(stage_);
    b_.template wgmma_wait<0>(o_sum_);
    release(Place::v_free, stage_);
    stage_.advance();
  }

  /// S = Q Kᵀ of this warpgroup's rows and one key block (line 8), a group of its own.
  ROOFTILE_KERNEL void start_scores(Scores& s, const Stage<Place::stages>& stage) {
    const std::uint32_t q = shared_ + Place::q + group_ * group_rows * box_row;
    const std::uint32_t k = shared_ + Place::k + stage.index * Place::block_bytes;
    b_.mbarrier_wait(shared_ + Place::k_landed + 8 * stage.index, stage.parity);
    b_.wgmma_fence();
    ROOFTILE_UNROLL for (int d = 0; d < head_dim; d += 16) {
      const std::uint32_t box = d / box_cols, in_row = d % box_cols * 2;
      b_.template wgmma<T>(s, matrix_descriptor(q + box * Place::br * box_row + in_row, 16, eight_rows),
                           matrix_descriptor(k + box * bc * box_row + in_row, 16, eight_rows), d > 0);
    }
    b_.wgmma_commit();
  }

  /// O += P V (line 10), a group of its own.
  ROOFTILE_KERNEL void start_weighted_sum(const Stage<Place::stages>& stage) {
    const std::uint32_t v = shared_ + Place::v + stage.index * Place::block_bytes;
    b_.mbarrier_wait(shared_ + Place::v_landed + 8 * stage.index, stage.parity);
    b_.wgmma_fence();
    ROOFTILE_UNROLL for (int k = 0; k < bc; k += 16) {
      b_.template wgmma_trans<T>(o_sum_, p_frag_[k / 16], matrix_descriptor(v + k * box_row, bc * box_row, eight_rows),
                                 true);
    }
    b_.wgmma_commit();
  }

  /// This warp has read a buffer.
  ROOFTILE_KERNEL void release(std::uint32_t free, const Stage<Place::stages>& stage) {
    b_.mbarrier_arrive(shared_ + free + 8 * stage.index);
  }

  /// m and l brought to the new maximum, alpha = exp(m_old - m_new), S replaced by exp(S - m) (line 9). Row sums stay
  /// lane by lane.
  template <bool masked>
  ROOFTILE_KERNEL void softmax_step(Scores& s, int block) {
    if constexpr (masked) mask(s, block);
    ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
      f32 new_max = row_max_[h];
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
        new_max = b_.max(new_max, b_.max(s[j].c[h * 2], s[j].c[h * 2 + 1]));
      }
      new_max = text::max_over<4>(b_, new_max);
      f32 base = new_max;  // a row that has seen no key yet: exp(-inf - 0) = 0, where -inf - -inf would be NaN
      if constexpr (masked) base = b_.select(new_max > minus_infinity, new_max, f32(0.f));
      const f32 minus_base = base * -p_.scale_log2;
      alpha_[h] = b_.exp2(b_.fma(row_max_[h], f32(p_.scale_log2), minus_base));
      f32 sum = f32(0.f);
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
        ROOFTILE_UNROLL for (int r = 0; r < 2; ++r) {
          f32& score = s[j].c[h * 2 + r];
          score = b_.exp2(b_.fma(score, f32(p_.scale_log2), minus_base));
          sum = sum + score;
        }
      }
      row_sum_[h] = b_.fma(row_sum_[h], alpha_[h], sum);
      row_max_[h] = new_max;
    }
  }

  /// Scores that a row does not see, and those beyond the last key, become -inf.
  ROOFTILE_KERNEL void mask(Scores& s, int block) {
    const int last_key = p_.seq_kv - 1 - block * bc;
    const int row_reach = p_.causal ? warp_row() + p_.seq_kv - p_.seq_q - block * bc : last_key;
    const i32 row = b_.lane() >> 2, col = (b_.lane() & 3) << 1;
    ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
      const i32 last = b_.min(row + (row_reach + h * 8), i32(last_key)) - col;
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
        ROOFTILE_UNROLL for (int r = 0; r < 2; ++r) {
          f32& score = s[j].c[h * 2 + r];
          score = b_.select(last < j * 8 + r, f32(minus_infinity), score);
        }
      }
    }
  }

  ROOFTILE_KERNEL void rescale() {
    ROOFTILE_UNROLL for (int d = 0; d < d_tiles; ++d) {
      ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) o_sum_[d].c[r] = o_sum_[d].c[r] * alpha_[r / 2];
    }
  }

  /// P in the element type; two score tiles side by side are an A fragment as they lie.
  ROOFTILE_KERNEL void keep_probabilities(const Scores& s) {
    ROOFTILE_UNROLL for (int k = 0; k < n_tiles; k += 2) b_.to_a(p_frag_[k / 2], s[k], s[k + 1]);
  }

  /// O / l in the element type and m + log l (lines 12 and 13). A row that saw no key has l = 0, O = 0. O leaves from
  /// where this warpgroup's rows of Q were; then the next tile's may land there.
  ROOFTILE_KERNEL void finish() {
    ROOFTILE_UNROLL for (int h = 0; h < 2; ++h) {
      const f32 sum = text::sum_over<4>(b_, row_sum_[h]);
      alpha_[h] = b_.select(sum > 0.f, b_.reciprocal(sum), f32(0.f));
      store_lse(h * 8, b_.fma(row_max_[h], f32(p_.scale_log2), b_.log2(sum)) * std::numbers::ln2_v<float>);
    }
    rescale();
    const typename B::u32 place = text::place_of_rows<box_row>(b_) + warp_in_tile() * box_row;
    ROOFTILE_UNROLL for (int d = 0; d < d_tiles; d += 2) {
      typename B::template FragA<T> o;
      b_.to_a(o, o_sum_[d], o_sum_[d + 1]);
      const std::uint32_t box = d * 8 / box_cols, in_row = d * 8 % box_cols * 2;
      b_.stmatrix((place ^ in_row) + (Place::q + box * Place::br * box_row), o);
    }
    b_.fence_proxy_async();
    b_.barrier_sync(1 + Place::groups + group_, group_warps);
    if (b_.warp() % group_warps == 0 && b_.elect()) store_o();
    b_.mbarrier_arrive(shared_ + Place::q_free + 8 * group_);
  }

  /// This warpgroup's rows, by one lane.
  ROOFTILE_KERNEL void store_o() {
    const int row = group_ * group_rows;
    ROOFTILE_UNROLL for (int box = 0; box < Place::boxes; ++box) {
      b_.tma_store(p_.o, shared_ + Place::q + (box * Place::br + row) * box_row, box * box_cols, tile_.first_row + row,
                   tile_.head);
    }
    b_.tma_store_wait();
  }

  ROOFTILE_KERNEL void store_lse(int row, f32 value) {
    const i32 lane_row = (b_.lane() >> 2) + row;
    const i32 of_quad = b_.select((b_.lane() & 3) < 1, lane_row, i32(warp_rows));  // one lane of the four that hold it
    const int left = p_.seq_q - warp_row();
    float* to = p_.lse + std::int64_t{tile_.head} * p_.lse_pitch + warp_row();
    b_.st_global(to, lane_row, value, of_quad < (left < warp_rows ? left : warp_rows));
  }

  /// First row of this warp in the tile, and of all.
  ROOFTILE_KERNEL std::uint32_t warp_in_tile() const {
    return static_cast<std::uint32_t>((b_.warp() - group_warps) * warp_rows);
  }
  ROOFTILE_KERNEL int warp_row() const { return tile_.first_row + static_cast<int>(warp_in_tile()); }

  B& b_;
  const Params& p_;
  QueryTile<head_dim> tile_;
  std::uint32_t shared_;
  int group_;
  Stage<Place::stages> stage_;
  Acc o_sum_[d_tiles];
  typename B::template FragA<T> p_frag_[bc / 16];
  f32 row_max_[2];  // of the raw scores; [h]: row lane/4 and the row 8 below
  f32 row_sum_[2];
  f32 alpha_[2];
};

}  // namespace rooftile::kernels::flash3
