// Heads whose tiles are handed out together: the order, which heads, and what it does to the time.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "backward_support.hpp"
#include "rooftile/model/predictor.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;

Launch grid(Int tiles, Int heads, Int batch, Sections sections) {
  static Program program;
  ProgramWriter w{program};
  Launch& launch = w.launch("grid", {}, {{"q_tile", tiles}, {"kv_head", heads}, {"batch", batch}});
  launch.sections = sections;
  return launch;
}
std::vector<Int> order(const Launch& launch) {
  std::vector<Int> ctas;
  for (Int place = 0; place < launch.ctas(); ++place) ctas.push_back(launch.cta_at(place));
  return ctas;
}

TEST(Sections, TakeOneCtaOfEachColumnAtATime) {
  // 2 tiles; heads 0, 1 together, head 2 by itself; then the next sequence
  EXPECT_EQ(order(grid(2, 3, 2, {2, 3})), (std::vector<Int>{0, 2, 1, 3, 4, 5, 6, 8, 7, 9, 10, 11}));
  // sections of 4 columns wherever sequences end
  EXPECT_EQ(order(grid(2, 3, 2, {4, 6})), (std::vector<Int>{0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 9, 11}));
  EXPECT_EQ(order(grid(2, 3, 1, {})), (std::vector<Int>{0, 1, 2, 3, 4, 5}));
}

TEST(Sections, HandOutEveryCtaOnce) {
  for (Int tiles = 1; tiles < 5; ++tiles) {
    for (Int heads = 1; heads < 6; ++heads) {
      for (Int section = 1; section <= heads; ++section) {
        std::vector<Int> ctas = order(grid(tiles, heads, 3, {section, heads}));
        std::sort(ctas.begin(), ctas.end());
        for (std::size_t n = 0; n < ctas.size(); ++n) ASSERT_EQ(ctas[n], static_cast<Int>(n));
      }
    }
  }
}

Sections sections_of(const AttentionShape& shape, SectionRule rule, GroupPacking packs) {
  static Program program;
  KernelSpec spec = test::flash3_spec();
  for (TileRow& row : spec.tiles) row.schedule = Schedule::persistent_dynamic;
  spec.sections = rule;
  spec.packs_group = packs;
  spec.split_rule = SplitRule::fixed;
  spec.splits = 1;
  test::build_or_throw(program, shape, spec, SpecOverrides{128, 128}, test::hopper());
  return program.launches[0].sections;
}

TEST(Sections, AreThoseOfFlashAttention3) {
  AttentionShape shape{.batch = 3,
                       .heads = 32,
                       .kv_heads = 8,
                       .seq_q = 4096,
                       .seq_kv = 4096,
                       .head_dim = 128,
                       .dtype = DType::fp16,
                       .mask = Mask::causal};
  // K and V of a head: 2 MiB. 8 MiB hold 4; 32 MiB hold 16 of the 24 heads of all sequences
  EXPECT_EQ(sections_of(shape, SectionRule::fa3_varlen, GroupPacking::always).columns, 4);
  EXPECT_EQ(sections_of(shape, SectionRule::fa3_varlen, GroupPacking::always).of, 8);
  EXPECT_EQ(sections_of(shape, SectionRule::fa3, GroupPacking::always).columns, 16);
  EXPECT_EQ(sections_of(shape, SectionRule::fa3, GroupPacking::always).of, 24);
  // groups not folded: four times as many query heads
  EXPECT_EQ(sections_of(shape, SectionRule::fa3_varlen, GroupPacking::never).columns, 16);
  EXPECT_EQ(sections_of(shape, SectionRule::fa3, GroupPacking::never).of, 96);
  shape.seq_q = shape.seq_kv = 6144;  // 3 MiB each: 2 heads, not 2.67; 8, not 10.67
  EXPECT_EQ(sections_of(shape, SectionRule::fa3_varlen, GroupPacking::always).columns, 2);
  EXPECT_EQ(sections_of(shape, SectionRule::fa3, GroupPacking::always).columns, 8);
  shape.seq_q = shape.seq_kv = 262144;  // 128 MiB: at least one
  EXPECT_EQ(sections_of(shape, SectionRule::fa3_varlen, GroupPacking::always).columns, 1);
  EXPECT_EQ(sections_of(shape, SectionRule::fa3, GroupPacking::always).columns, 1);
  shape.seq_q = shape.seq_kv = 128;  // never more than 16, or than there are
  EXPECT_EQ(sections_of(shape, SectionRule::fa3_varlen, GroupPacking::always).columns, 8);
  shape.mask = Mask::none;  // in order
  EXPECT_EQ(sections_of(shape, SectionRule::fa3_varlen, GroupPacking::always).columns, 1);
}

/// Two columns of 54 tiles on 108 SMs end with a column's shortest tiles, together with those of both.
TEST(Sections, EndWithTheShortestTilesOfAllHeads) {
  const AttentionShape shape{
      .batch = 1, .heads = 8, .kv_heads = 8, .seq_q = 6912, .seq_kv = 6912, .head_dim = 128, .mask = Mask::causal};
  KernelSpec spec = test::split_kv_spec(1);
  spec.longest_first = true;
  const auto seconds = [&] {
    static Program program;
    test::build_or_throw(program, shape, spec);
    ProgramCounts counts;
    count(program, counts);
    return find_predictor("hierarchical")->predict(test::device(), program, counts)->launches[0].time.value();
  };
  const double column_by_column = seconds();
  spec.sections = SectionRule::fa3_varlen;
  EXPECT_LT(seconds(), column_by_column);
}

}  // namespace
}  // namespace rooftile
