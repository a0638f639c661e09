// Judging a backward pass by some rows: what the rows are, that right gradients pass and that a wrong row among them
// does not.
#include "measure/gradient_choice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "rooftile/kernels/element.hpp"
#include "rooftile/kernels/inputs.hpp"

namespace rooftile::kernels::measure {
namespace {

std::vector<std::uint16_t> normal(const AttentionCall& call, int rows, std::uint64_t seed, TensorIndex tensor) {
  std::vector<std::uint16_t> bits(static_cast<std::size_t>(rows) * static_cast<std::size_t>(call.head_dim));
  fill_normal(bits.data(), bits.size(), call.element, seed, tensor);
  return bits;
}

std::vector<std::uint16_t> rounded(const AttentionCall& call, std::span<const double> values) {
  std::vector<std::uint16_t> bits;
  for (const double value : values) bits.push_back(bits_of(call.element, static_cast<float>(value)));
  return bits;
}

/// One K/V head and its group with what float64 gives, rounded.
GroupData exact_group(const AttentionCall& call, std::uint64_t seed) {
  AttentionCall group = call;
  group.batch = group.kv_heads = 1;
  group.heads = call.group();
  GroupData data{normal(call, call.seq_kv, seed, tensor_k), normal(call, call.seq_kv, seed, tensor_v), {}, {}, {}};
  const std::vector<std::uint16_t> q = normal(call, call.seq_q * group.heads, seed, tensor_q);
  const std::vector<std::uint16_t> grad_o = normal(call, call.seq_q * group.heads, seed, tensor_grad_o);
  const Reference forward = reference(group, q, data.k, data.v);
  const Gradients exact = gradients(group, q, data.k, data.v, grad_o);
  data.grad_k = rounded(call, exact.k);
  data.grad_v = rounded(call, exact.v);
  const auto rows = static_cast<std::size_t>(call.seq_q), head = rows * static_cast<std::size_t>(call.head_dim);
  for (std::size_t member = 0; member < static_cast<std::size_t>(group.heads); ++member) {
    const auto part = [&](const auto& all) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(member * head);
      return std::vector(first, first + static_cast<std::ptrdiff_t>(head));
    };
    const auto lse = forward.lse.begin() + static_cast<std::ptrdiff_t>(member * rows);
    data.members.push_back({part(q), rounded(call, part(forward.o)), part(grad_o), rounded(call, part(exact.q)),
                            std::vector<float>(lse, lse + static_cast<std::ptrdiff_t>(rows))});
  }
  return data;
}

/// Rows of a choice as if the call had been too large to be judged whole.
GradientChoice some_gradients(const AttentionCall& call) {
  return {{0}, {0, 3, call.seq_q / 2, call.seq_q - 1}, {0, 5, call.seq_kv / 2, call.seq_kv - 1}, false};
}

GradientChoice whole_gradients(const AttentionCall& call) {
  GradientChoice whole = choose_gradients(call, 1);
  EXPECT_TRUE(whole.whole);
  whole.kv_heads = {0};
  return whole;
}

TEST(GradientChoice, SmallCallsAreJudgedWhole) {
  const GradientChoice choice =
      choose_gradients({.batch = 2, .heads = 6, .kv_heads = 3, .seq_q = 100, .seq_kv = 90, .pass = Pass::bwd}, 1);
  EXPECT_TRUE(choice.whole);
  EXPECT_EQ(choice.kv_heads.size(), 6U);
  EXPECT_EQ(choice.rows.size(), 100U);
  EXPECT_EQ(choice.keys.size(), 90U);
}

TEST(GradientChoice, OfLargeCallsTheFirstAndTheLastAreAmongTheChosen) {
  AttentionCall large{.batch = 8, .heads = 16, .kv_heads = 16, .seq_q = 16384, .seq_kv = 8192, .head_dim = 128};
  large.pass = Pass::bwd;
  const GradientChoice choice = choose_gradients(large, 1);
  EXPECT_FALSE(choice.whole);
  EXPECT_EQ(choice.kv_heads.size(), 4U);
  EXPECT_EQ(choice.kv_heads.back(), 127);
  EXPECT_EQ(choice.rows.back(), 16383);
  EXPECT_EQ(choice.keys.back(), 8191);
  for (const std::vector<int>& chosen : {choice.kv_heads, choice.rows, choice.keys}) {
    EXPECT_EQ(chosen.front(), 0);
    EXPECT_TRUE(std::is_sorted(chosen.begin(), chosen.end()));
    EXPECT_EQ(std::adjacent_find(chosen.begin(), chosen.end()), chosen.end());
  }
  EXPECT_NE(choose_gradients(large, 2).keys, choice.keys);
  large.kv_heads = 2;
  EXPECT_EQ(choose_gradients(large, 1).kv_heads, (std::vector<int>{0, 15}));
}

class JudgeGradients : public testing::TestWithParam<AttentionCall> {
 protected:
  const AttentionCall call = GetParam();
  const GroupData right = exact_group(call, 3);

