// Judging by some rows: what the rows are, that right results pass and that a wrong row among them does not.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "measure/row_choice.hpp"
#include "rooftile/kernels/element.hpp"
#include "rooftile/kernels/inputs.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr double rounding = 1e-3;  // ‖·‖ of results rounded to fp16

/// One (batch, head) with the results that float64 gives, rounded.
HeadData exact_head(const AttentionCall& call, std::uint64_t seed) {
  AttentionCall single = call;
  single.batch = single.heads = single.kv_heads = 1;
  const auto d = static_cast<std::size_t>(call.head_dim);
  HeadData data;
  data.q.resize(static_cast<std::size_t>(call.seq_q) * d);
  data.k.resize(static_cast<std::size_t>(call.seq_kv) * d);
  data.v.resize(data.k.size());
  fill_normal(data.q.data(), data.q.size(), call.element, seed, tensor_q);
  fill_normal(data.k.data(), data.k.size(), call.element, seed, tensor_k);
  fill_normal(data.v.data(), data.v.size(), call.element, seed, tensor_v);
  const Reference exact = reference(single, data.q, data.k, data.v);
  for (const double value : exact.o) data.o.push_back(bits_of(call.element, static_cast<float>(value)));
  for (const double value : exact.lse) data.lse.push_back(static_cast<float>(value));
  return data;
}

/// The rows of a choice as if the call had been too large to be judged whole.
RowChoice some_rows(const AttentionCall& call) { return {{0}, {0, 3, call.seq_q / 2, call.seq_q - 1}, false}; }

TEST(RowChoice, SmallCallsAreJudgedWhole) {
  const RowChoice choice = choose_rows({.batch = 2, .heads = 3, .seq_q = 100, .seq_kv = 100}, 1);
  EXPECT_TRUE(choice.whole);
  EXPECT_EQ(choice.heads.size(), 6U);
  EXPECT_EQ(choice.rows.size(), 100U);
}

TEST(RowChoice, OfLargeCallsTheFirstAndTheLastAreAmongTheChosen) {
  const AttentionCall large{.batch = 8, .heads = 16, .kv_heads = 4, .seq_q = 16384, .seq_kv = 16384, .head_dim = 128};
  const RowChoice choice = choose_rows(large, 1);
  EXPECT_FALSE(choice.whole);
  EXPECT_EQ(choice.heads.front(), 0);
  EXPECT_EQ(choice.heads.back(), 127);
  EXPECT_EQ(choice.rows.front(), 0);
  EXPECT_EQ(choice.rows.back(), 16383);
  for (const std::vector<int>& chosen : {choice.heads, choice.rows}) {
    EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
    EXPECT_EQ(std::adjacent_find(chosen.begin(), chosen.end()), chosen.end());
  }
  EXPECT_NE(choose_rows(large, 2).rows, choice.rows);
}

class JudgeRows : public testing::TestWithParam<AttentionCall> {
 protected:
  const AttentionCall call = GetParam();
  HeadData data = exact_head(call, 3);
};
INSTANTIATE_TEST_SUITE_P(
    Calls, JudgeRows,
    testing::Values(AttentionCall{.seq_q = 40, .seq_kv = 70}, AttentionCall{.seq_q = 40, .seq_kv = 70, .causal = true},
                    AttentionCall{.seq_q = 70, .seq_kv = 40, .causal = true},  // the first 30 rows see no key
                    AttentionCall{.element = Element::bf16, .seq_q = 64, .seq_kv = 64, .causal = true}));

TEST_P(JudgeRows, RightResultsPassWholeAndByRows) {
  const double allowed = call.element == Element::fp16 ? rounding : 8 * rounding;
  RowChoice whole = choose_rows(call, 1);
  ASSERT_TRUE(whole.whole);
  whole.heads = {0};
  for (const RowChoice& choice : {whole, some_rows(call)}) {
    const Accuracy error = judge_rows(call, choice, std::vector{data});
    EXPECT_LE(error.relative, allowed);
    EXPECT_LE(error.lse, 1e-5);
  }
}

TEST_P(JudgeRows, AWrongRowIsSeen) {
  const auto d = static_cast<std::ptrdiff_t>(call.head_dim);
  const auto last = data.o.end() - d;
  std::copy(last - d, last, last);  // the last row holds its neighbour's result
  EXPECT_GT(judge_rows(call, some_rows(call), std::vector{data}).relative, 0.1);
}

TEST_P(JudgeRows, AnUnwrittenValueIsSeen) {
  HeadData no_output = data;
  no_output.o.back() = 0xffff;
  EXPECT_TRUE(std::isnan(judge_rows(call, some_rows(call), std::vector{no_output}).relative));
  HeadData no_lse = data;
  no_lse.lse.front() = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(judge_rows(call, some_rows(call), std::vector{no_lse}).lse));
}

TEST(JudgeRowsOfSeveralHeads, EachHeadMeetsItsOwnData) {
  const AttentionCall call{.heads = 2, .kv_heads = 2, .seq_q = 20, .seq_kv = 20};
  const HeadData first = exact_head(call, 3);
  const HeadData second = exact_head(call, 4);
  const RowChoice choice = choose_rows(call, 1);
  EXPECT_LE(judge_rows(call, choice, std::vector{first, second}).relative, rounding);
  HeadData mixed = first;
  mixed.o = second.o;
  EXPECT_GT(judge_rows(call, choice, std::vector{mixed, second}).relative, 0.5);
}

}  // namespace
}  // namespace rooftile::kernels::measure
