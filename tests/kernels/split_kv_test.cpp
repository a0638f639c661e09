// Decoding on long caches: as many parts as the merge takes, groups of any size, the numbers of parts that GPUs of
// other sizes get; all against float64.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "numerics.hpp"

namespace rooftile::kernels {
namespace {

/// Parts of the keys: a partial O for each.
int parts_of(const AttentionCall& call) {
  const Tensors tensors = tensors_of("rt_split_kv", call);
  return tensors.count > first_workspace ? tensors[first_workspace].batch / call.batch : 1;
}

void expect_right(const AttentionCall& call) {
  SCOPED_TRACE(describe(call) + " on " + std::to_string(call.sms) + " SMs");
  HostCall run{"rt_split_kv", call};
  run.fill(5);
  expect_healthy(run.execute({.seed = 3, .resident = 4}));
  expect_float64("rt_split_kv", run);
}

struct LongCache {
  int seq_kv, head_dim, sms, parts;
};
/// Two query tiles; a block of keys is 256, 128 and 64 long. 33000 keys are 129 blocks: more than 65 parts would leave
/// the longest two blocks all the same. 128 parts are the most.
constexpr LongCache long_caches[] = {{9000, 64, 108, 36},  {33000, 64, 108, 65}, {32768, 64, 132, 128},
                                     {9000, 128, 108, 71}, {9000, 256, 108, 71}, {9000, 256, 4, 4},
                                     {9000, 128, 2, 2},    {9000, 128, 1, 1}};

TEST(SplitKv, MergesAsManyPartsAsTheGpuHasPlacesFor) {
  for (const LongCache& cache : long_caches) {
    const AttentionCall call{.element = cache.head_dim == 128 ? Element::bf16 : Element::fp16,
                             .heads = 4,
                             .kv_heads = 2,
                             .seq_kv = cache.seq_kv,
                             .head_dim = cache.head_dim,
                             .sms = cache.sms};
    EXPECT_EQ(parts_of(call), cache.parts) << describe(call) << " on " << cache.sms << " SMs";
    expect_right(call);
  }
}

/// Groups that fill a tile, that do not, that need two, and a prime one that shares nothing; some queries each.
TEST(SplitKv, SharesATileAmongTheHeadsOfAnyGroup) {
  for (const int group : {1, 2, 5, 8, 33, 64, 70, 71, 96}) {
    for (const int seq_q : {1, 3, 17}) {
      for (const bool causal : {false, true}) {
        if (sanitized && (seq_q == 3) == causal) continue;
        expect_right({.batch = 2, .heads = group, .kv_heads = 1, .seq_q = seq_q, .seq_kv = 700, .causal = causal});
      }
    }
  }
}

/// exp(L_s - M) of a part whose scores are lower by 200 is 0 in fp32; of one that is higher, the others'.
TEST(SplitKv, OnePartMayOutweighAllOthers) {
  const AttentionCall call{.seq_kv = 1024};
  ASSERT_GT(parts_of(call), 1);
  for (const int loud : {0, 300, 1023}) {
    HostCall run{"rt_split_kv", call};
    run.fill(1);
    auto &q = run.input(tensor_q), &k = run.input(tensor_k), &v = run.input(tensor_v);
    const std::size_t row = static_cast<std::size_t>(loud) * 64;
    for (std::size_t i = 0; i < 64; ++i) {
      q[i] = 0x4500;        // 5
      k[row + i] = 0x4500;  // a score of 200
      v[row + i] = 0x4200;  // 3
    }
    EXPECT_EQ(faults_of(run.execute()), "");
    for (const float o : run.o()) ASSERT_EQ(o, 3.f) << loud;
    EXPECT_NEAR(run.lse()[0], 200, 1e-3) << loud;
  }
}

}  // namespace
}  // namespace rooftile::kernels
