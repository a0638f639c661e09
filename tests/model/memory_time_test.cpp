// What L2 and DRAM take by themselves, and what of it the SMs leave bare.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "backward_support.hpp"
#include "predictors/dram_time.hpp"
#include "predictors/l2_time.hpp"
#include "predictors/loop_time.hpp"
#include "rooftile/model/predictor.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

constexpr double sector_per_sum = 8;  // 32 bytes for 4

TensorUse sums(std::int64_t bytes) {
  TensorUse use{};
  use.stored = use.swept_stores = use.swept_updates = bytes;
  return use;
}

TEST(L2Time, AnAddOfAThreadIsASectorAndOfABulkCopyItsBytes) {
  const Device device = test::device();
  const double bandwidth = (device.memory.l2.bandwidth * device.clock.boost).value();
  const std::array uses{sums(1'000'000)};
  const Traffic requested{Bytes{0}, Bytes{1e6}};
  Program program;
  program.bulk_atomics = false;
  EXPECT_DOUBLE_EQ(l2_time(device, program, uses, requested).value(), sector_per_sum * 1e6 / bandwidth);
  program.bulk_atomics = true;
  EXPECT_DOUBLE_EQ(l2_time(device, program, uses, requested).value(), 2e6 / bandwidth);
}

TEST(L2Time, IsThatOfTheBytesWhereTheyTakeLonger) {
  const Device device = test::device();
  const double bandwidth = (device.memory.l2.bandwidth * device.clock.boost).value();
  const std::array uses{sums(1000)};
  Program program;
  EXPECT_DOUBLE_EQ(l2_time(device, program, uses, {Bytes{1e6}, Bytes{1000}}).value(), 1'001'000 / bandwidth);
}

/// dQ's sums bound a backward whose products are fast.
TEST(L2Time, AddsOfABackwardCanBeWhatItWaitsFor) {
  Device device = test::hopper();
  device.sm.tensor.mma_sync_fraction = Count{1};
  device.memory.l2.bandwidth = device.memory.l2.bandwidth * 0.2;
  const KernelSpec spec = test::flash2_training_spec();
  AttentionShape shape{.batch = 1, .heads = 16, .kv_heads = 16, .seq_q = 4096, .seq_kv = 4096, .head_dim = 128};
  shape.pass = Pass::bwd;
  Program program;
  ASSERT_TRUE(build(program, device, shape, spec));
  const Prediction by_threads = find_predictor("hierarchical")->predict(device, program).value();
  program.bulk_atomics = true;
  const Prediction in_bulk = find_predictor("hierarchical")->predict(device, program).value();
  EXPECT_EQ(by_threads.bound, Limit::l2);
  EXPECT_GT(by_threads.time, 2 * in_bulk.time);
}

/// The root of the sum of the third powers, of the fourth where tiles are asked for ahead.
TEST(Queueing, IsAMeanOfTheTwo) {
  for (const double ahead : {0.0, 0.3, 1.0}) {
    EXPECT_EQ(with_queueing(Seconds{3}, Seconds{0}, ahead), Seconds{3});
    EXPECT_EQ(with_queueing(Seconds{0}, Seconds{3}, ahead), Seconds{3});
    for (const double other : {1e-9, 0.1, 1.0, 2.5, 3.0, 40.0, 1e9}) {
      const double third = std::cbrt(27 + std::pow(other, 3)), fourth = std::pow(81 + std::pow(other, 4), 0.25);
      const Seconds queued = with_queueing(Seconds{3}, Seconds{other}, ahead);
      EXPECT_NEAR(queued.value() / (third + ahead * (fourth - third)), 1, 4e-15) << other;
      EXPECT_EQ(queued, with_queueing(Seconds{other}, Seconds{3}, ahead)) << other;
    }
  }
}

TEST(Queueing, TakesItsRootFromOneToTwo) {
  constexpr int steps = 4096;
  double before = 0;
  for (int i = 0; i <= steps; ++i) {
    const double x = 1 + static_cast<double>(i) / steps;
    const double root = cube_root_near_one(x);
    EXPECT_NEAR(root / std::cbrt(x), 1, 2e-15) << x;
    EXPECT_GT(root, before) << x;
    before = root;
  }
}

