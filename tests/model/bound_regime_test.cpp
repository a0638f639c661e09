// Calls whose regime is known beforehand, and floors that can be computed by hand.
#include "rooftile/model/bound_regime.hpp"

#include <gtest/gtest.h>

#include "rooftile/model/predictor.hpp"
#include "rooftile/model/sustained_floors.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

struct CountedCall {
  Program program;
  ProgramCounts counts;
  Prediction prediction;
};

CountedCall counted_call(const Device& device, const Workload& workload, const KernelSpec& spec,
                         L2State l2 = L2State::cold, double call_overhead = 0) {
  CountedCall asked;
  EXPECT_TRUE(build(asked.program, device, workload, spec));
  asked.program.l2 = l2;
  asked.program.forward.call_overhead = call_overhead;
  count(asked.program, asked.counts);
  asked.prediction = find_predictor("hierarchical")->predict(device, asked.program, asked.counts).value();
  return asked;
}

BoundRegime regime_of_flash2(std::int64_t batch, std::int64_t seq, double call_overhead = 0) {
  const Device device = test::device();
  const AttentionShape shape{.batch = batch, .heads = 16, .kv_heads = 16, .seq_q = seq, .seq_kv = seq, .head_dim = 64};
  const CountedCall asked = counted_call(device, shape, test::flash2_spec(), L2State::cold, call_overhead);
  return bound_regime(device, asked.program, asked.prediction);
}

TEST(BoundRegime, OfFlashAttentionByItsSize) {
  EXPECT_EQ(regime_of_flash2(1, 32), BoundRegime::launch);         // 2.6 us of 3 to 4 us
  EXPECT_EQ(regime_of_flash2(1, 1024), BoundRegime::underfilled);  // 128 CTAs on 216 places
  EXPECT_EQ(regime_of_flash2(16, 4096), BoundRegime::compute);
}

TEST(BoundRegime, OverheadOfTheCallCountsAsLaunch) { EXPECT_EQ(regime_of_flash2(1, 1024, 1e-3), BoundRegime::launch); }

TEST(BoundRegime, OneCtaLessThanPlacesIsUnderfilled) {
  Device device = test::device();
  device.sm.max_ctas = Count{1};
  device.sm.count = Count{128};  // places; 16 heads x 8 tiles of 128 rows
  const AttentionShape shape{.batch = 1, .heads = 16, .kv_heads = 16, .seq_q = 1024, .seq_kv = 1024, .head_dim = 64};
  const CountedCall full = counted_call(device, shape, test::flash2_spec());
  ASSERT_EQ(full.prediction.launches[0].ctas, 128);
  EXPECT_EQ(bound_regime(device, full.program, full.prediction), BoundRegime::compute);
  device.sm.count = Count{129};
  const CountedCall open = counted_call(device, shape, test::flash2_spec());
  EXPECT_EQ(bound_regime(device, open.program, open.prediction), BoundRegime::underfilled);
}

TEST(BoundRegime, StandardAttentionIsMemoryUnlessAFrameworkLaunchesIt) {
  const Device device = test::device();
  const AttentionShape shape{.batch = 8, .heads = 16, .kv_heads = 16, .seq_q = 2048, .seq_kv = 2048, .head_dim = 64};
  CountedCall asked = counted_call(device, shape, test::standard_spec());
  EXPECT_EQ(bound_regime(device, asked.program, asked.prediction), BoundRegime::memory);
  const AttentionShape small{.batch = 1, .heads = 1, .kv_heads = 1, .seq_q = 128, .seq_kv = 128, .head_dim = 64};
  KernelSpec eager = test::standard_spec();
  eager.launch = LaunchStyle::framework;
  asked = counted_call(device, small, eager);
  EXPECT_EQ(bound_regime(device, asked.program, asked.prediction), BoundRegime::launch);
}

TEST(SustainedFloors, AreBytesOverBandwidthAndFlopOverRate) {
  const Device device = test::device();
  const AttentionShape shape{.batch = 4, .heads = 16, .kv_heads = 16, .seq_q = 4096, .seq_kv = 4096, .head_dim = 64};
  const CountedCall asked = counted_call(device, shape, test::flash2_spec());
  const SustainedFloors floors = sustained_floors(device, asked.program, asked.counts);
  const double tensor = 4.0 * 16 * 4096 * 64 * 2, lse = 4.0 * 16 * 4096 * 4, l2 = 40 * 1048576.0;
  EXPECT_NEAR(floors.memory.value(), (3 * tensor + std::max(0.0, tensor + lse - l2)) / (2.039e12 * 0.87), 1e-12);
  const double rate = 2048 * 1.41e9 * 108;  // mma.sync reaches 0.95, a long GEMM 1226 of 1410 MHz: the lower one
  EXPECT_NEAR(floors.compute.value(), 4.0 * 4 * 16 * 4096 * 4096 * 64 / (rate * 1226 / 1410), 1e-9);
}

