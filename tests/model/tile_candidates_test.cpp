// The grid of tile shapes: what is in it, what does not fit and why, and what a changed shape takes with it.
#include "rooftile/model/tile_candidates.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support.hpp"

namespace rooftile::test {
namespace {

AttentionShape shape(std::int64_t head_dim, Mask mask = Mask::none) {
  return {.batch = 2, .heads = 16, .kv_heads = 16, .seq_q = 2048, .seq_kv = 2048, .head_dim = head_dim, .mask = mask};
}

std::vector<TileCandidate> candidates(const KernelSpec& spec, const Device& on, std::int64_t head_dim) {
  const auto found = tile_candidates(spec, on, shape(head_dim));
  EXPECT_TRUE(found) << found.error().reason;
  return found.value_or(std::vector<TileCandidate>{});
}

std::string reason(const std::vector<TileCandidate>& all, SpecOverrides tile) {
  const auto found = std::ranges::find(all, tile, &TileCandidate::tile);
  if (found == all.end()) return "not in the grid";
  return found->refused ? found->refused->reason : "fits";
}

TEST(TileCandidates, SayWhichLimitAndByHowMuch) {
  const auto all = candidates(flash2_spec(), device(), 128);
  EXPECT_EQ(reason(all, {128, 64, 4, 1}), "fits");
  EXPECT_EQ(reason(all, {128, 128, 4, 1}), "flash2 needs 319 registers per thread, test_a100 has 255");
  EXPECT_EQ(reason(all, {256, 256, 16, 1}), "flash2 needs 192 KiB of shared memory per CTA, test_a100 has 163 KiB");
  EXPECT_EQ(reason(all, {256, 64, 16, 1}), "flash2 needs 77824 registers per CTA, an SM of test_a100 has 65536");
  EXPECT_EQ(reason(all, {64, 48, 4, 1}), "not in the grid");
  EXPECT_EQ(reason(all, {64, 64, 8, 1}), "not in the grid");  // eight rows per warp
}

TEST(TileCandidates, HaveMoreBuffersWhereTheKernelHasAPipeline) {
  KernelSpec spec = flash2_spec();
  EXPECT_EQ(reason(candidates(spec, device(), 128), {64, 64, 4, 2}), "not in the grid");
  spec.tiles.front().stages = 2;
  EXPECT_EQ(reason(candidates(spec, device(), 128), {64, 64, 4, 2}), "fits");
  EXPECT_EQ(reason(candidates(spec, device(), 128), {64, 256, 4, 2}),
            "flash2 needs 272 KiB of shared memory per CTA, test_a100 has 163 KiB");
}

TEST(TileCandidates, OfWarpgroupsToo) {
  const auto all = candidates(flash3_spec(), hopper(), 64);
  EXPECT_EQ(reason(all, {192, 128, 16, 2}), "fits");
  EXPECT_EQ(
      reason(all, {192, 256, 16, 1}),
      "flash3 needs 184 registers per thread of its consumer, 74752 in all roles of a CTA that starts with 65536");
  EXPECT_EQ(reason(all, {64, 256, 8, 4}), "flash3 needs 265 KiB of shared memory per CTA, test_h100 has 227 KiB");
}

TEST(TileCandidates, TheSpecsOwnIsAmongThemOnce) {
  for (const std::int64_t head_dim : {64, 128, 256}) {
    for (const auto& [spec, on] : {std::pair{flash2_spec(), device()}, std::pair{flash3_spec(), hopper()}}) {
      const auto all = candidates(spec, on, head_dim);
      const auto own = select_tile(spec, on, head_dim, Mask::none);
      ASSERT_EQ(std::ranges::count(all, true, &TileCandidate::own), 1);
      const TileCandidate& found = *std::ranges::find(all, true, &TileCandidate::own);
      EXPECT_EQ(found.tile, (SpecOverrides{own->br, own->bc, own->warps, own->stages}));
      EXPECT_FALSE(found.refused) << found.refused->reason;
    }
  }
}

TEST(TileCandidates, OwnShapesOutsideTheGridAreAdded) {
  KernelSpec odd = flash2_spec();
  for (TileRow& row : odd.tiles) row.br = row.bc = 48;
  const auto all = candidates(odd, device(), 128);
  EXPECT_EQ(reason(all, {48, 48, 4, 1}), "fits");
  EXPECT_EQ(all.size(), candidates(flash2_spec(), device(), 128).size() + 1);
}

TEST(TileCandidates, NoGridAndNoKernel) {
  EXPECT_TRUE(candidates(flash1_spec(), device(), 64).empty());
  const auto refused = tile_candidates(flash2_spec(), device(), shape(512));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, Status::unsupported);
}

TEST(ChangedTile, TakesItsRegistersAlong) {
  const KernelSpec spec = flash2_spec();
  const auto row = [&](SpecOverrides tile) { return select_tile(spec, device(), 128, Mask::none, tile).value(); };
  EXPECT_EQ(row({}).registers, 255);
  EXPECT_EQ(row({128, 64, 4, 1}).registers, 255);  // its own: as compiled, not as estimated
  EXPECT_EQ(row({128, 64, 4, 1}).smem, row({}).smem);
  EXPECT_EQ(row({.br = 64}).registers, 149);
  EXPECT_EQ(row({.br = 64}).smem, 0);
  EXPECT_EQ(row({.warps = 8}).warps, 8);
  EXPECT_EQ(row({.stages = 2}).stages, 2);
}

TEST(ChangedTile, OfFlash3MovesPToSharedMemoryWhereItMust) {
  const KernelSpec spec = flash3_spec();
  const auto row = [&](SpecOverrides tile) { return select_tile(spec, hopper(), 64, Mask::none, tile).value(); };
  EXPECT_FALSE(row({}).p_in_smem);
  EXPECT_TRUE(row({.bc = 192}).p_in_smem);
  EXPECT_EQ(row({128, 128, 12, 2}).registers, 168);
  EXPECT_EQ(row({.bc = 192}).consumer_registers, 0);
  EXPECT_EQ(row({.bc = 256}).consumer_registers, 184);  // of 160
  KernelSpec serial = spec;
  serial.overlap = false;  // P takes the place of S
  EXPECT_FALSE(select_tile(serial, hopper(), 64, Mask::none, {.bc = 192})->p_in_smem);
}

TEST(ChangedTile, NumbersThatMakeNoTile) {
  const auto why = [](SpecOverrides tile) {
    const auto row = select_tile(flash2_spec(), device(), 128, Mask::none, tile);
    return row ? "a tile" : row.error().reason;
  };
  EXPECT_EQ(why({.br = 5000}), "br 5000 is outside 1 to 4096");
  EXPECT_EQ(why({.warps = 33}), "warps 33 is outside 1 to 32");
  EXPECT_EQ(why({.stages = 65}), "stages 65 is outside 1 to 64");
  EXPECT_EQ(why({.bc = -1}), "bc -1 is outside 1 to 4096");
}

}  // namespace
}  // namespace rooftile::test
