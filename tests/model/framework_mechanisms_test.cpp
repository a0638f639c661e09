// What frameworks' kernels for standard attention cost beside bytes, products and exponentials, each alone:
// model/README.md, section 5.
#include <gtest/gtest.h>

#include "backward_support.hpp"
#include "rooftile/model/predictor.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

constexpr double a100_lanes = 108 * 64 * 1.41e9;  // fp32 or integer results per second of test::device()

/// Standard attention with PyTorch's row kernels.
KernelSpec framework_spec() {
  KernelSpec spec = test::standard_training_spec();
  spec.masks = {Mask::none, Mask::causal};
  spec.softmax = SoftmaxPasses::safe;
  spec.softmax_backward = SoftmaxBackward::product_two_sweeps;
  spec.row_kernels = RowKernels::pytorch;
  return spec;
}
AttentionShape framework_shape(std::int64_t seq, Pass pass = Pass::fwd) {
  return {.batch = 4, .heads = 16, .kv_heads = 16, .seq_q = seq, .seq_kv = seq, .head_dim = 64, .pass = pass};
}
Program program_of(const Workload& workload, const KernelSpec& spec) {
  Program program;
  test::build_or_throw(program, workload, spec);
  return program;
}
std::size_t place_of(const Program& program, std::string_view name) {
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    if (program.launches[l].name == name) return l;
  }
  throw std::runtime_error{"no launch " + std::string{name}};
}
LaunchPrediction predicted(const Program& program, std::string_view name, const Device& device = test::device()) {
  return find_predictor("hierarchical")->predict(device, program)->launches[place_of(program, name)];
}

TEST(FrameworkMechanism, ARowOfPyTorchStandsInAWarpsRegistersOrHasACtaOfItsOwn) {
  const auto threads = [](std::int64_t seq) {
    const Program program = program_of(framework_shape(seq), framework_spec());
    return program.launches[place_of(program, "softmax")].threads;
  };
  EXPECT_EQ(threads(1024), 128);  // four warps, a row each
  EXPECT_EQ(threads(2048), 128);  // half of 256 pieces of 16 bytes
  EXPECT_EQ(threads(4096), 256);
  EXPECT_EQ(threads(8192), 512);
  EXPECT_EQ(threads(65536), 512);
  const auto accesses = [](std::int64_t seq) {
    const Program program = program_of(framework_shape(seq), framework_spec());
    return predicted(program, "softmax").l2_bytes.total().value() / (64.0 * static_cast<double>(seq * seq) * 2);
  };
  EXPECT_DOUBLE_EQ(accesses(1024), 2);  // in, out
  EXPECT_DOUBLE_EQ(accesses(2048), 4);  // maximum, sum, result, out
}

/// Rows that a wave goes through twice fit L2 because there are few of them: a CTA's threads all work on one.
TEST(FrameworkMechanism, LongRowsAreReadAgainFromL2) {
  const Program program = program_of(framework_shape(8192), framework_spec());
  const LaunchPrediction softmax = predicted(program, "softmax");
  EXPECT_DOUBLE_EQ(softmax.dram_bytes.read.value(), 64.0 * 8192 * 8192 * 2);
}

TEST(FrameworkMechanism, SweepsOverRowsSpendFp32InstructionsOnEveryElement) {
  for (const std::int64_t seq : {1000, 8192}) {  // from registers or from memory: three sweeps
    Program program = program_of(framework_shape(seq), framework_spec());
    program.forward.sweep_ops = 100;  // far beyond any other unit
    const double elements = 64.0 * static_cast<double>(seq * seq);
    const double time = predicted(program, "softmax").sm.value();
    EXPECT_NEAR(time, 3 * 100 * elements / a100_lanes, 0.1 * time) << seq;
    Device more_lanes = test::device();
    more_lanes.sm.rates.fma_fp32 = PerCycle{128};
    EXPECT_NEAR(predicted(program, "softmax", more_lanes).sm.value(), time / 2, 0.05 * time) << seq;
    const KernelSpec ours = test::standard_training_spec();
    Program own = program_of(framework_shape(seq), ours);
    const double before = predicted(own, "softmax").time.value();
    own.forward.sweep_ops = 100;
    EXPECT_DOUBLE_EQ(predicted(own, "softmax").time.value(), before);  // ours say themselves what they do
  }
}

