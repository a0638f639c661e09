// CTAs of flash3 that stay: few SMs and many tiles, so that each goes from tile to tile with what its mbarriers,
// buffers and turns have left; tiles that see no key among them, ragged ends, batches, sections of heads; all against
// float64, in orders that go through all four modes of asynchronous work.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "support.hpp"

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
    EXPECT_EQ(faults_of(record), "");
    EXPECT_EQ(bank_conflicts_of(record), 0);
    EXPECT_LE(record.launches.at(0).ctas, call.sms);
    if (seed == 0) {
      const Accuracy error = run.accuracy();
      const Tolerance allowed = tolerance_of("rt_flash3", call.element);
      EXPECT_LE(error.relative, allowed.relative);
      EXPECT_LE(error.lse, allowed.lse);
      o = run.o();
      lse = run.lse();
    }
    EXPECT_EQ(run.o(), o) << "the result depends on the order";
    EXPECT_EQ(run.lse(), lse) << "the result depends on the order";
  }
}

struct Walk {
  int batch, heads, kv_heads, seq_q, seq_kv, sms;
};
/// Blocks per tile: two or three; none for the first tiles, then one; one or two; the last tile has a row.
constexpr Walk walks[] = {
    {2, 3, 1, 200, 300, 3}, {1, 2, 2, 700, 130, 2}, {2, 2, 1, 385, 200, 5}, {1, 3, 3, 257, 257, 1}};

class Flash3CtasThatStay : public testing::TestWithParam<int> {};

TEST_P(Flash3CtasThatStay, GoFromTileToTile) {
  const int head_dim = GetParam();
  for (const Walk& s : walks) {
    for (const bool causal : {false, true}) {
      expect_the_same_in_every_order({.element = causal ? Element::fp16 : Element::bf16,
                                      .batch = s.batch,
                                      .heads = s.heads,
                                      .kv_heads = s.kv_heads,
                                      .seq_q = s.seq_q,
                                      .seq_kv = s.seq_kv,
                                      .head_dim = head_dim,
                                      .causal = causal,
                                      .sms = s.sms});
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
