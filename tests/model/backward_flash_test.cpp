// The backward passes of FlashAttention-1, -2 and -3, against the formulas at the head of their builders.
#include <gtest/gtest.h>

#include <random>

#include "backward_support.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;
using Names = std::vector<std::string>;
using test::backward_of;
using test::element;
using test::fp32;
using test::predict;
using test::roomy_device;

// ---- FlashAttention-2 ---------------------------------------------------------------------------------------------

struct Tiles {
  Int br, bc;
};
Tiles flash2_tiles(Int d) { return {d <= 64 ? 128 : 64, 128}; }

TEST(Flash2Backward, MovesWhatAlgorithm2Moves) {
  for (const auto& [n, nk, d, heads, kv_heads] : std::vector<std::array<Int, 5>>{
           {1024, 1024, 64, 3, 3}, {1000, 700, 128, 3, 3}, {129, 4096, 80, 6, 2}, {1, 1, 64, 4, 1}}) {
    const AttentionShape s = backward_of(n, nk, d, heads, kv_heads);
    Program program;
    const ProgramCounts counts = test::counted(program, s, test::flash2_training_spec());
    const auto [br, bc] = flash2_tiles(d);
    const Int all = s.batch * heads, tr = ceil_div(n, br), tc = ceil_div(nk, bc), compiled = d <= 64 ? 64 : 128;
    const auto use = [&](const char* launch, const char* tensor) {
      return test::use_of(program, counts, launch, tensor);
    };
    const auto stored_keys = [&](const char* name) { return use("flash2_backward", name).stored; };
    const bool grouped = heads != kv_heads;
    EXPECT_EQ(use("flash2_backward", "K").loaded, all * nk * d * element) << describe(s);
    EXPECT_EQ(use("flash2_backward", "V").loaded, all * nk * d * element);
    EXPECT_EQ(use("flash2_backward", "Q").loaded, all * tc * n * d * element);
    EXPECT_EQ(use("flash2_backward", "dO").loaded, all * tc * n * d * element);
    EXPECT_EQ(use("flash2_backward", "LSE").loaded, all * tc * n * fp32);
    EXPECT_EQ(use("flash2_backward", "D").loaded, all * tc * n * fp32);
    EXPECT_EQ(use("flash2_backward", "dQ_sum").stored, all * tc * tr * br * compiled * fp32);
    EXPECT_EQ(stored_keys(grouped ? "dK_repeated" : "dK"), all * nk * d * element);
    EXPECT_EQ(stored_keys(grouped ? "dV_repeated" : "dV"), all * nk * d * element);
    EXPECT_EQ(use("delta", "O").loaded, all * n * d * element);
    EXPECT_EQ(use("delta", "dO").loaded, all * n * d * element);
    EXPECT_EQ(use("delta", "D").stored, all * n * fp32);
    EXPECT_EQ(use("delta", "dQ_sum").stored, all * tr * br * compiled * fp32);
    EXPECT_EQ(use("convert_dq", "dQ_sum").loaded, all * tr * br * compiled * fp32);
    EXPECT_EQ(use("convert_dq", "dQ").stored, all * n * d * element);
    if (!grouped) continue;
    for (const auto& [launch, from, to] :
         {std::array{"sum_dk", "dK_repeated", "dK"}, std::array{"sum_dv", "dV_repeated", "dV"}}) {
      EXPECT_EQ(use(launch, from).loaded, all * nk * d * element);
      EXPECT_EQ(use(launch, to).stored, s.batch * kv_heads * nk * d * element);
    }
  }
}

TEST(Flash2Backward, LaunchesAsTheShippedCode) {
  Program program;
  KernelSpec spec = test::flash2_training_spec();
  test::build_or_throw(program, backward_of(512, 512, 64), spec);
  EXPECT_EQ(test::launch_names(program), (Names{"delta", "flash2_backward", "convert_dq"}));
  test::build_or_throw(program, backward_of(512, 512, 64, 4, 2), spec);
  EXPECT_EQ(test::launch_names(program), (Names{"delta", "flash2_backward", "convert_dq", "sum_dk", "sum_dv"}));
  spec.deterministic = true;
  test::build_or_throw(program, backward_of(512, 512, 64), spec);
  EXPECT_EQ(test::launch_names(program), (Names{"zero_dq", "delta", "flash2_backward", "convert_dq"}));
}

