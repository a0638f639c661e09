// Dropout of the weights that a warp holds (rooftile/kernels/dropout.hpp has the definition): one Philox block for the
// four values that a lane has of an accumulator, a comparison and a selection for each of them.
//
//   text::drop_weights(weights, b, p, head, row, col);     an accumulator: row % 16 == 0, col % 8 == 0
//   text::kept_weights(kept, b, p, head, row, col);        the same as four truths per lane, for who needs them twice
//
// A weight's bits depend on seed and place alone: not on tile shapes, on the order of execution, or on the pass that
// asks. The scale 1 / (1 - p) is left to whoever normalises.
#pragma once

#include <cstdint>
#include <type_traits>

#include "isa/isa.hpp"
#include "rooftile/kernels/call.hpp"
#include "text/philox.hpp"

namespace rooftile::kernels::text {

/// What a kernel with dropout is told beside the call's sizes.
struct DropoutParams {
  RoundKeys drop_keys;
  std::uint32_t drop_offset;
  std::uint32_t drop_threshold;
  float keep_scale;  ///< 1 / (1 - p)
  float kept_share;  ///< 1 - p
};

/// A kernel that is told so drops weights.
template <class Params>
inline constexpr bool drops_weights = std::is_base_of_v<DropoutParams, Params>;

/// 1 / (1 - p), or 1.
template <class Params>
ROOFTILE_KERNEL float keep_scale(const Params& p) {
  if constexpr (drops_weights<Params>) {
    return p.keep_scale;
  } else {
    return 1.f;
  }
}

[[nodiscard]] inline DropoutParams dropout_params(const AttentionCall& call) {
  return {.drop_keys = round_keys(call.dropout.seed),
          .drop_offset = call.dropout.offset,
          .drop_threshold = call.dropout.threshold(),
          .keep_scale = static_cast<float>(1 / (1 - call.dropout.probability)),
          .kept_share = static_cast<float>(1 - call.dropout.probability)};
}

/// Which of a lane's four weights are kept, c[0] .. c[3] of an accumulator whose first row and column these are.
/// `head` counts over batch and query heads. `Params` has DropoutParams among its bases.
template <class B, class Params>
ROOFTILE_KERNEL void kept_weights(typename B::pred (&kept)[4], B& b, const Params& p, int head, int row, int col) {
  using u32 = typename B::u32;
  u32 block[4] = {u32((b.lane() & 3) + col / 2), u32((b.lane() >> 2) + row), u32(static_cast<std::uint32_t>(head)),
                  u32(p.drop_offset)};
  philox(block, b, p.drop_keys);
  ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) kept[r] = block[r] >= p.drop_threshold;
}

/// A bit for each weight that is kept of accumulators side by side, a word for 16 rows: what is drawn before the scores
/// take their registers, and asked behind them.
template <class B, int m_tiles, int n_tiles>
struct KeptBits {
  using u32 = typename B::u32;
  static_assert(n_tiles * 4 <= 32);
  u32 word[m_tiles];

  template <class Params>
  ROOFTILE_KERNEL void draw(B& b, const Params& p, int head, int row, int col) {
    ROOFTILE_UNROLL for (int i = 0; i < m_tiles; ++i) {
      word[i] = u32(0u);
      ROOFTILE_UNROLL for (int j = 0; j < n_tiles; ++j) {
        typename B::pred kept[4];
        kept_weights(kept, b, p, head, row + i * 16, col + j * 8);
        ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) word[i] = word[i] | b.select(kept[r], u32(bit(j, r)), u32(0u));
      }
    }
  }
  /// Value r of accumulator (i, j).
  ROOFTILE_KERNEL typename B::pred keeps(int i, int j, int r) const { return (word[i] & bit(j, r)) != 0u; }

 private:
  ROOFTILE_KERNEL static std::uint32_t bit(int j, int r) { return 1u << (j * 4 + r); }
};

/// Sets to zero what is dropped of an accumulator.
template <class B, class Params>
ROOFTILE_KERNEL void drop_weights(typename B::Acc& weights, B& b, const Params& p, int head, int row, int col) {
  typename B::pred kept[4];
  kept_weights(kept, b, p, head, row, col);
  ROOFTILE_UNROLL for (int r = 0; r < 4; ++r) { weights.c[r] = b.select(kept[r], weights.c[r], typename B::f32(0.f)); }
}

}  // namespace rooftile::kernels::text
