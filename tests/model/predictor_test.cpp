// What predictors say where the answer is known in advance.
#include "rooftile/model/predictor.hpp"

#include <gtest/gtest.h>

#include "rooftile/model/device_leaves.hpp"
#include "rooftile/model/occupancy.hpp"
#include "rooftile/model/program_writer.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;

Prediction predict(const Device& device, const Workload& workload, const KernelSpec& spec, std::string_view predictor,
                   L2State l2 = L2State::cold) {
  Program program;
  EXPECT_TRUE(build(program, device, workload, spec));
  program.l2 = l2;
  return find_predictor(predictor)->predict(device, program).value();
}

std::string refusal(const Device& device, const Workload& workload, const KernelSpec& spec, SpecOverrides tile = {}) {
  Program program;
  if (auto built = build(program, device, workload, spec, tile); !built) {
    return std::string{name_of(built.error().status)} + ": " + built.error().reason;
  }
  const auto prediction = find_predictor("hierarchical")->predict(device, program);
  return prediction ? "ok" : std::string{name_of(prediction.error().status)} + ": " + prediction.error().reason;
}

TEST(Roofline, GemmIsComputeBoundBeyondTheRidge) {
  // QKᵀ as a GEMM on 312 TFLOP/s and 1555 GB/s: 2N²d / (2Nd + 2Nd + 2N²) FLOP/byte against the ridge of 201
  Device device = test::device();
  device.memory.dram.bandwidth = BytesPerSecond{1.555e12};
  struct Row {
    Int n, d;
    double intensity;
    bool compute_bound;
  };
  for (const Row& row : {Row{256, 128, 64, false}, Row{1024, 128, 102.4, false}, Row{4096, 128, 120.47, false},
                         Row{256, 256, 85.33, false}, Row{1024, 256, 170.67, false}, Row{4096, 256, 227.56, true},
                         Row{256, 512, 102.4, false}, Row{1024, 512, 256, true}, Row{4096, 512, 409.6, true}}) {
    const Prediction p =
        predict(device, GemmShape{.m = row.n, .n = row.n, .k = row.d}, test::standard_spec(), "roofline");
    EXPECT_NEAR((p.executed_flops / p.dram.total()).value(), row.intensity, 0.01) << row.n << " " << row.d;
    EXPECT_EQ(p.bound == Limit::tensor, row.compute_bound) << row.n << " " << row.d;
  }
  EXPECT_NEAR(ridge(device, DType::fp16).value(), 200.6, 0.1);
}

TEST(Roofline, TimeIsBytesOverBandwidthOrFlopOverPeak) {
  const Device device = test::device();
  const Prediction p = predict(device, GemmShape{.m = 4096, .n = 4096, .k = 512}, test::standard_spec(), "roofline");
  EXPECT_DOUBLE_EQ(p.time.value(), 2.0 * 4096 * 4096 * 512 / (2048 * 1.41e9 * 108));
  const Prediction q = predict(device, GemmShape{.m = 4096, .n = 4096, .k = 32}, test::standard_spec(), "roofline");
  EXPECT_DOUBLE_EQ(q.time.value(), 2.0 * (2 * 4096 * 32 + 4096 * 4096) / 2.039e12);
}

/// Residency decides which re-reads leave L2: 8 heads, N = 4096, d = 64, 128-row tiles; Q, K, V are 4 MiB each.
/// Waves of 1, 16 and 216 CTAs begin K and V of a head anew 256, 16 and 9 times; 1 MiB each time.
TEST(Hierarchical, DramReadsDependOnResidency) {
  struct Row {
    Int sms;
    double l2_mib;
    double expected_mib;
  };
  for (const Row& row :
       {Row{216, 40, 12}, Row{216, 0.25, 4 + 9}, Row{16, 0.25, 4 + 16}, Row{1, 0.25, 4 + 256}, Row{1, 40, 12}}) {
    Device device = test::device();
    device.sm.count = Count{static_cast<double>(row.sms)};
    device.sm.max_ctas = Count{1};  // one CTA per SM: the wave is the number of SMs
    device.memory.l2.capacity = Bytes{row.l2_mib * 1048576};
    const AttentionShape shape{.batch = 1, .heads = 8, .kv_heads = 8, .seq_q = 4096, .seq_kv = 4096, .head_dim = 64};
    const Prediction p = predict(device, shape, test::flash2_spec(), "hierarchical");
    EXPECT_DOUBLE_EQ(p.dram.read.value() / 1048576, row.expected_mib) << row.sms << " SMs, L2 " << row.l2_mib << " MiB";
  }
}