TEST(WavesInStep, AreTheFirstAndNeverMoreThanThree) {
  EXPECT_DOUBLE_EQ(waves_in_step(0.3), 1);
  EXPECT_DOUBLE_EQ(waves_in_step(1), 1);
  EXPECT_DOUBLE_EQ(waves_in_step(4), 2);
  EXPECT_NEAR(waves_in_step(1e6), 3, 1e-5);
}

/// 108 CTAs of one wave ask for 64 keys each at once, and DRAM sends one tile after the other.
TEST(FirstTiles, OfAWaveComeOneAfterTheOther) {
  Device device = test::device();
  device.sm.max_ctas = Count{1};
  const AttentionShape shape{.batch = 1, .heads = 108, .kv_heads = 108, .seq_q = 1, .seq_kv = 65536, .head_dim = 128};
  Program program;
  ASSERT_TRUE(build(program, device, shape, test::split_kv_spec(1)));
  ProgramCounts counts;
  count(program, counts);
  const TileOp& first = program.ops[static_cast<std::size_t>(counts.launch[0].first_tile.op)];
  EXPECT_STREQ(program.tensors[static_cast<std::size_t>(first.tensor)].name, "K");
  const LaunchPrediction part = find_predictor("hierarchical")->predict(device, program, counts)->launches[0];
  const CostTable costs{device, program};
  const TripTime once = once_per_cta(program.launches[0], counts.launch[0].once, costs, true, {});
  const Seconds ends = Cycles{once.alone()} / costs.clock();
  const double keys = static_cast<double>(first.dim[2].extent);
  const Seconds tiles = Bytes{108 * (keys + 1) * 128 * 2} / sustained_bandwidth(device);  // and a query each
  const double ahead = Bytes{108.0 * 65536 * 128 * 2 * 2} / part.dram_bytes.total();      // K and V, not Q
  EXPECT_GT(tiles, Seconds{1e-6});
  EXPECT_NEAR(part.time.value(), (ends + tiles + with_queueing(part.sm - ends, part.dram - tiles, ahead)).value(),
              1e-9 * part.time.value());
}

/// Nobody waits for tiles of elementwise kernels, and L2 sends at once what it holds.
TEST(FirstTiles, AreThereWhereL2HoldsThem) {
  const AttentionShape shape{.batch = 1, .heads = 4, .kv_heads = 4, .seq_q = 1, .seq_kv = 4096, .head_dim = 128};
  KernelSpec spec = test::split_kv_spec(1);
  spec.l2 = L2State::warm;
  Program program;
  ASSERT_TRUE(build(program, test::device(), shape, spec));
  const LaunchPrediction part = find_predictor("hierarchical")->predict(test::device(), program)->launches[0];
  EXPECT_NEAR(part.time.value(), part.sm.value(), 1e-3 * part.sm.value());
}

/// 108 SMs with a CTA each: of 109 CTAs the last has DRAM to itself and takes the latency of its trips again.
TEST(WavesInStep, ALastWaveThatLeavesPlacesEmptyDoesNotFillDram) {
  const KernelSpec spec = test::split_kv_spec(1);
  Device one_resident = test::device();
  one_resident.sm.max_ctas = Count{1};
  const auto time = [&](std::int64_t heads) {
    const AttentionShape shape{
        .batch = 1, .heads = heads, .kv_heads = heads, .seq_q = 1, .seq_kv = 16384, .head_dim = 128};
    Program program;
    EXPECT_TRUE(build(program, one_resident, shape, spec));
    return find_predictor("hierarchical")->predict(one_resident, program)->launches[0];
  };
  const double full = time(108).time.value(), one_more = time(109).time.value(), alone = time(1).time.value();
  EXPECT_GT(one_more - full, 0.85 * alone);
  EXPECT_LT(one_more - full, 1.05 * alone);
}

}  // namespace
}  // namespace rooftile
