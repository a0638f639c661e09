// The kernel that sorts sequences by length before a call.
#include <gtest/gtest.h>

#include "rooftile/model/predictor.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

/// FlashAttention-3 sorts sequences by length before the call: 31 to a warp, a power of two of warps, at most 992
/// sequences to a CTA; n keys take n·log2(n) steps.
TEST(SequenceSort, TakesWhatAMergeSortTakes) {
  KernelSpec spec = test::flash2_spec();
  spec.sorts_sequences = true;
  const auto sort_of = [&](std::int64_t batch) {
    const AttentionShape shape{.batch = batch, .heads = 1, .kv_heads = 1, .seq_q = 1, .seq_kv = 64, .head_dim = 128};
    Program program;
    EXPECT_TRUE(build(program, test::device(), shape, spec));
    EXPECT_STREQ(program.launches.back().name, "sequence_sort");
    program.forward.sort_ops = 64;
    const Prediction answer = find_predictor("hierarchical")->predict(test::device(), program).value();
    const Launch& launch = program.launches.back();
    struct Sort {
      std::int64_t ctas;
      std::int32_t threads;
      double steps, cycles;
    };
    return Sort{launch.ctas(), launch.threads, static_cast<double>(launch.own_elements),
                answer.launches.back().sm.value() * 1.41e9};
  };
  EXPECT_EQ(sort_of(31).threads, 32);
  EXPECT_EQ(sort_of(31).steps, 32 * 5);
  EXPECT_EQ(sort_of(129).threads, 256);  // five warps would do
  EXPECT_EQ(sort_of(992).steps, 1024 * 10);
  EXPECT_EQ(sort_of(992).ctas, 1);
  EXPECT_EQ(sort_of(993).ctas, 2);
  // 64 lanes: a cycle per key and round
  EXPECT_NEAR(sort_of(992).cycles - sort_of(31).cycles, 1024 * 10 - 32 * 5, 400);
}

}  // namespace
}  // namespace rooftile
