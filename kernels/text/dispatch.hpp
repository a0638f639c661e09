// From a call to the kernel that is compiled for it: what the launch code of the families shares.
#pragma once

#include <cstdint>

#include "isa/isa.hpp"
#include "rooftile/kernels/call.hpp"
#include "rooftile/model/rounding.hpp"

namespace rooftile::kernels::text {

/// The head dims that the fused kernels are compiled for.
[[nodiscard]] constexpr bool has_head_dim(const AttentionCall& call) {
  return call.head_dim == 64 || call.head_dim == 128 || call.head_dim == 256;
}

/// The narrower ones are compiled with dropout as well.
inline constexpr int widest_with_dropout = 128;
[[nodiscard]] constexpr bool has_dropout(const AttentionCall& call) { return call.head_dim <= widest_with_dropout; }

/// CTAs along y and z of a grid (CUDA C++ Programming Guide, table of compute capabilities).
inline constexpr int most_ctas = 65535;

/// A CTA per tile of `rows` queries and head.
[[nodiscard]] constexpr Grid query_grid(const AttentionCall& call, int rows) {
  return {div_up(call.seq_q, rows), call.heads, call.batch};
}

/// Calls `launch.template operator()<T>()` with the element type of the call.
template <class Launch>
void for_element(const AttentionCall& call, const Launch& launch) {
  if (call.element == Element::fp16) {
    launch.template operator()<fp16>();
  } else {
    launch.template operator()<bf16>();
  }
}

/// Calls `launch.template operator()<T, head_dim>()` with element type and head dim of the call; does nothing with a
/// head dim that refusal() refuses.
template <class Launch>
void for_element_and_head_dim(const AttentionCall& call, const Launch& launch) {
  for_element(call, [&]<class T>() {
    switch (call.head_dim) {
      case 64: return launch.template operator()<T, 64>();
      case 128: return launch.template operator()<T, 128>();
      case 256: return launch.template operator()<T, 256>();
      default: return;
    }
  });
}

/// The same for texts with dropout: `with` for a call that drops weights, `without` for any other.
template <class With, class Without>
void for_element_head_dim_and_dropout(const AttentionCall& call, const With& with, const Without& without) {
  for_element_and_head_dim(call, [&]<class T, int head_dim>() {
    if constexpr (head_dim <= widest_with_dropout) {
      if (call.dropout.drops()) return with.template operator()<T, head_dim>();
    }
    without.template operator()<T, head_dim>();
  });
}

}  // namespace rooftile::kernels::text
