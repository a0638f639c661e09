// Judging a backward pass against float64 by some of its rows, as row_choice.hpp does with a forward one. Small calls
// are judged whole (rooftile/kernels/gradients.hpp). Of large ones a few rows of each gradient are (Dao et al. 2022,
// appendix B.2; scale = 1 / sqrt(d)):
//
//   p_ij = exp(scale q_i · k_j - LSE_i)     ds_ij = p_ij (do_i · v_j - D_i)
//   dq_i = scale Σ_j ds_ij k_j              LSE_i and D_i in float64 from Q, K, V and dO: O(N d) a row
//   dk_j = scale Σ_i ds_ij q_i              LSE of all rows would take O(N² d): here LSE is the kernel's input as it
//   is, dv_j = Σ_i p_ij do_i                    and D = rowsum(dO O) of its O
//
// What the inputs LSE and O are worth shows in the rows of dQ, and LSE is compared with float64 in these rows. Each
// chosen row counts relative to its own norm (dQ and dK: to that of their first part, where it is larger, see
// GradientAccuracy): under a causal mask a late key, which few queries see, has a small gradient and must be right too.
//
//   const GradientChoice choice = choose_gradients(call, seed);
//   for (int kv_head : choice.kv_heads) groups.push_back(...);     inputs and outputs, as they are in memory
//   judge_gradients(call, choice, groups).relative
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rooftile/kernels/accuracy.hpp"
#include "rooftile/kernels/call.hpp"
#include "rooftile/kernels/gradients.hpp"

namespace rooftile::kernels::measure {

/// What is looked at: the same rows of dQ, and of dK and dV, in each of these K/V heads and the query heads of its
/// group.
struct GradientChoice {
  std::vector<int> kv_heads;  ///< batch · kv_heads + kv_head, increasing
  std::vector<int> rows;      ///< of dQ
  std::vector<int> keys;      ///< rows of dK and dV
  bool whole = false;         ///< all of them
};

/// `seed` chooses the rows of a large call.
[[nodiscard]] GradientChoice choose_gradients(const AttentionCall& call, std::uint64_t seed);

/// Inputs and dQ of one query head: 16-bit patterns [seq_q, head_dim], LSE [seq_q].
struct QueryHeadData {
  std::vector<std::uint16_t> q, o, grad_o, grad_q;
  std::vector<float> lse;
};
/// One K/V head, [seq_kv, head_dim], and the query heads of its group, in order.
struct GroupData {
  std::vector<std::uint16_t> k, v, grad_k, grad_v;
  std::vector<QueryHeadData> members;
};

/// The worst of the three gradients, and LSE, over what was chosen; `groups` belong to choice.kv_heads, in order. NaN
/// where something was not written. Works on all cores.
[[nodiscard]] Accuracy judge_gradients(const AttentionCall& call, const GradientChoice& choice,
                                       std::span<const GroupData> groups);

}  // namespace rooftile::kernels::measure