TEST(SustainedFloors, OfMmaSyncWhereThatIsTheSlowerPath) {
  Device device = test::device();
  device.sm.tensor.mma_sync_fraction = Count{0.5};
  const GemmShape gemm{.m = 4096, .n = 4096, .k = 512};
  const CountedCall asked = counted_call(device, gemm, test::standard_spec());
  const double flop = 2.0 * 4096 * 4096 * 512, half_rate = 1024 * 1.41e9 * 108;
  EXPECT_NEAR(sustained_floors(device, asked.program, asked.counts).compute.value(), flop / half_rate, 1e-12);
}

TEST(SustainedFloors, CountNoByteThatL2MayHold) {
  const Device device = test::device();
  // Q, K, V, O of 1 MiB each: cold, the inputs come from DRAM and the output may stay; warm, nothing must move
  const AttentionShape shape{.batch = 1, .heads = 8, .kv_heads = 8, .seq_q = 1024, .seq_kv = 1024, .head_dim = 64};
  const double bandwidth = 2.039e12 * 0.87;
  const CountedCall cold = counted_call(device, shape, test::flash2_spec());
  EXPECT_NEAR(sustained_floors(device, cold.program, cold.counts).memory.value(), 3 * 1048576 / bandwidth, 1e-12);
  const CountedCall warm = counted_call(device, shape, test::flash2_spec(), L2State::warm);
  EXPECT_EQ(sustained_floors(device, warm.program, warm.counts).memory, Seconds{0});
}

TEST(SustainedFloors, OfStandardAttentionHoldItsMatrices) {
  const Device device = test::device();
  const AttentionShape shape{.batch = 8, .heads = 16, .kv_heads = 16, .seq_q = 4096, .seq_kv = 4096, .head_dim = 64};
  const CountedCall asked = counted_call(device, shape, test::standard_spec());
  const double s = 8.0 * 16 * 4096 * 4096 * 2;  // S and P: written once, read once, but for what L2 holds
  const double floor = sustained_floors(device, asked.program, asked.counts).memory.value() * 2.039e12 * 0.87;
  EXPECT_GT(floor, 3.9 * s);
  EXPECT_LT(floor, asked.prediction.dram.total().value());
}

TEST(SustainedFloors, AnUnknownLeafLimitsNothing) {
  Device device = test::device();
  const GemmShape gemm{.m = 4096, .n = 4096, .k = 512};
  const CountedCall asked = counted_call(device, gemm, test::standard_spec());
  device.memory.dram.sustained_fraction = Count::unknown();
  device.clock.tensor_sustained = Hertz::unknown();
  const SustainedFloors floors = sustained_floors(device, asked.program, asked.counts);
  EXPECT_EQ(floors.memory, Seconds{0});
  EXPECT_GT(floors.compute, Seconds{0});  // at what mma.sync reaches
}

TEST(ShownBound, NeedsOneFloorNearAndTheOtherFar) {
  const auto shown = [](double memory, double compute) {
    return shown_bound(Seconds{1}, {Seconds{memory}, Seconds{compute}});
  };
  EXPECT_EQ(shown(0.8, 0.6), BoundRegime::memory);
  EXPECT_EQ(shown(0.6, 0.8), BoundRegime::compute);
  EXPECT_EQ(shown(1.3, 0.1), BoundRegime::memory);  // faster than the profile sustains
  EXPECT_FALSE(shown(0.79, 0.1));
  EXPECT_FALSE(shown(0.8, 0.61));
  EXPECT_FALSE(shown(0.9, 0.9));
}

TEST(ShownBound, IsOfAKind) {
  for (const Limit limit : {Limit::dram, Limit::l2}) {
    EXPECT_TRUE(agrees(limit, BoundRegime::memory));
    EXPECT_FALSE(agrees(limit, BoundRegime::compute));
  }
  for (const Limit limit : {Limit::smem, Limit::tensor, Limit::exp2, Limit::fma, Limit::convert, Limit::issue}) {
    EXPECT_FALSE(agrees(limit, BoundRegime::memory));
    EXPECT_TRUE(agrees(limit, BoundRegime::compute));
  }
  for (const Limit limit : {Limit::latency, Limit::launch}) {
    EXPECT_FALSE(agrees(limit, BoundRegime::memory));
    EXPECT_FALSE(agrees(limit, BoundRegime::compute));
  }
}

}  // namespace
}  // namespace rooftile