/// With the group inside a CTA nothing is left to add up, and without atomics nothing to zero or to convert.
TEST(Flash2Backward, LaunchesOfOurKernels) {
  Program program;
  KernelSpec spec = test::flash2_training_spec();
  spec.sums_group = true;
  test::build_or_throw(program, backward_of(512, 512, 64, 4, 2), spec);
  EXPECT_EQ(test::launch_names(program), (Names{"delta", "flash2_backward", "convert_dq"}));
  spec.deterministic = true;
  test::build_or_throw(program, backward_of(512, 512, 64, 4, 2), spec);
  EXPECT_EQ(test::launch_names(program), (Names{"delta", "flash2_backward", "flash2_grad_q"}));
}

/// A block of keys meets the tiles that hold a row which sees its first key, and those behind.
TEST(Flash2Backward, CausalTripsEqualTheMaskItself) {
  std::mt19937 random{7};
  const auto pick = [&](Int low, Int high) { return std::uniform_int_distribution<Int>{low, high}(random); };
  for (int n = 0; n < 300; ++n) {
    AttentionShape s = backward_of(pick(1, 900), pick(1, 900), 128, 1, 1);
    s.batch = 1;
    s.mask = Mask::causal;
    const auto [br, bc] = flash2_tiles(128);
    Int expected = 0;
    for (Int key = 0; key < s.seq_kv; key += bc) {
      for (Int q = 0; q < s.seq_q; q += br) expected += static_cast<Int>(q + br - 1 + s.causal_offset() >= key);
    }
    Program program;
    const ProgramCounts counts = test::counted(program, s, test::flash2_training_spec());
    EXPECT_EQ(counts.launch[1].trips[0], expected) << describe(s);
    EXPECT_EQ(counts.launch[1].work_of(OpKind::mma), static_cast<double>(expected * 10 * br * bc * 128));
  }
}

/// Comments of flash_bwd_launch_template.h (Dao-AILab/flash-attention) give these sizes.
TEST(Flash2Backward, SharedMemoryIsThatOfTheSource) {
  struct Row {
    Int d, br, bc;
    bool v_in_registers;
    int stages;
    Int kib;
  };
  for (const Row& row :
       {Row{32, 128, 128, false, 2, 104}, Row{32, 128, 128, true, 2, 96}, Row{64, 128, 128, false, 2, 144},
        Row{96, 64, 128, true, 2, 92}, Row{96, 64, 128, false, 2, 116}, Row{128, 64, 128, false, 2, 144},
        Row{192, 64, 64, false, 2, 136}, Row{256, 64, 64, false, 2, 176}, Row{256, 64, 64, false, 1, 144}}) {
    KernelSpec spec = test::flash2_training_spec();
    TileRow tile = test::tile_row(row.d, row.br, row.bc, 8, Pass::bwd);
    tile.stages = row.stages;
    tile.v_in_registers = row.v_in_registers;
    spec.tiles = {tile};
    Program program;
    test::build_or_throw(program, backward_of(256, 256, row.d), spec);
    EXPECT_EQ(program.launches[1].smem, row.kib * 1024) << row.d;
  }
}

TEST(Flash2Backward, DeterministicModeKeepsASumPerCtaOfAHead) {
  const AttentionShape s = backward_of(1000, 3000, 128, 5, 5);
  KernelSpec spec = test::flash2_training_spec();
  Program program;
  const ProgramCounts atomics = test::counted(program, s, spec);
  const TensorUse together = test::use_of(program, atomics, "flash2_backward", "dQ_sum");
  const Int queries_loaded = test::use_of(program, atomics, "flash2_backward", "Q").loaded;
  spec.deterministic = true;
  const ProgramCounts counts = test::counted(program, s, spec);
  const Int splits = 11;  // ceil(108 SMs / 10 heads)
  const Int sum = 10 * 1024 * 128 * fp32;
  const TensorUse apart = test::use_of(program, counts, "flash2_backward", "dQ_sum");
  EXPECT_EQ(apart.stored, together.stored);
  EXPECT_EQ(counts.launch[2].ctas, splits * 10);
  EXPECT_EQ(test::use_of(program, counts, "zero_dq", "dQ_sum").stored, splits * sum);
  EXPECT_EQ(test::use_of(program, counts, "convert_dq", "dQ_sum").loaded, splits * sum);
  EXPECT_EQ(test::use_of(program, counts, "delta", "dQ_sum").stored, 0);
  EXPECT_EQ(test::use_of(program, counts, "flash2_backward", "Q").loaded, queries_loaded);
}

