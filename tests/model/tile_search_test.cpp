// How CTAs that stay find their next tile among sequences of lengths of their own.
#include <gtest/gtest.h>

#include "rooftile/model/cost_table.hpp"
#include "rooftile/model/launch_fit.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

AttentionShape one_head(std::int64_t seq) {
  return {.batch = 1, .heads = 1, .kv_heads = 1, .seq_q = seq, .seq_kv = seq, .head_dim = 128};
}

/// A search for the next tile costs a step per 31 sequences between two tiles of a CTA.
TEST(TileSearch, CtasThatStayLookForTheirNextTileAmongSequences) {
  KernelSpec spec = test::flash3_spec();
  spec.split_rule = SplitRule::fa3_varlen;
  for (TileRow& row : spec.tiles) row.schedule = Schedule::persistent_dynamic;
  Program program;
  const auto searching = [&](std::int64_t batch, std::int64_t seq) -> const Launch& {
    AttentionShape shape = one_head(seq);
    shape.batch = batch;
    EXPECT_TRUE(build(program, test::hopper(), shape, spec));
    return program.launches[0];
  };
  EXPECT_DOUBLE_EQ(searching(4 * 132, 128).search_steps, 132.0 / 31);       // a tile per sequence
  EXPECT_DOUBLE_EQ(searching(4 * 132, 1024).search_steps, 132.0 / 8 / 31);  // eight of them
  // first tiles: CTA 31 is the first whose sequence is not among the first 31
  EXPECT_EQ(searching(31, 128).search_steps, 0);
  EXPECT_EQ(searching(32, 128).search_steps, 1);
  EXPECT_EQ(searching(132, 128).search_steps, 4);
}

/// So it is where CTAs take parts of the keys from a counter: 132 of them are 108 at first, and 24 come later.
TEST(TileSearch, CtasThatTakePartsOfTheKeysLookForThem) {
  KernelSpec spec = test::split_kv_spec(1);
  spec.split_rule = SplitRule::fa3_varlen;
  Program program;
  AttentionShape shape{.batch = 2048, .heads = 1, .kv_heads = 1, .seq_q = 1, .seq_kv = 4096, .head_dim = 128};
  ASSERT_TRUE(build(program, test::device(), shape, spec));
  EXPECT_DOUBLE_EQ(program.launches[0].search_steps, 108.0 / 31);
  spec.split_rule = SplitRule::fa2_varlen;
  ASSERT_TRUE(build(program, test::device(), shape, spec));
  EXPECT_EQ(program.launches[0].search_steps, 0);
}

/// What the device decides on is read by every step of a search, from memory.
TEST(TileSearch, AStepOfASearchWaitsForTheNumbersOfParts) {
  KernelSpec spec = test::flash3_spec();
  spec.split_rule = SplitRule::fa3_varlen;
  for (TileRow& row : spec.tiles) row.schedule = Schedule::persistent_dynamic;
  const Device device = test::hopper();
  Program program;
  AttentionShape shape = one_head(128);
  shape.batch = 992;
  ASSERT_TRUE(build(program, device, shape, spec));
  const Launch launch = program.launches[0];
  EXPECT_TRUE(launch.search_reads);
  const CostTable costs{device, program};
  Launch without = launch;
  without.search_reads = false;
  EXPECT_DOUBLE_EQ(cycles_beside(launch, {}, costs) - cycles_beside(without, {}, costs),
                   launch.search_steps * device.memory.dram.latency.value());
  shape.batch = 993;  // more than the kernel that decides has places for
  ASSERT_TRUE(build(program, device, shape, spec));
  EXPECT_FALSE(program.launches[0].search_reads);
}

}  // namespace
}  // namespace rooftile
