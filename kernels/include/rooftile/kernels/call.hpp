// An attention call as our own kernels take it, and the tensors they work on: all that host execution, launch code and
// the measuring program need to know of a workload. Standard library only: the measuring program builds with nvcc
// alone.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "rooftile/kernels/dropout.hpp"

namespace rooftile::kernels {

/// 16-bit input and output types; accumulation is fp32.
enum class Element : std::uint8_t { fp16, bf16 };

/// Forward: O and LSE from Q, K and V. Backward: dQ, dK and dV from dO and all of these.
enum class Pass : std::uint8_t { fwd, bwd };

/// The pass that a class of a kernel text makes: the forward where it does not say.
template <class Family>
[[nodiscard]] constexpr Pass pass_of() {
  if constexpr (requires { Family::pass; }) {
    return Family::pass;
  } else {
    return Pass::fwd;
  }
}

/// O = softmax(Q Kᵀ · scale) V, one pass of one call. Q, O: [batch, heads, seq_q, head_dim];
/// K, V: [batch, kv_heads, seq_kv, head_dim]; a gradient is like what it is the gradient of. Causal masks are
/// bottom-right aligned: query i sees keys j <= i + seq_kv - seq_q. A row that sees no key gives O = 0 and LSE = -inf.
/// Key padding takes keys out of whole sequences: a byte per (batch, key), 0 where the key is padding, whose scores are
/// -inf for all heads and queries. It takes the place of the causal mask.
/// Dropout changes O and the gradients, not LSE (dropout.hpp).
struct AttentionCall {
  Element element = Element::fp16;
  int batch = 1;
  int heads = 1;
  int kv_heads = 1;
  int seq_q = 1;
  int seq_kv = 1;
  int head_dim = 64;
  bool causal = false;
  Pass pass = Pass::fwd;
  int sms = 108;  ///< SMs of the GPU that the call is for, an A100 unless stated: split_kv shares its keys among them,
                  ///< flash3 its tiles
  Dropout dropout{};
  bool key_padding = false;

  [[nodiscard]] constexpr int group() const { return heads / kv_heads; }  ///< query heads per K/V head
  [[nodiscard]] constexpr int causal_offset() const { return seq_kv - seq_q; }
  /// Keys that a query sees, from the first on.
  [[nodiscard]] constexpr int seen_keys(int query) const {
    return causal ? std::max(query + causal_offset() + 1, 0) : seq_kv;
  }
  friend constexpr bool operator==(const AttentionCall&, const AttentionCall&) = default;
};

enum class TensorRole : std::uint8_t { input, output, workspace };

/// A matrix per (batch, head): row-major, `pitch` elements from row to row. Names and order are those of the Program.
/// The pad between `cols` and `pitch` is never touched.
struct TensorLayout {
  const char* name = "";  ///< "Q"
  TensorRole role = TensorRole::input;
  int element_bytes = 2;
  int batch = 1;
  int heads = 1;
  int rows = 1;
  int cols = 1;
  int pitch = 1;

  [[nodiscard]] constexpr std::int64_t matrix_elements() const { return std::int64_t{rows} * pitch; }
  [[nodiscard]] constexpr std::int64_t elements() const { return matrix_elements() * batch * heads; }
  [[nodiscard]] constexpr std::int64_t bytes() const { return elements() * element_bytes; }
};

/// Where in `Tensors` the tensors that every attention kernel has stand; those of the backward pass follow in a
/// backward call, the mask in one with key padding, and then workspaces.
enum TensorIndex : std::size_t {
  tensor_q,
  tensor_k,
  tensor_v,
  tensor_o,
  tensor_lse,
  first_workspace,
  tensor_key_mask = first_workspace,
  tensor_grad_o = first_workspace,
  tensor_grad_q,
  tensor_grad_k,
  tensor_grad_v,
  first_backward_workspace
};

/// Where the workspaces of a forward call begin.
[[nodiscard]] constexpr std::size_t forward_workspace(const AttentionCall& call) {
  return call.key_padding ? tensor_key_mask + 1 : first_workspace;
}

inline constexpr std::size_t most_tensors = 12;

/// The tensors of one call.
struct Tensors {
  std::array<TensorLayout, most_tensors> layout;
  std::size_t count = 0;

  constexpr void add(const TensorLayout& tensor) { layout[count++] = tensor; }
  [[nodiscard]] constexpr const TensorLayout* begin() const { return layout.data(); }
  [[nodiscard]] constexpr const TensorLayout* end() const { return layout.data() + count; }
  [[nodiscard]] constexpr const TensorLayout& operator[](std::size_t i) const { return layout[i]; }
};

/// Memory of each tensor, by index into Tensors: host or device addresses, aligned to 256 bytes.
using Buffers = std::array<void*, most_tensors>;

/// One float per query, rows padded to 32-byte sectors.
[[nodiscard]] constexpr TensorLayout row_values(const AttentionCall& call, const char* name, TensorRole role) {
  return {name, role, 4, call.batch, call.heads, 1, call.seq_q, (call.seq_q + 7) / 8 * 8};
}

/// A byte per key of each sequence, rows padded to 32-byte sectors: 0 where the key is padding.
[[nodiscard]] constexpr TensorLayout key_mask(const AttentionCall& call) {
  return {"key_mask", TensorRole::input, 1, call.batch, 1, 1, call.seq_kv, (call.seq_kv + 31) / 32 * 32};
}

/// Q, K, V, O and LSE of a call, and its mask; dO and the gradients of a backward one, where O and LSE are inputs.
[[nodiscard]] constexpr Tensors attention_tensors(const AttentionCall& call) {
  const int d = call.head_dim;
  const bool backward = call.pass == Pass::bwd;
  const TensorRole result = backward ? TensorRole::input : TensorRole::output;
  Tensors tensors;
  tensors.add({"Q", TensorRole::input, 2, call.batch, call.heads, call.seq_q, d, d});
  tensors.add({"K", TensorRole::input, 2, call.batch, call.kv_heads, call.seq_kv, d, d});
  tensors.add({"V", TensorRole::input, 2, call.batch, call.kv_heads, call.seq_kv, d, d});
  tensors.add({"O", result, 2, call.batch, call.heads, call.seq_q, d, d});
  tensors.add(row_values(call, "LSE", result));
  if (call.key_padding) tensors.add(key_mask(call));
  if (!backward) return tensors;
  tensors.add({"dO", TensorRole::input, 2, call.batch, call.heads, call.seq_q, d, d});
  tensors.add({"dQ", TensorRole::output, 2, call.batch, call.heads, call.seq_q, d, d});
  tensors.add({"dK", TensorRole::output, 2, call.batch, call.kv_heads, call.seq_kv, d, d});
  tensors.add({"dV", TensorRole::output, 2, call.batch, call.kv_heads, call.seq_kv, d, d});
  return tensors;
}

}  // namespace rooftile::kernels
