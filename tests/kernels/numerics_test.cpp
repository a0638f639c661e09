// Every kernel of the registry against float64: element type x head dim x mask x head sharing, over ragged shapes and
// ten orders in which the machine may run them. A new kernel is covered by its line in the registry.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "numerics.hpp"

namespace rooftile::kernels {
namespace {

constexpr int seeds = 10;

struct Heads {
  int heads, kv_heads;
};
constexpr Heads sharing[] = {{2, 2}, {4, 2}, {3, 1}};  // MHA, GQA, MQA

struct Lengths {
  int seq_q, seq_kv;
};
/// One row, one key, one less and one more than a tile (64 and 128 rows or keys), more queries than keys and fewer; the
/// last two on either side of 1024 columns, where softmax goes from a warp per row to four.
constexpr Lengths lengths[] = {{1, 1},    {1, 129},  {127, 64},  {128, 128}, {129, 257},
                               {200, 63}, {65, 300}, {130, 127}, {3, 1023},  {5, 1031}};

using Numerics = InstanceTest;

TEST_P(Numerics, AreThoseOfFloat64InEveryOrder) {
  std::uint64_t seed = 0;  // of inputs and orders; each shape meets an order of its own and the canonical one
  for (const Heads heads : sharing) {
    for (const Lengths& length : lengths) {
      if (sanitized && heads.heads != sharing[(&length - lengths) % 3].heads) continue;  // one of three
      const AttentionCall call = call_of({heads.heads, heads.kv_heads, length.seq_q, length.seq_kv});
      SCOPED_TRACE(std::string{kernel()} + " " + describe(call));
      ASSERT_EQ(refusal(kernel(), call), "");
      HostCall run{kernel(), call};
      run.fill(seed);
      expect_healthy(run.execute());
      expect_float64(kernel(), run);

      const std::vector<float> o = run.o(), lse = run.lse();
      expect_healthy(run.execute({.seed = 1 + seed++ % seeds, .resident = 2}));
      EXPECT_EQ(run.o(), o) << "the result depends on the order";
      EXPECT_EQ(run.lse(), lse) << "the result depends on the order";
    }
  }
}

/// One shape, two tiles of everything, in all ten orders.
TEST_P(Numerics, DoNotDependOnTheOrder) {
  const AttentionCall call = call_of({2, 1, 129, 257});
  HostCall run{kernel(), call};
  run.fill(99);
  static_cast<void>(run.execute());
  const std::vector<float> o = run.o(), lse = run.lse();
  ASSERT_TRUE(std::none_of(o.begin(), o.end(), [](float value) { return std::isnan(value); }));
  for (std::uint64_t seed = 1; seed <= (sanitized ? 2 : seeds); ++seed) {
    SCOPED_TRACE(std::string{kernel()} + " " + describe(call) + " seed " + std::to_string(seed));
    expect_healthy(run.execute({.seed = seed, .resident = static_cast<int>(seed % 4 + 1)}));
    EXPECT_EQ(run.o(), o);
    EXPECT_EQ(run.lse(), lse);
  }
}

/// Results known without a reference: equal scores weigh all keys alike.
TEST_P(Numerics, OfEqualScoresAreTheMeanOfTheValues) {
  const AttentionCall call = call_of({2, 2, 130, 200});
  HostCall run{kernel(), call};
  run.fill(1);
  std::ranges::fill(run.input(tensor_q), std::uint16_t{0});
  std::ranges::fill(run.input(tensor_v), std::uint16_t{0x4000});  // 2 in fp16 and bf16
  expect_healthy(run.execute());
  for (const float value : run.o()) ASSERT_NEAR(value, 2, 2 * tolerance_of(kernel(), call.element).relative);
  for (int row = 0; row < call.seq_q; ++row) {
    const int seen = call.seen_keys(row);
    EXPECT_NEAR(run.lse()[static_cast<std::size_t>(row)], std::log(seen), 1e-5);
  }
}

/// TMA and wgmma are done early or late, each: four modes, by the lowest bits of the seed, ten orders of each.
TEST(NumericsOfAsynchronousWork, AreTheSameInFourModesAndFortyOrders) {
  for (const int head_dim : {64, 128, 256}) {
    const AttentionCall call{
        .heads = 2, .kv_heads = 1, .seq_q = 130, .seq_kv = 500, .head_dim = head_dim, .causal = true};
    HostCall run{"rt_flash3", call};
    run.fill(3);
    expect_healthy(run.execute());
    const std::vector<float> o = run.o(), lse = run.lse();
    EXPECT_LE(run.accuracy().relative, tolerance_of("rt_flash3", call.element).relative);
    for (std::uint64_t seed = 1; seed <= (sanitized ? 4 : 40); ++seed) {
      SCOPED_TRACE(describe(call) + " seed " + std::to_string(seed));
      expect_healthy(run.execute({.seed = seed}));
      EXPECT_EQ(run.o(), o);
      EXPECT_EQ(run.lse(), lse);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllKernels, Numerics,
                         testing::Combine(testing::ValuesIn(kernels_that_make(Pass::fwd)),
                                          testing::ValuesIn(element_types()), testing::Values(64, 128, 256),
                                          testing::Bool()),
                         name_of_instance);

}  // namespace
}  // namespace rooftile::kernels