/// The first block of keys meets most queries: in grid order the longest CTAs come first, which ends evenly.
TEST(Flash2Backward, CausalCtasAreHandedOutLongestFirst) {
  AttentionShape s = backward_of(8192, 8192, 64, 16, 16);
  s.mask = Mask::causal;
  Program program;
  test::build_or_throw(program, s, test::flash2_training_spec());
  const auto time = [&] {
    return find_predictor("hierarchical")->predict(test::device(), program).value().launches[1].time;
  };
  const Seconds in_grid_order = time();
  program.launches[1].axes[0].descending = true;
  EXPECT_LT(in_grid_order, time());
}

/// What an atomic costs: one request of its bytes to L2; from DRAM a read and a write of every byte that L2 does not
/// hold.
TEST(Flash2Backward, AtomicsReadWhatTheyWrite) {
  const AttentionShape s = backward_of(4096, 4096, 64, 4, 4);
  const KernelSpec spec = test::flash2_training_spec();
  Program program;
  const ProgramCounts counts = test::counted(program, s, spec);
  const Int sum = 8 * 4096 * 64 * fp32;
  const TensorUse use = test::use_of(program, counts, "flash2_backward", "dQ_sum");
  EXPECT_EQ(use.stored, 32 * sum);    // once per block of keys
  EXPECT_EQ(use.swept_updates, sum);  // CTAs of a head run together
  EXPECT_EQ(use.swept_stores, sum);
  EXPECT_EQ(use.loaded, 0);
  const Prediction roofline = predict(s, spec, roomy_device(), "roofline");
  Int swept_loads = 0;
  for (const TensorUse& u : counts.uses_of(1)) swept_loads += u.swept_loads;
  EXPECT_DOUBLE_EQ(roofline.launches[1].dram_bytes.read.value(), static_cast<double>(swept_loads + sum));

  Device device = roomy_device();
  device.memory.l2.capacity = Bytes{1e12};  // the sum is still there when the main kernel comes
  const Prediction large = predict(s, spec, device);
  const double inputs = 2.0 * 8 * 4096 * 64 * element + 8.0 * 4096 * fp32;  // K, V; LSE: Q and dO ... D were touched
  EXPECT_DOUBLE_EQ(large.launches[1].dram_bytes.read.value(), inputs + 8.0 * 4096 * 64 * element);  // and Q
  device.memory.l2.capacity = Bytes{8e6};  // it is not, but a wave's part of it stays while the wave runs
  const Prediction small = predict(s, spec, device);
  EXPECT_GE(small.launches[1].dram_bytes.read.value(),
            large.launches[1].dram_bytes.read.value() + static_cast<double>(sum));
  EXPECT_DOUBLE_EQ(small.launches[1].l2_bytes.write.value(), large.launches[1].l2_bytes.write.value());
}

// ---- FlashAttention-1 ---------------------------------------------------------------------------------------------

TEST(Flash1Backward, SendsTheSumOfDqThroughMemory) {
  for (const auto& [n, nk, d] :
       std::vector<std::array<Int, 3>>{{1024, 1024, 64}, {1000, 700, 128}, {100, 200, 64}, {1, 256, 64}}) {
    const AttentionShape s = backward_of(n, nk, d);
    Program program;
    const ProgramCounts counts = test::counted(program, s, test::flash1_training_spec());
    const Int all = s.batch * s.heads, tc = ceil_div(nk, d == 64 ? 256 : 128);
    const auto use = [&](const char* tensor) { return test::use_of(program, counts, "flash1_backward", tensor); };
    EXPECT_EQ(test::launch_names(program), Names{"flash1_backward"});
    for (const char* tensor : {"K", "V"}) EXPECT_EQ(use(tensor).loaded, all * nk * d * element) << describe(s);
    for (const char* tensor : {"dK", "dV"}) EXPECT_EQ(use(tensor).stored, all * nk * d * element);
    for (const char* tensor : {"Q", "dO"}) EXPECT_EQ(use(tensor).loaded, all * tc * n * d * element);
    EXPECT_EQ(use("O").loaded, all * n * d * element);
    EXPECT_EQ(use("LSE").loaded, all * tc * n * fp32);
    EXPECT_EQ(use("D").stored, all * n * fp32);
    EXPECT_EQ(use("D").loaded, all * (tc - 1) * n * fp32);
    EXPECT_EQ(use("dQ_sum").loaded, all * (tc - 1) * n * d * fp32);
    EXPECT_EQ(use("dQ_sum").stored, all * (tc - 1) * n * d * fp32);
    EXPECT_EQ(use("dQ").stored, all * n * d * element);
  }
}

