// CTAs of flash3 that stay: few SMs and many tiles, so that each goes from tile to tile with what its mbarriers,
// buffers and turns have left; tiles that see no key among them, ragged ends, batches, sections of heads; all against
// float64, in orders that go through all four modes of asynchronous work.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "numerics.hpp"

namespace rooftile::kernels {
namespace {

constexpr std::uint64_t orders = 4;

void expect_the_same_in_every_order(const AttentionCall& call) {
  SCOPED_TRACE(describe(call) + " on " + std::to_string(call.sms) + " SMs");
  HostCall run{"rt_flash3", call};
  run.fill(7);
  std::vector<float> o, lse;
  for (std::uint64_t seed = 0; seed < orders && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Execution record = run.execute({.seed = seed, .resident = static_cast<int>(seed % 3 + 1)});
    expect_healthy(record);
    EXPECT_LE(record.launches.at(0).ctas, call.sms);
    if (seed == 0) {
      expect_float64("rt_flash3", run);
      o = run.o();
      lse = run.lse();
    }
    EXPECT_EQ(run.o(), o) << "the result depends on the order";
    EXPECT_EQ(run.lse(), lse) << "the result depends on the order";
  }
}

struct Walk {
  CallShape shape;
  int sms;
};
/// Blocks per tile: two or three; none for the first tiles, then one; one or two; the last tile has a row.
constexpr Walk walks[] = {
    {{3, 1, 200, 300, 2}, 3}, {{2, 2, 700, 130}, 2}, {{2, 1, 385, 200, 2}, 5}, {{3, 3, 257, 257}, 1}};

class Flash3CtasThatStay : public testing::TestWithParam<int> {};

TEST_P(Flash3CtasThatStay, GoFromTileToTile) {
  const int head_dim = GetParam();
  for (const auto& [shape, sms] : walks) {
    for (const bool causal : {false, true}) {
      AttentionCall call = call_of({{"rt_flash3"}, causal ? Element::fp16 : Element::bf16, head_dim, causal}, shape);
      call.sms = sms;
      expect_the_same_in_every_order(call);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(HeadDims, Flash3CtasThatStay, testing::Values(64, 128, 256),
                         testing::PrintToStringParamName());

/// 12.3 MB of keys and values per head: sections of two heads and, at last, one.
TEST(Flash3Sections, AreGoneThroughOneAfterTheOther) {
  const AttentionCall call{
      .heads = 3, .kv_heads = 3, .seq_q = 130, .seq_kv = 12000, .head_dim = 256, .causal = true, .sms = 2};
  HostCall run{"rt_flash3", call};
  run.fill(7);
  EXPECT_EQ(faults_of(run.execute({.seed = 3})), "");
  EXPECT_LE(run.accuracy().relative, tolerance_of("rt_flash3", call.element).relative);
}

}  // namespace
}  // namespace rooftile::kernels
