// Judging a result against float64 by some of its rows. Small calls are judged whole; of large ones a few rows of a few
// heads, the first and the last among them, because float64 attention of a long sequence takes the CPU minutes.
//
//   const RowChoice choice = choose_rows(call, seed);
//   for (int head : choice.heads) data.push_back(...);        inputs and outputs of these heads, as they are in memory
//   judge_rows(call, choice, data).relative
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rooftile/kernels/accuracy.hpp"
#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::measure {

/// What is looked at: the same rows of each of these heads (batch · heads + head, in one number), both increasing.
struct RowChoice {
  std::vector<int> heads;
  std::vector<int> rows;
  bool whole = false;  ///< all of them
};

/// `count` numbers below `all`, increasing: 0, all - 1 and others drawn from `seed`; every number if there are no more.
[[nodiscard]] std::vector<int> choose_some(std::int64_t all, std::size_t count, std::uint64_t seed);

/// `seed` chooses the rows of a large call.
[[nodiscard]] RowChoice choose_rows(const AttentionCall& call, std::uint64_t seed);

/// Inputs and outputs of one query head and its K/V head: 16-bit patterns [rows, head_dim], LSE [seq_q].
struct HeadData {
  std::vector<std::uint16_t> q, k, v, o;
  std::vector<float> lse;
};

/// Accuracy over the chosen rows; `data` belongs to choice.heads, in order. Works on all cores.
[[nodiscard]] Accuracy judge_rows(const AttentionCall& call, const RowChoice& choice, std::span<const HeadData> data);

}  // namespace rooftile::kernels::measure