/// Where tiles divide blocks, a causal tile is done once, with the block that reaches its diagonal.
TEST(Flash1Backward, CausalTilesAreDoneOnce) {
  for (const auto& [n, nk] : std::vector<std::array<Int, 2>>{{1024, 1024}, {512, 1536}, {2048, 1024}, {1008, 1008}}) {
    AttentionShape s = backward_of(n, nk, 64);
    s.mask = Mask::causal;
    Program program;
    const ProgramCounts counts = test::counted(program, s, test::flash1_training_spec());
    const auto use = [&](const char* tensor) { return test::use_of(program, counts, "flash1_backward", tensor); };
    EXPECT_EQ(use("dQ").stored, 6 * n * 64 * element) << describe(s);  // rows that see no key too
    EXPECT_EQ(use("dQ_sum").stored, use("dQ_sum").loaded) << describe(s);
    EXPECT_EQ(use("O").loaded, 6 * std::min(n, nk) * 64 * element) << describe(s);
  }
}

TEST(Flash1Backward, ReadsTheStatisticsThatTheForwardKeeps) {
  KernelSpec spec = test::flash1_training_spec();
  AttentionShape s = backward_of(512, 512, 64);
  s.pass = Pass::fwd_bwd;
  spec.row_statistics = 2;
  Program program;
  const ProgramCounts counts = test::counted(program, s, spec);
  for (const char* tensor : {"l", "m"}) {
    EXPECT_EQ(test::use_of(program, counts, "flash1_backward", tensor).loaded, 6 * 2 * 512 * fp32) << tensor;
  }
  EXPECT_EQ(test::use_of(program, counts, "flash1_backward", "LSE").loaded, 0);
}

// ---- FlashAttention-3 ---------------------------------------------------------------------------------------------

TEST(Flash3Backward, AddsKeyGradientsOfAGroupInMemory) {
  const AttentionShape s = backward_of(1000, 900, 128, 8, 2);
  Program program;
  const ProgramCounts counts = test::counted(program, s, test::flash3_training_spec());
  EXPECT_EQ(test::launch_names(program),
            (Names{"zero_dk", "zero_dv", "delta", "flash3_backward", "convert_dq", "convert_dk", "convert_dv"}));
  const auto use = [&](const char* launch, const char* tensor) {
    return test::use_of(program, counts, launch, tensor);
  };
  const Int all = s.batch * s.heads, tc = ceil_div(900, 128), tr = ceil_div(1000, 80);
  EXPECT_EQ(use("flash3_backward", "Q").loaded, all * tc * 1000 * 128 * element);
  EXPECT_EQ(use("flash3_backward", "LSE_log2").loaded, all * tc * 1000 * fp32);
  EXPECT_EQ(use("flash3_backward", "LSE").loaded, 0);
  EXPECT_EQ(use("flash3_backward", "dQ_sum").stored, all * tc * tr * 80 * 128 * fp32);
  EXPECT_EQ(use("flash3_backward", "dK_sum").stored, all * tc * 128 * 128 * fp32);
  EXPECT_EQ(use("flash3_backward", "dK_sum").swept_updates, use("flash3_backward", "dK_sum").swept_stores);
  EXPECT_EQ(use("zero_dv", "dV_sum").stored, s.batch * 2 * tc * 128 * 128 * fp32);
  EXPECT_EQ(use("convert_dv", "dV").stored, s.batch * 2 * 900 * 128 * element);
  EXPECT_EQ(use("delta", "LSE").loaded, all * 1000 * fp32);
}

TEST(Flash3Backward, HasThreeRoles) {
  Program program;
  test::build_or_throw(program, backward_of(512, 512, 64), test::flash3_training_spec());
  const Launch& launch = program.launches[1];
  ASSERT_EQ(launch.roles.size(), 3U);
  EXPECT_EQ(launch.roles[0].warps + launch.roles[1].warps + launch.roles[2].warps, 12);
  EXPECT_EQ(launch.threads, 384);
  for (const Loop& loop : launch.loops) EXPECT_EQ(loop.group, 0);
  EXPECT_LE(launch.smem, 227 * 1024);
}

}  // namespace
}  // namespace rooftile