TEST(Hierarchical, ScoresThatFitStayInL2) {
  // N = 512: S and P of 4 heads are 2 MiB each, far below 40 MiB: only inputs are read from DRAM
  const AttentionShape small{.batch = 1, .heads = 4, .kv_heads = 4, .seq_q = 512, .seq_kv = 512, .head_dim = 64};
  const Prediction p = predict(test::device(), small, test::standard_spec(), "hierarchical");
  EXPECT_DOUBLE_EQ(p.dram.read.value(), 3.0 * 4 * 512 * 64 * 2);
  // N = 4096: S of 16 heads is 512 MiB: softmax and PV read it from DRAM
  const AttentionShape large{.batch = 1, .heads = 16, .kv_heads = 16, .seq_q = 4096, .seq_kv = 4096, .head_dim = 64};
  const double scores = 16.0 * 4096 * 4096 * 2;
  const Prediction q = predict(test::device(), large, test::standard_spec(), "hierarchical");
  EXPECT_GT(q.dram.read.value(), 2 * scores);
  EXPECT_LT(q.dram.read.value(), 2.2 * scores);  // the row stays in L2 between the sweeps of safe softmax
}

TEST(Hierarchical, WarmInputsThatFitAreNotReadAgain) {
  const AttentionShape s{.batch = 1, .heads = 8, .kv_heads = 8, .seq_q = 1024, .seq_kv = 1024, .head_dim = 64};
  EXPECT_DOUBLE_EQ(predict(test::device(), s, test::flash2_spec(), "hierarchical", L2State::warm).dram.read.value(), 0);
  EXPECT_GT(predict(test::device(), s, test::flash2_spec(), "hierarchical").dram.read.value(), 0);
}

TEST(Hierarchical, SmallCallsAreBoundByLaunch) {
  const AttentionShape s{.batch = 1, .heads = 1, .kv_heads = 1, .seq_q = 16, .seq_kv = 16, .head_dim = 64};
  KernelSpec spec = test::standard_spec();
  const Prediction stream = predict(test::device(), s, spec, "hierarchical");
  EXPECT_EQ(stream.bound, Limit::launch);
  EXPECT_NEAR(stream.time.value(), 3 * 2.62e-6, 1e-12);
  spec.launch = LaunchStyle::framework;
  const Prediction eager = predict(test::device(), s, spec, "hierarchical");
  EXPECT_NEAR(eager.time.value(), 3 * 10e-6, 1e-12);
}

TEST(Hierarchical, LongAttentionIsBoundByTheTensorCores) {
  const AttentionShape s{.batch = 8, .heads = 32, .kv_heads = 8, .seq_q = 8192, .seq_kv = 8192, .head_dim = 128};
  const Prediction p = predict(test::device(), s, test::flash2_spec(), "hierarchical");
  EXPECT_EQ(p.bound, Limit::tensor);
  // two residents: MMA at 95 % of peak plus the exponentials that exclude it, 4/0.95 : 1 at d = 128
  const double mma = p.executed_flops.value() / (2048 * 0.95 * 1.41e9 * 108);
  const double ex2 = p.executed_flops.value() / (4 * 128) / (16 * 1.41e9 * 108);
  EXPECT_NEAR(p.time.value(), mma + ex2, 0.02 * p.time.value());
}

TEST(Hierarchical, WavesQuantiseEqualCtas) {
  // one CTA more than a wave costs a whole trip through a CTA; exactly twice the CTAs of a full wave cost twice, but
  // for what the second wave begins under the first one's trips, and its queries, which come meanwhile
  const auto time = [](Int heads) {
    const AttentionShape s{.batch = 1, .heads = heads, .kv_heads = 1, .seq_q = 128, .seq_kv = 8192, .head_dim = 128};
    return predict(test::device(), s, test::flash2_spec(), "hierarchical").time.value();
  };
  const Dram& dram = test::device().memory.dram;
  const double queries = 216 * 128 * 128 * 2 / (dram.bandwidth.value() * dram.sustained_fraction.value());
  EXPECT_NEAR(time(2 * 216), 2 * time(216) - queries, 3e-3 * time(216));
  EXPECT_NEAR(time(217), time(216) + time(1), 1e-3 * time(217));
}

TEST(Occupancy, FollowsTheScarcestResource) {
  Program program;
  ProgramWriter w{program};
  const Device device = test::device();
  const auto resident = [&](LaunchResources resources) {
    return occupancy(device, w.launch("x", resources, {{"cta", 1}}));
  };
  EXPECT_EQ(resident({128, 255, 65536}).resident, 2);  // 64 + 1 KiB of 164: 2
  EXPECT_EQ(resident({128, 255, 0}).resident, 2);      // 256 registers allocated x 128 threads: 2
  EXPECT_EQ(resident({128, 128, 0}).resident, 4);
  EXPECT_EQ(resident({1024, 32, 0}).resident, 2);            // threads
  EXPECT_EQ(resident({32, 16, 0}).resident, 32);             // CTA limit
  EXPECT_EQ(resident({128, 32, 20 * 1024 + 1}).by_smem, 7);  // rounded up to 128 B, plus 1 KiB each
}

