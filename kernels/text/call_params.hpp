// What the kernels of all families are told of a call: sizes, and where the tensors of AttentionCall are.
#pragma once

#include <cmath>
#include <numbers>

#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::text {

/// The numbers of a call.
struct CallSizes {
  int heads;
  int group;  ///< query heads per K/V head
  int seq_q;
  int seq_kv;
  int lse_pitch;  ///< floats from one head's logsumexp to the next, and in whatever else has a float per query
  bool causal;
  float scale_log2;  ///< scale · log2 e
  float scale;
  int kv_heads;
};

/// Tensors of a forward as AttentionCall describes them.
struct ForwardTensors {
  const void* q;
  const void* k;
  const void* v;
  void* o;
  float* lse;
};

/// What a forward is told; O and LSE are written whole.
struct ForwardParams : ForwardTensors, CallSizes {};

[[nodiscard]] inline CallSizes call_sizes(const AttentionCall& call) {
  const float scale = 1 / std::sqrt(static_cast<float>(call.head_dim));
  return {.heads = call.heads,
          .group = call.group(),
          .seq_q = call.seq_q,
          .seq_kv = call.seq_kv,
          .lse_pitch = attention_tensors(call)[tensor_lse].pitch,
          .causal = call.causal,
          .scale_log2 = std::numbers::log2e_v<float> * scale,
          .scale = scale,
          .kv_heads = call.kv_heads};
}

[[nodiscard]] inline ForwardTensors forward_tensors(const Buffers& buffers) {
  return {.q = buffers[tensor_q],
          .k = buffers[tensor_k],
          .v = buffers[tensor_v],
          .o = buffers[tensor_o],
          .lse = static_cast<float*>(buffers[tensor_lse])};
}

[[nodiscard]] inline ForwardParams forward_params(const AttentionCall& call, const Buffers& buffers) {
  return {forward_tensors(buffers), call_sizes(call)};
}

}  // namespace rooftile::kernels::text
