// What the kernels of all families are told of a call: sizes, and where the tensors of AttentionCall are.
#pragma once

#include <cmath>
#include <numbers>

#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::text {

/// The numbers of a call.
struct CallSizes {
  int heads;
  int kv_heads;
  int group;  ///< query heads per K/V head
  int seq_q;
  int seq_kv;
  int lse_pitch;  ///< floats from one head's logsumexp to the next, and in whatever else has a float per query
  bool causal;
  float scale;
  float scale_log2;  ///< scale · log2 e
};

/// Tensors of a forward as AttentionCall describes them; O and LSE are written whole.
struct ForwardParams : CallSizes {
  const void* q;
  const void* k;
  const void* v;
  void* o;
  float* lse;
};

[[nodiscard]] inline CallSizes call_sizes(const AttentionCall& call) {
  const float scale = 1 / std::sqrt(static_cast<float>(call.head_dim));
  return {.heads = call.heads,
          .kv_heads = call.kv_heads,
          .group = call.group(),
          .seq_q = call.seq_q,
          .seq_kv = call.seq_kv,
          .lse_pitch = attention_tensors(call)[tensor_lse].pitch,
          .causal = call.causal,
          .scale = scale,
          .scale_log2 = std::numbers::log2e_v<float> * scale};
}

[[nodiscard]] inline ForwardParams forward_params(const AttentionCall& call, const Buffers& buffers) {
  return {call_sizes(call),  buffers[tensor_q], buffers[tensor_k],
          buffers[tensor_v], buffers[tensor_o], static_cast<float*>(buffers[tensor_lse])};
}

}  // namespace rooftile::kernels::text
