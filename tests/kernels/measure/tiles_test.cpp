// The comparison of device and host results: rounding passes, a wrong tile is found and named.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "measure/tiles.hpp"
#include "rooftile/kernels/element.hpp"
#include "rooftile/kernels/inputs.hpp"

namespace rooftile::kernels::measure {
namespace {

/// O of a call as the host has it, and the same as bits.
struct Results {
  Element element;
  TensorLayout o;
  std::vector<float> host;
  std::vector<std::uint16_t> device;
};

Results results(Element element) {
  const AttentionCall call{.element = element, .batch = 2, .heads = 3, .kv_heads = 3, .seq_q = 150, .seq_kv = 8};
  Results made{element, attention_tensors(call)[tensor_o], {}, {}};
  const NormalInputs normal(5, tensor_o);
  for (std::uint64_t i = 0; i < std::uint64_t{2} * 3 * 150 * 64; ++i) {
    made.device.push_back(bits_of(element, normal(i)));
    made.host.push_back(value_of(element, made.device.back()));
  }
  return made;
}

class Tiles : public testing::TestWithParam<Element> {};
INSTANTIATE_TEST_SUITE_P(Elements, Tiles, testing::Values(Element::fp16, Element::bf16));

TEST_P(Tiles, EqualResultsDoNotDiffer) {
  const Results same = results(GetParam());
  const TileComparison found = compare_tiles(same.element, same.o, same.device, same.host, 128);
  EXPECT_EQ(found.tiles, 2 * 3 * 2);
  EXPECT_EQ(found.differing, 0);
  EXPECT_EQ(found.largest, 0);
}

TEST_P(Tiles, OneUnitInTheLastPlaceEverywhereIsRounding) {
  Results off = results(GetParam());
  for (std::size_t i = 0; i < off.device.size(); i += 2) ++off.device[i];
  const TileComparison found = compare_tiles(off.element, off.o, off.device, off.host, 128);
  EXPECT_EQ(found.differing, 0) << found.largest << " of " << tile_limit(GetParam());
  EXPECT_GT(found.largest, 0);
}

TEST_P(Tiles, TwoRowsExchangedInOneTileAreFound) {
  Results wrong = results(GetParam());
  const std::ptrdiff_t row = (1 * 3 + 2) * 150 + 130;  // batch 1, head 2, second tile
  std::swap_ranges(wrong.device.begin() + row * 64, wrong.device.begin() + (row + 1) * 64,
                   wrong.device.begin() + (row + 1) * 64);
  const TileComparison found = compare_tiles(wrong.element, wrong.o, wrong.device, wrong.host, 128);
  EXPECT_EQ(found.differing, 1);
  EXPECT_GT(found.largest, 0.1);
  EXPECT_TRUE(found.first.starts_with("O batch 1 head 2 rows 128..149: ")) << found.first;
}

TEST_P(Tiles, AnUnwrittenElementIsFound) {
  Results poisoned = results(GetParam());
  poisoned.device[7] = 0xffff;
  const TileComparison found = compare_tiles(poisoned.element, poisoned.o, poisoned.device, poisoned.host, 128);
  EXPECT_EQ(found.differing, 1);
  EXPECT_TRUE(std::isnan(found.largest));
}

TEST(TileRows, ComeFromTheTileTable) {
  EXPECT_EQ(tile_rows("rt_flash2", 128), 128);
  EXPECT_EQ(tile_rows("rt_standard_online", 64), 128);
  EXPECT_EQ(tile_rows("rt_flash1", 64), 64);
  EXPECT_EQ(tile_rows("rt_split_kv", 256), 64);
  EXPECT_THROW(static_cast<void>(tile_rows("cudnn_sdpa", 64)), std::invalid_argument);
}

TEST(TileRows, OfGradientsAreThoseOfTheLaunchThatWritesThem) {
  EXPECT_EQ(gradient_tile_rows("rt_flash2", "convert_dq", tensor_grad_q, 128), 64);
  EXPECT_EQ(gradient_tile_rows("rt_flash2_deterministic", "flash2_grad_q", tensor_grad_q, 128), 128);
  EXPECT_EQ(gradient_tile_rows("rt_flash2", "flash2_backward", tensor_grad_k, 64), 128);
  EXPECT_EQ(gradient_tile_rows("rt_flash2_deterministic", "flash2_backward", tensor_grad_v, 256), 64);
  EXPECT_THROW(static_cast<void>(gradient_tile_rows("rt_flash2", "flash2_backward", tensor_grad_q, 96)),
               std::invalid_argument);
  EXPECT_THROW(static_cast<void>(gradient_tile_rows("rt_flash1", "convert_dq", tensor_grad_q, 64)),
               std::invalid_argument);
}

TEST(TileComparisonSum, KeepsTheFirstAndTheLargest) {
  TileComparison sum{4, 0, 1e-4, ""};
  sum.add({6, 2, 0.5, "dK batch 0 head 0 rows 0..63: 0.5"});
  sum.add({6, 1, 0.25, "dV batch 0 head 0 rows 0..63: 0.25"});
  EXPECT_EQ(sum.tiles, 16);
  EXPECT_EQ(sum.differing, 3);
  EXPECT_EQ(sum.largest, 0.5);
  EXPECT_EQ(sum.first, "dK batch 0 head 0 rows 0..63: 0.5");
  sum.add({1, 1, std::nan(""), "x"});
  sum.add({1, 1, 0.75, "y"});
  EXPECT_TRUE(std::isnan(sum.largest));
}

TEST(CompareTiles, RefusesResultsOfAnotherSize) {
  const Results some = results(Element::fp16);
  EXPECT_THROW(static_cast<void>(compare_tiles(some.element, some.o, {}, some.host, 128)), std::invalid_argument);
}

}  // namespace
}  // namespace rooftile::kernels::measure
