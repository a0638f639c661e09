// What refreshes of DRAM's channels do to the last bytes of a tile.
#include "rooftile/model/dram_channels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "rooftile/model/cost_table.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

constexpr DramRefresh refresh{.every = 5500, .takes = 550};  // cycles: a tenth of the time

/// The longest wait for n channels that are asked at a moment of which they know nothing.
double longest_wait(int channels, std::mt19937& random) {
  std::uniform_real_distribution<double> since_it_closed{0, refresh.every};
  double longest = 0;
  for (int c = 0; c < channels; ++c) longest = std::max(longest, refresh.takes - since_it_closed(random));
  return longest;
}

TEST(DramRefresh, TheLastOfManyPiecesComesLaterByTheMeanOfTheLongestWait) {
  std::mt19937 random{7};
  constexpr int draws = 200'000;
  for (const int pieces : {1, 2, 8, 32, 40}) {
    double all = 0;
    for (int n = 0; n < draws; ++n) all += longest_wait(pieces, random);
    const double lone = refresh.share() * refresh.takes / 2;  // it is in the measured latency
    EXPECT_NEAR(wait_for_last_piece(refresh, pieces), all / draws - lone, 2) << pieces;
  }
}

TEST(DramRefresh, ALonePieceWaitsNoLongerThanTheMeasuredLatencySays) {
  EXPECT_NEAR(wait_for_last_piece(refresh, 1), 0, 1e-9);
  EXPECT_NEAR(wait_for_last_piece(refresh, 0.01), 0, 1e-9);
}

TEST(DramRefresh, ATileOfMorePiecesThanChannelsWaitsForAllOfThem) {
  EXPECT_EQ(wait_for_last_piece(refresh, 4000), wait_for_last_piece(refresh, dram_channels));
  EXPECT_LT(wait_for_last_piece(refresh, 4000), refresh.takes);
}

TEST(DramRefresh, MemoryThatSustainsAllOfItsBandwidthIsNeverClosed) {
  Device device = test::device();
  device.memory.dram.sustained_fraction = Count{1};
  const DramRefresh none = dram_refresh(device, device.clock.boost);
  EXPECT_EQ(none.takes, 0);
  EXPECT_EQ(wait_for_last_piece(none, 32), 0);
}

TEST(DramRefresh, AChannelIsClosedForWhatIsNotSustained) {
  Device device = test::device();
  device.memory.dram.sustained_fraction = Count{0.9};
  const DramRefresh closed = dram_refresh(device, Hertz{1e9});
  EXPECT_DOUBLE_EQ(closed.every, 3900);  // JEDEC's tREFI in ns
  EXPECT_DOUBLE_EQ(closed.takes, 390);
}

TEST(DramRefresh, ATileOfDramComesLaterThanALine) {
  const Device device = test::device();
  const AttentionShape shape{.batch = 1, .heads = 8, .kv_heads = 8, .seq_q = 64, .seq_kv = 64, .head_dim = 128};
  Program program;
  ASSERT_TRUE(build(program, device, shape, test::flash2_spec()));
  const CostTable costs{device, program};
  EXPECT_DOUBLE_EQ(costs.load_latency(1), device.memory.dram.latency.value());
  EXPECT_GT(costs.load_latency(1, 32768), costs.load_latency(1) + 0.5 * dram_refresh(device, costs.clock()).takes);
  EXPECT_DOUBLE_EQ(costs.load_latency(0, 32768), costs.load_latency(0));
}

}  // namespace
}  // namespace rooftile
