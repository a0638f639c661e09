// What is asked for, independent of who computes it: an attention call, or one of its parts alone.
//
//   O = softmax(Q Kᵀ / √d) V        Q, O: [batch, heads, seq_q, head_dim]    K, V: [batch, kv_heads, seq_kv, head_dim]
//
// heads / kv_heads query heads share one K/V head (GQA; kv_heads = 1 is MQA). Causal masks are bottom-right aligned:
// query i sees the keys j <= i + seq_kv - seq_q. key_padding applies a mask but skips no key.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "rooftile/model/names.hpp"
#include "rooftile/model/quantity.hpp"
#include "tl/expected.hpp"

namespace rooftile {

enum class DType : std::uint8_t { fp16, bf16, fp32, fp8_e4m3 };
enum class Mask : std::uint8_t { none, causal, key_padding };
enum class Pass : std::uint8_t { fwd, bwd, fwd_bwd };
enum class Op : std::uint8_t { attention, gemm, softmax };
/// What the L2 holds when a call begins: nothing of use, or what the call before it (the same one) left there.
enum class L2State : std::uint8_t { cold, warm };

/// Bytes of one element.
[[nodiscard]] constexpr std::int64_t size_of(DType dtype) {
  switch (dtype) {
    case DType::fp32: return 4;
    case DType::fp8_e4m3: return 1;
    case DType::fp16:
    case DType::bf16: return 2;
  }
  return 2;
}

struct AttentionShape {
  std::int64_t batch = 1;
  std::int64_t heads = 1;
  std::int64_t kv_heads = 1;
  std::int64_t seq_q = 1;
  std::int64_t seq_kv = 1;
  std::int64_t head_dim = 64;
  DType dtype = DType::fp16;
  Mask mask = Mask::none;
  Pass pass = Pass::fwd;
  double dropout = 0;  ///< probability that a softmax weight is dropped, [0, 1)

  [[nodiscard]] constexpr std::int64_t group() const { return heads / kv_heads; }  ///< query heads per K/V head
  [[nodiscard]] constexpr std::int64_t causal_offset() const { return seq_kv - seq_q; }
  friend bool operator==(const AttentionShape&, const AttentionShape&) = default;
};

/// C[m, n] = A[m, k] B[n, k]ᵀ, `batch` times.
struct GemmShape {
  std::int64_t batch = 1;
  std::int64_t m = 1;
  std::int64_t n = 1;
  std::int64_t k = 1;
  DType dtype = DType::fp16;
  friend bool operator==(const GemmShape&, const GemmShape&) = default;
};

/// Softmax along `cols` of a [rows, cols] matrix.
struct SoftmaxShape {
  std::int64_t rows = 1;
  std::int64_t cols = 1;
  DType dtype = DType::fp16;
  friend bool operator==(const SoftmaxShape&, const SoftmaxShape&) = default;
};

using Workload = std::variant<AttentionShape, GemmShape, SoftmaxShape>;

[[nodiscard]] constexpr Op op_of(const Workload& workload) { return static_cast<Op>(workload.index()); }
[[nodiscard]] DType dtype_of(const Workload& workload);

/// FLOP as the papers count them (FlashAttention-2, section 4.1): 4·B·H·Nq·Nk·d forward, halved if causal,
/// backward 2.5x, both 3.5x; GEMM 2·batch·m·n·k; softmax 5 per element (subtract, exp, add, maximum, scale).
[[nodiscard]] Flops paper_flops(const Workload& workload);

/// Nothing, or why the numbers make no workload: "kv_heads 3 does not divide heads 8".
/// Extents are limited to 2^31 - 1 each, and the largest matrix to 2^58 bytes, so that counts stay exact in 64 bits.
[[nodiscard]] tl::expected<void, std::string> check(const Workload& workload);

/// "batch 8, heads 32/8, seq 4096, d 128, fp16, causal, fwd" — for people.
[[nodiscard]] std::string describe(const Workload& workload);

template <>
struct EnumNames<DType> {
  static constexpr std::string_view kind = "dtype";
  static constexpr Named<DType> table[] = {
      {DType::fp16, "fp16"}, {DType::bf16, "bf16"}, {DType::fp32, "fp32"}, {DType::fp8_e4m3, "fp8_e4m3"}};
};
template <>
struct EnumNames<Mask> {
  static constexpr std::string_view kind = "mask";
  static constexpr Named<Mask> table[] = {
      {Mask::none, "none"}, {Mask::causal, "causal"}, {Mask::key_padding, "key_padding"}};
};
template <>
struct EnumNames<Pass> {
  static constexpr std::string_view kind = "pass";
  static constexpr Named<Pass> table[] = {{Pass::fwd, "fwd"}, {Pass::bwd, "bwd"}, {Pass::fwd_bwd, "fwd+bwd"}};
};
template <>
struct EnumNames<Op> {
  static constexpr std::string_view kind = "op";
  static constexpr Named<Op> table[] = {{Op::attention, "attention"}, {Op::gemm, "gemm"}, {Op::softmax, "softmax"}};
};
template <>
struct EnumNames<L2State> {
  static constexpr std::string_view kind = "l2";
  static constexpr Named<L2State> table[] = {{L2State::cold, "cold"}, {L2State::warm, "warm"}};
};

}  // namespace rooftile