TEST(FrameworkMechanism, OperandsThatLieDifferentlyCostIndexArithmetic) {
  KernelSpec spec = framework_spec();
  spec.copies_q_and_k = spec.scales_gradients = true;
  spec.extra_passes = {{.name = "mask", .when = PassCondition::causal, .shared = true, .score_reads = 0},
                       {.name = "mask_add", .when = PassCondition::causal, .reads_shared = true},
                       {.name = "scale"}};
  AttentionShape shape = framework_shape(4096, Pass::fwd_bwd);
  shape.mask = Mask::causal;
  Program program = program_of(shape, spec);
  const double scale = predicted(program, "scale").time.value(), dq = predicted(program, "scale_dq").time.value();
  program.forward.offset_ops = program.backward.offset_ops = 100;
  const double elements = 64.0 * 4096 * 4096;
  const double add = predicted(program, "mask_add").sm.value(), copy = predicted(program, "copy_q").sm.value();
  EXPECT_NEAR(add, 100 * elements / a100_lanes, 0.1 * add);
  EXPECT_NEAR(copy, 100 * elements * 64 / 4096 / a100_lanes, 0.1 * copy);
  EXPECT_DOUBLE_EQ(predicted(program, "scale").time.value(), scale);  // all operands alike: 16 bytes at a time
  EXPECT_DOUBLE_EQ(predicted(program, "scale_dq").time.value(), dq);
}

TEST(FrameworkMechanism, TheRecipeSaysWhichOperandsAreCopiedAndScaled) {
  KernelSpec spec = framework_spec();
  const std::size_t bare = program_of(framework_shape(1024), spec).launches.size();
  spec.copies_q_and_k = spec.copies_v = spec.scales_k = true;
  const Program program = program_of(framework_shape(1024, Pass::fwd_bwd), spec);
  EXPECT_EQ(program_of(framework_shape(1024), spec).launches.size(), bare + 4);
  EXPECT_LT(place_of(program, "scale_k"), place_of(program, "copy_k"));
  EXPECT_NO_THROW((void)place_of(program, "scale_dk"));  // the scale of k is undone
  EXPECT_THROW((void)place_of(program, "scale_dq"), std::runtime_error);
}

TEST(FrameworkMechanism, AProductInWholeTilesComputesTheColumnsThatANarrowOneLacks) {
  KernelSpec spec = test::textbook_spec();
  const auto executed = [&](std::int64_t columns) {
    const GemmShape shape{.batch = 64, .m = 1024, .n = columns, .k = 1024};
    return find_predictor("hierarchical")->predict(test::device(), program_of(shape, spec))->executed_flops.value();
  };
  EXPECT_DOUBLE_EQ(executed(128), 2 * executed(64));
  for (TileRow& row : spec.tiles) row.whole_tiles = true;
  EXPECT_DOUBLE_EQ(executed(128), executed(64));
}

TEST(FrameworkMechanism, ATileRowCanBeForSomeElementTypesOnly) {
  KernelSpec spec = test::textbook_spec();
  TileRow single = spec.tiles.front();
  single.dtypes = {DType::fp32};
  single.bk = 8;
  spec.tiles.insert(spec.tiles.begin(), single);
  const auto depth = [&](DType dtype) {
    return select_tile(spec, test::device(), 1, Mask::none, {}, false, Pass::fwd, dtype)->bk;
  };
  EXPECT_EQ(depth(DType::fp32), 8);
  EXPECT_NE(depth(DType::fp16), 8);
}

TEST(FrameworkMechanism, EachPassTakesTheConstantsThatWereFittedToIt) {
  Program program = program_of(framework_shape(4096, Pass::fwd_bwd), framework_spec());
  const double qk = predicted(program, "qk").time.value(), dp = predicted(program, "dp").time.value();
  const double sums = predicted(program, "softmax_backward").time.value();
  program.forward.tile_factor = 8;
  EXPECT_GT(predicted(program, "qk").time.value(), 1.2 * qk);
  EXPECT_DOUBLE_EQ(predicted(program, "dp").time.value(), dp);
  program.backward.tile_factor = 8;
  program.backward.sweep_ops = 100;
  EXPECT_GT(predicted(program, "dp").time.value(), 1.2 * dp);
  EXPECT_GT(predicted(program, "softmax_backward").time.value(), 1.2 * sums);
}

TEST(FrameworkMechanism, AProductAloneTakesTheConstantsOfItsRegime) {
  KernelSpec spec = test::textbook_spec();
  const GemmShape shape{.batch = 64, .m = 1024, .n = 1024, .k = 64};
  EXPECT_EQ(fitted_regime(shape), Regime::alone);
  EXPECT_EQ(fitted_regime(SoftmaxShape{}), Regime::alone);
  EXPECT_EQ(program_of(shape, spec).forward, Calibration{});
  spec.calibration.of(Regime::alone).emplace().constants.trip_factor = 2;
  EXPECT_EQ(program_of(shape, spec).forward.trip_factor, 2);
  EXPECT_EQ(program_of(framework_shape(1024), framework_spec()).forward, Calibration{});
}

}  // namespace
}  // namespace rooftile