  [[nodiscard]] double error_of(const GradientChoice& choice, const std::function<void(GroupData&)>& change) const {
    GroupData wrong = right;
    change(wrong);
    return judge_gradients(call, choice, std::vector{wrong}).relative;
  }
};
INSTANTIATE_TEST_SUITE_P(
    Calls, JudgeGradients,
    testing::Values(AttentionCall{.seq_q = 40, .seq_kv = 70, .pass = Pass::bwd},
                    AttentionCall{.heads = 3, .seq_q = 40, .seq_kv = 70, .causal = true, .pass = Pass::bwd},
                    // the first 30 rows see no key
                    AttentionCall{.heads = 2, .seq_q = 70, .seq_kv = 40, .causal = true, .pass = Pass::bwd},
                    AttentionCall{
                        .element = Element::bf16, .seq_q = 64, .seq_kv = 64, .causal = true, .pass = Pass::bwd}));

TEST_P(JudgeGradients, RightResultsPassWholeAndByRows) {
  for (const GradientChoice& choice : {whole_gradients(call), some_gradients(call)}) {
    const Accuracy error = judge_gradients(call, choice, std::vector{right});
    EXPECT_LE(error.relative, gradient_tolerance(call.element));
    EXPECT_GT(error.relative, 0);
    EXPECT_LE(error.lse, 1e-5);
  }
}

TEST_P(JudgeGradients, AWrongRowOfAnyGradientIsSeen) {
  const auto row = static_cast<std::ptrdiff_t>(call.head_dim);
  const auto repeat = [&](std::vector<std::uint16_t>& rows, int from, int to) {  // a row holds its neighbour's result
    std::copy_n(rows.begin() + from * row, row, rows.begin() + to * row);
  };
  const int last = call.seq_q - 1, last_key = call.seq_kv - 1;
  const double allowed = 2 * gradient_tolerance(call.element);
  const GradientChoice whole = whole_gradients(call), some = some_gradients(call);
  for (const GradientChoice& choice : {whole, some}) {
    EXPECT_GT(error_of(choice, [&](GroupData& data) { repeat(data.members.back().grad_q, last - 1, last); }), allowed);
    EXPECT_GT(error_of(choice, [&](GroupData& data) { repeat(data.grad_k, 6, 5); }), allowed);
    EXPECT_GT(error_of(choice, [&](GroupData& data) { repeat(data.grad_v, 6, 5); }), allowed);
  }
  // By rows, also those that weigh little in the whole: under a causal mask one query sees the last key.
  EXPECT_GT(error_of(some, [&](GroupData& data) { repeat(data.grad_k, last_key - 1, last_key); }), 0.25);
  EXPECT_GT(error_of(some, [&](GroupData& data) { repeat(data.grad_v, last_key - 1, last_key); }), 0.25);
}

/// Of either choice the largest error is in units of the gradients.
TEST_P(JudgeGradients, TheLargestErrorIsThatOfOneElement) {
  for (const GradientChoice& choice : {whole_gradients(call), some_gradients(call)}) {
    GroupData wrong = right;
    wrong.grad_v.front() = bits_of(call.element, value_of(call.element, wrong.grad_v.front()) + 8);
    EXPECT_NEAR(judge_gradients(call, choice, std::vector{wrong}).max_absolute, 8, 0.05);
  }
}

TEST_P(JudgeGradients, AnUnwrittenValueIsSeen) {
  const float no_number = std::numeric_limits<float>::quiet_NaN();
  for (const GradientChoice& choice : {whole_gradients(call), some_gradients(call)}) {
    EXPECT_TRUE(std::isnan(error_of(choice, [](GroupData& data) { data.members[0].grad_q.back() = 0xffff; })));
    EXPECT_TRUE(std::isnan(error_of(choice, [](GroupData& data) { data.grad_k.front() = 0xffff; })));
    EXPECT_TRUE(std::isnan(error_of(choice, [](GroupData& data) { data.grad_v.back() = 0xffff; })));
    GroupData no_lse = right;
    no_lse.members.back().lse.front() = no_number;
    EXPECT_TRUE(std::isnan(judge_gradients(call, choice, std::vector{no_lse}).lse));
  }
}

/// What only dQ's rows can see: they need neither LSE nor O.
TEST_P(JudgeGradients, AWrongLseIsSeenBeside) {
  GroupData wrong = right;
  wrong.members[0].lse.back() += 0.25f;
  for (const GradientChoice& choice : {whole_gradients(call), some_gradients(call)})
    EXPECT_NEAR(judge_gradients(call, choice, std::vector{wrong}).lse, 0.25, 1e-5);
}

TEST(JudgeGradientsOfSeveralHeads, EachGroupMeetsItsOwnData) {
  const AttentionCall call{.heads = 4, .kv_heads = 2, .seq_q = 20, .seq_kv = 20, .pass = Pass::bwd};
  const GroupData first = exact_group(call, 3), second = exact_group(call, 4);
  GradientChoice rows = some_gradients(call);
  rows.kv_heads = {0, 1};
  for (const GradientChoice& choice : {choose_gradients(call, 1), rows}) {
    EXPECT_LE(judge_gradients(call, choice, std::vector{first, second}).relative, gradient_tolerance(call.element));
    GroupData mixed = first;
    mixed.grad_v = second.grad_v;
    EXPECT_GT(judge_gradients(call, choice, std::vector{mixed, second}).relative, 0.5);
    mixed = first;
    std::swap(mixed.members[0], mixed.members[1]);
    EXPECT_LE(judge_gradients(call, choice, std::vector{mixed, second}).relative, gradient_tolerance(call.element))
        << "the sum over a group has no order";
  }
}

}  // namespace
}  // namespace rooftile::kernels::measure
