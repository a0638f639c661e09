// The two products of standard attention as cuBLAS takes them: column-major, a batch at even strides.
//
//   S = scale · Q Kᵀ     our row-major S is cuBLAS's Sᵀ [seq_kv, rows], so K is the left operand, transposed
//   O = P V              Oᵀ [head_dim, rows] = Vᵀ Pᵀ, both as they lie
//
// GQA costs no copies and no extra calls: the query heads of a group lie one after the other, so that a group is one
// product of group · seq_q rows with the K or V of its head, and all groups of all batch entries are one batch.
#pragma once

#include <cmath>
#include <cstdint>

#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::measure {

/// A matrix of each product: which tensor, elements from column to column and from product to product.
struct ProductOperand {
  std::size_t tensor;
  std::int64_t leading;
  std::int64_t stride;
};

/// result [m, n] = factor · left [m, k] · right [k, n] for each of `count`; columns first.
struct BatchedProduct {
  bool left_transposed;  ///< left lies as [k, m]
  std::int64_t m;
  std::int64_t n;
  std::int64_t k;
  float factor;
  ProductOperand left;
  ProductOperand right;
  ProductOperand result;
  std::int64_t count;
};

/// S from Q and K. `s`: layout of S, whose index in Tensors is `first_workspace`.
[[nodiscard]] inline BatchedProduct score_product(const AttentionCall& call, const TensorLayout& s) {
  const std::int64_t d = call.head_dim;
  const std::int64_t rows = std::int64_t{call.group()} * call.seq_q;
  return {.left_transposed = true,
          .m = call.seq_kv,
          .n = rows,
          .k = d,
          .factor = 1.F / std::sqrt(static_cast<float>(call.head_dim)),
          .left = {tensor_k, d, call.seq_kv * d},
          .right = {tensor_q, d, rows * d},
          .result = {first_workspace, s.pitch, rows * s.pitch},
          .count = std::int64_t{call.batch} * call.kv_heads};
}

/// O from P and V. `p`: layout of P, which follows S.
[[nodiscard]] inline BatchedProduct output_product(const AttentionCall& call, const TensorLayout& p) {
  const std::int64_t d = call.head_dim;
  const std::int64_t rows = std::int64_t{call.group()} * call.seq_q;
  return {.left_transposed = false,
          .m = d,
          .n = rows,
          .k = call.seq_kv,
          .factor = 1.F,
          .left = {tensor_v, d, call.seq_kv * d},
          .right = {first_workspace + 1, p.pitch, rows * p.pitch},
          .result = {tensor_o, d, rows * d},
          .count = std::int64_t{call.batch} * call.kv_heads};
}

}  // namespace rooftile::kernels::measure
