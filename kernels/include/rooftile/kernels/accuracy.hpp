// What attention should have given, in float64, and how far a result is from it. Standard library only: the measuring
// program judges what comes off a GPU by the same lines.
//
//   Reference exact = reference(call, q, k, v);
//   Accuracy error = accuracy(call, exact, o, lse);
//   error.relative <= tolerance.relative && error.lse <= tolerance.lse        false for any NaN
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels {

/// How far a result is from float64. NaN anywhere makes every number NaN.
struct Accuracy {
  double relative = 0;      ///< ‖O - O64‖ / ‖O64‖ over the whole tensor; backward: the largest of dQ, dK and dV
  double max_absolute = 0;  ///< of O, or of the gradients
  double lse = 0;           ///< forward: max |LSE - LSE64|; rows that see no key must be -inf and O = 0, else NaN
};

/// What is allowed of an Accuracy.
struct Tolerance {
  double relative;
  double lse;
};

/// A result in the element type is allowed 2e-3 (fp16) or 8e-3 (bf16), the LSE 1e-3. Where S itself goes through memory
/// in 16 bits (a workspace), LSE inherits the rounding of its largest score: half a unit in the last place at |s| < 8.
/// Tensors of a few dozen values are outside: there bf16 scores round O by up to 1.1e-2 (head_dim 8, few rows).
[[nodiscard]] constexpr Tolerance tolerance_of(const Tensors& tensors, Element element) {
  const bool fp16 = element == Element::fp16;
  Tolerance allowed{fp16 ? 2e-3 : 8e-3, 1e-3};
  for (const TensorLayout& tensor : tensors) {
    if (tensor.role == TensorRole::workspace && tensor.element_bytes == 2) allowed.lse = fp16 ? 4e-3 : 3e-2;
  }
  return allowed;
}

/// float64 attention of 16-bit inputs (the values after rounding), row by row.
struct Reference {
  std::vector<double> o;    ///< [batch, heads, seq_q, head_dim]
  std::vector<double> lse;  ///< [batch, heads, seq_q]; -inf for rows that see no key
};

/// Inputs as 16-bit patterns, [batch, heads, rows, head_dim] without pad, and the mask [batch, seq_kv] of a call with
/// key padding. Throws std::invalid_argument for wrong sizes.
[[nodiscard]] Reference reference(const AttentionCall& call, std::span<const std::uint16_t> q,
                                  std::span<const std::uint16_t> k, std::span<const std::uint16_t> v,
                                  std::span<const std::uint8_t> key_mask = {});

/// O [batch, heads, seq_q, head_dim] and LSE [batch, heads, seq_q] of `call` against `exact`.
[[nodiscard]] Accuracy accuracy(const AttentionCall& call, const Reference& exact, std::span<const float> o,
                                std::span<const float> lse);

}  // namespace rooftile::kernels
