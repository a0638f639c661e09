// The order in which CTAs that stay take tiles: every tile once, the longest first, K and V of a section in the L2.
#include "text/flash3_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace rooftile::kernels::flash3 {
namespace {

constexpr AttentionCall causal_call(int batch, int heads, int kv_heads, int seq) {
  return {.batch = batch,
          .heads = heads,
          .kv_heads = kv_heads,
          .seq_q = seq,
          .seq_kv = seq,
          .head_dim = 128,
          .causal = true};
}

/// Head and tile at each place.
std::vector<std::pair<int, int>> tiles_of(const TileOrder& order) {
  std::vector<std::pair<int, int>> tiles;
  for (int place = 0; place < order.tiles(); ++place) tiles.emplace_back(order.head(place), order.tile(place));
  return tiles;
}

/// K and V of a head: 512 bytes a key. Sections of heads that fit 32 MiB, whole groups, the last one smaller.
TEST(Flash3Order, HasSectionsThatFitTheL2) {
  EXPECT_EQ(tile_order(causal_call(1, 16, 16, 16384), 128).section, 4);
  EXPECT_EQ(tile_order(causal_call(2, 3, 3, 16384), 128).section, 4);
  EXPECT_EQ(tile_order(causal_call(1, 16, 4, 16384), 128).section, 16);
  EXPECT_EQ(tile_order(causal_call(1, 16, 2, 65536 + 1), 128).section, 8) << "one K/V head, though it does not fit";
  EXPECT_EQ(tile_order(causal_call(2, 4, 2, 512), 128).section, 8) << "all heads there are";
}

TEST(Flash3Order, HasEveryTileOnce) {
  for (const AttentionCall& causal :
       {causal_call(2, 3, 3, 16384), causal_call(1, 5, 5, 20000), causal_call(3, 4, 2, 300), causal_call(1, 1, 1, 1)}) {
    for (const bool masked : {false, true}) {
      AttentionCall call = causal;
      call.causal = masked;
      const TileOrder order = tile_order(call, 128);
      const auto tiles = tiles_of(order);
      const std::set<std::pair<int, int>> distinct(tiles.begin(), tiles.end());
      EXPECT_EQ(order.tiles(), (call.seq_q + 127) / 128 * call.heads * call.batch);
      EXPECT_EQ(distinct.size(), tiles.size());
      EXPECT_EQ(distinct.begin()->first, 0);
      EXPECT_EQ(distinct.rbegin()->first, call.heads * call.batch - 1);
      EXPECT_EQ(distinct.rbegin()->second, order.tiles_per_head - 1);
    }
  }
}

/// Two sections, of four heads and of two: up, and down.
TEST(Flash3Order, GoesUpAndDownAndEndsWithTheShortestTiles) {
  const TileOrder order = tile_order(causal_call(2, 3, 3, 16384), 128);
  const auto tiles = tiles_of(order);
  const auto second = tiles.begin() + 4 * order.tiles_per_head;
  const auto longer = [](const auto& a, const auto& b) { return a.second > b.second; };
  const auto shorter = [](const auto& a, const auto& b) { return a.second < b.second; };
  EXPECT_TRUE(std::is_sorted(tiles.begin(), second, shorter));
  EXPECT_TRUE(std::is_sorted(second, tiles.end(), longer));
  EXPECT_TRUE(std::all_of(tiles.begin(), second, [](const auto& tile) { return tile.first < 4; }));
  EXPECT_TRUE(std::all_of(second, tiles.end(), [](const auto& tile) { return tile.first >= 4; }));
}

/// Without a mask a head's tiles are neighbours: CTAs side by side read the same K and V.
TEST(Flash3Order, GoesHeadAfterHeadWithoutAMask) {
  AttentionCall call = causal_call(2, 3, 3, 16384);
  call.causal = false;
  const TileOrder order = tile_order(call, 128);
  for (int place = 0; place < order.tiles(); ++place) ASSERT_EQ(order.head(place), place / 128);
}

struct Place {
  int ctas, cta;
  [[nodiscard]] int grid_x() const { return ctas; }
  [[nodiscard]] int block_x() const { return cta; }
};

/// Blocks of the CTA that has most over the mean, or over the longest tile where that is more; every place once.
double imbalance(const AttentionCall& call, int ctas) {
  const TileOrder order = tile_order(call, 128);
  std::vector<int> had(static_cast<std::size_t>(order.tiles()));
  double fullest = 0, all = 0;
  for (int cta = 0; cta < ctas; ++cta) {
    double blocks = 0;
    Place at{ctas, cta};
    for (int round = 0; place_in(at, round) < order.tiles(); ++round) {
      ++had[static_cast<std::size_t>(place_in(at, round))];
      blocks += order.tile(place_in(at, round)) + 1;
    }
    fullest = std::max(fullest, blocks);
    all += blocks;
  }
  EXPECT_TRUE(std::all_of(had.begin(), had.end(), [](int times) { return times == 1; }));
  return fullest / std::max(all / ctas, static_cast<double>(order.tiles_per_head));
}

/// 16 384 tokens of hidden size 2048 on 132 SMs, as FlashAttention's benchmark has them, and on 114: as even as tiles
/// allow. In 25 600 tokens a section is one and a half rounds: the turns fall together.
TEST(Flash3Order, SharesCausalWorkEvenly) {
  for (const int ctas : {132, 114}) {
    for (const int seq : {1024, 2048, 4096, 8192, 16384, 65536}) {
      EXPECT_LE(imbalance(causal_call(std::max(1, 16384 / seq), 16, 16, seq), ctas), 1.04) << seq << " on " << ctas;
    }
  }
  EXPECT_NEAR(imbalance(causal_call(1, 16, 16, 25600), 132), 1.08, 0.01);
}

}  // namespace
}  // namespace rooftile::kernels::flash3
