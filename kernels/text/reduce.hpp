// Reductions over lanes that share a row, by butterfly exchange: every lane ends with the result.
//
//   row_max = max_over<4>(b, lane_max);        an accumulator's row lies in the four lanes of a quad
//   sum = sum_over<32>(b, lane_sum);           a row of softmax lies in the whole warp
#pragma once

#include "isa/isa.hpp"

namespace rooftile::kernels::text {

/// Maximum over groups of `lanes` neighbouring lanes, a power of two.
template <int lanes, class B>
ROOFTILE_KERNEL typename B::f32 max_over(B& b, typename B::f32 x) {
  ROOFTILE_UNROLL for (int mask = 1; mask < lanes; mask *= 2) x = b.max(x, b.shuffle_xor(x, mask));
  return x;
}

/// Sum over groups of `lanes` neighbouring lanes, a power of two.
template <int lanes, class B>
ROOFTILE_KERNEL typename B::f32 sum_over(B& b, typename B::f32 x) {
  ROOFTILE_UNROLL for (int mask = 1; mask < lanes; mask *= 2) x = x + b.shuffle_xor(x, mask);
  return x;
}

}  // namespace rooftile::kernels::text