TEST(Refusal, NamesWhatDoesNotFit) {
  const Device a100 = test::device();
  const AttentionShape s{.batch = 1, .heads = 1, .kv_heads = 1, .seq_q = 4096, .seq_kv = 4096, .head_dim = 128};
  EXPECT_EQ(refusal(a100, s, test::flash2_spec()), "ok");
  EXPECT_EQ(refusal(a100, s, test::flash2_spec(), {64, 256}), "ok");  // 144 KiB
  EXPECT_EQ(refusal(a100, s, test::flash2_spec(), {512, 64}),
            "infeasible: flash2 needs 891 registers per thread, test_a100 has 255");
  EXPECT_EQ(refusal(a100, s, test::flash2_spec(), {512, 128}),
            "infeasible: flash2 needs 192 KiB of shared memory per CTA, test_a100 has 163 KiB");
  AttentionShape wide = s;
  wide.head_dim = 512;
  EXPECT_EQ(refusal(a100, wide, test::flash2_spec()), "unsupported: head_dim 512 is outside rt_flash2 (up to 256)");
  AttentionShape fp32 = s;
  fp32.dtype = DType::fp32;
  EXPECT_EQ(refusal(a100, fp32, test::flash2_spec()), "unsupported: dtype fp32 is outside rt_flash2 (fp16, bf16)");
  AttentionShape backward = s;
  backward.pass = Pass::bwd;
  EXPECT_EQ(refusal(a100, backward, test::flash2_spec()), "unsupported: pass bwd is outside rt_flash2 (fwd)");
  AttentionShape padded = s;
  padded.mask = Mask::key_padding;
  EXPECT_EQ(refusal(a100, padded, test::flash2_spec()),
            "unsupported: mask key_padding is outside rt_flash2 (none, causal)");
  AttentionShape dropped = s;
  dropped.dropout = 0.1;
  EXPECT_EQ(refusal(a100, dropped, test::flash2_spec()), "unsupported: rt_flash2 has no dropout");
  AttentionShape huge = s;
  huge.heads = huge.kv_heads = 64;
  huge.seq_q = huge.seq_kv = 65536;
  EXPECT_EQ(refusal(a100, huge, test::standard_spec()), "infeasible: tensors need 1.1 TB of DRAM, test_a100 has 80 GB");
  EXPECT_EQ(refusal(a100, AttentionShape{.seq_q = 100, .seq_kv = 100000, .head_dim = 64},
                    test::standard_spec(SoftmaxPasses::fused)),
            "infeasible: softmax needs 200 kB of shared memory per CTA, test_a100 has 163 KiB");
  KernelSpec hopper = test::flash2_spec();
  hopper.from = {9, 0};
  EXPECT_EQ(refusal(a100, s, hopper),
            "unsupported: rt_flash2 is built for compute capability 9.0 to 99.9, test_a100 has 8.0");
  hopper.what_if_anywhere = true;
  EXPECT_EQ(refusal(a100, s, hopper), "ok");
  EXPECT_EQ(refusal(a100, GemmShape{}, test::flash2_spec()), "unsupported: rt_flash2 has no gemm of its own");
}

TEST(Predictors, MissingLeavesAreNamed) {
  Device device = test::device();
  device.memory.l2.bandwidth = BytesPerCycle::unknown();
  device.clock.tensor_boost = Hertz::unknown();
  Program program;
  test::build_or_throw(program, AttentionShape{}, test::flash2_spec());
  const std::vector<std::string_view> expected{"clock.tensor_boost", "memory.l2.bandwidth"};
  EXPECT_EQ(missing_leaves(*find_predictor("hierarchical"), device, program), expected);
  EXPECT_EQ(missing_leaves(*find_predictor("roofline"), device, program),
            std::vector<std::string_view>{"clock.tensor_boost"});
  EXPECT_TRUE(missing_leaves(*find_predictor("hierarchical"), test::device(), program).empty());
}

TEST(Predictors, EveryNeedIsALeaf) {
  Program program;
  test::build_or_throw(program, AttentionShape{}, test::flash2_spec());
  Device nothing;
  for (const Predictor* predictor : predictors()) {
    for (const DType dtype : {DType::fp16, DType::bf16, DType::fp32, DType::fp8_e4m3}) {
      program.dtype = dtype;
      for (const std::string_view path : predictor->needs(program)) EXPECT_NE(find_leaf(path), nullptr) << path;
      EXPECT_EQ(missing_leaves(*predictor, nothing, program).size(), predictor->needs(program).size());
    }
  }
}

}  // namespace
}  // namespace rooftile
