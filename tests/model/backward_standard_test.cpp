// Standard attention backward: N² passes of every recipe, operands read again by tiles, memory held between the passes.
#include <gtest/gtest.h>

#include "backward_support.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;
using Names = std::vector<std::string>;
using test::backward_of;
using test::element;

Int swept_bytes(const AttentionShape& s, const KernelSpec& spec) {
  Program program;
  const ProgramCounts counts = test::counted(program, s, spec);
  Int total = 0;
  for (const TensorUse& use : counts.uses) total += use.swept_loads + use.swept_stores;
  return total;
}

/// Each launch's inputs and outputs once per sweep: 7N² + 8Nd with rows on chip.
TEST(StandardBackward, MovesSevenToElevenTimesTheScores) {
  struct Row {
    SoftmaxBackward backward;
    Int short_rows, long_rows;  ///< N² passes up to 1024 columns, beyond
  };
  for (const Row& row :
       {Row{SoftmaxBackward::fused, 7, 7}, Row{SoftmaxBackward::two_sweeps, 9, 9},
        Row{SoftmaxBackward::product_fused, 10, 10}, Row{SoftmaxBackward::product_two_sweeps, 10, 11}}) {
    for (const Int n : {128, 1000, 1024, 1025, 4096}) {
      for (const Mask mask : {Mask::none, Mask::causal}) {
        AttentionShape s = backward_of(n, n, 64);
        s.mask = mask;
        const Int passes = n <= 1024 ? row.short_rows : row.long_rows;
        EXPECT_EQ(swept_bytes(s, test::standard_training_spec(row.backward)),
                  6 * (passes * n * n + 8 * n * 64) * element)
            << name_of(row.backward) << " " << n;
      }
    }
  }
}

/// Forward (fused softmax) 4N² + 4Nd and backward.
TEST(StandardBackward, BothPassesMoveTheirSum) {
  for (const auto& [nq, nk] : std::vector<std::array<Int, 2>>{{1000, 1000}, {300, 2000}, {2000, 300}}) {
    AttentionShape s = backward_of(nq, nk, 64);
    s.pass = Pass::fwd_bwd;
    EXPECT_EQ(swept_bytes(s, test::standard_training_spec()), 6 * (11 * nq * nk + 6 * (nq + nk) * 64) * element);
  }
}

TEST(StandardBackward, ProductsRereadTheirOperandsByTiles) {
  const Int nq = 1000, nk = 700, d = 96;
  const AttentionShape s = backward_of(nq, nk, d);
  Program program;
  const ProgramCounts counts = test::counted(program, s, test::standard_training_spec());
  const auto use = [&](const char* launch, const char* tensor) {
    return test::use_of(program, counts, launch, tensor);
  };
  const Int heads = 6, q_tiles = ceil_div(nq, 128), k_tiles = ceil_div(nk, 128);  // d is one tile of columns
  EXPECT_EQ(use("dp", "dO").loaded, heads * k_tiles * nq * d * element);
  EXPECT_EQ(use("dp", "V").loaded, heads * q_tiles * nk * d * element);
  EXPECT_EQ(use("dp", "dS").stored, heads * nq * nk * element);
  EXPECT_EQ(use("dv", "P").loaded, heads * nq * nk * element);
  EXPECT_EQ(use("dv", "dO").loaded, heads * k_tiles * nq * d * element);
  EXPECT_EQ(use("dv", "dV").stored, heads * nk * d * element);
  EXPECT_EQ(use("softmax_backward", "P").loaded, heads * nq * nk * element);
  EXPECT_EQ(use("softmax_backward", "dS").loaded, heads * nq * nk * element);
  EXPECT_EQ(use("softmax_backward", "dS2").stored, heads * nq * nk * element);
  EXPECT_EQ(use("dq", "dS2").loaded, heads * nq * nk * element);
  EXPECT_EQ(use("dq", "K").loaded, heads * q_tiles * nk * d * element);
  EXPECT_EQ(use("dk", "Q").loaded, heads * k_tiles * nq * d * element);
  EXPECT_EQ(use("dk", "dK").stored, heads * nk * d * element);
}

/// S is kept, not made again: four products of the papers' five, on whole tiles.
TEST(StandardBackward, ExecutesFourOfFiveProducts) {
  for (const Int n : {1024, 1000, 77}) {
    const AttentionShape s = backward_of(n, n, 128);
    Program program;
    const ProgramCounts counts = test::counted(program, s, test::standard_training_spec());
    const double executed = test::matmul_flop(program, counts), paper = program.paper_flops.value();
    EXPECT_GE(executed, 0.8 * paper);
    EXPECT_EQ(executed == 0.8 * paper, n == 1024);
  }
}

/// dK and dV of a K/V head add up over its group: inside the product, or behind it where K and V were repeated.
TEST(StandardBackward, GroupsAreAddedUp) {
  const AttentionShape s = backward_of(500, 900, 64, 6, 2);
  KernelSpec spec = test::standard_training_spec();
  Program program;
  ProgramCounts counts = test::counted(program, s, spec);
  const auto use = [&](const char* launch, const char* tensor) {
    return test::use_of(program, counts, launch, tensor);
  };
  EXPECT_EQ(test::launch_names(program), (Names{"dp", "dv", "softmax_backward", "dq", "dk"}));
  EXPECT_EQ(use("dk", "dK").stored, 2 * 2 * 900 * 64 * element);
  EXPECT_EQ(use("dk", "Q").loaded, 2 * 6 * 8 * 500 * 64 * element);
  EXPECT_EQ(use("dv", "P").loaded, 2 * 6 * 500 * 900 * element);
  spec.expands_kv = true;
  counts = test::counted(program, s, spec);
  EXPECT_EQ(test::launch_names(program), (Names{"dp", "dv", "sum_dv", "softmax_backward", "dq", "dk", "sum_dk"}));
  EXPECT_EQ(use("dp", "V_repeated").loaded, 2 * 6 * 4 * 900 * 64 * element);
  EXPECT_EQ(use("dk", "dK_1").stored, 2 * 6 * 900 * 64 * element);
  EXPECT_EQ(use("sum_dk", "dK").stored, 2 * 2 * 900 * 64 * element);
}

KernelSpec eager_spec() {
  KernelSpec spec = test::standard_training_spec(SoftmaxBackward::product_two_sweeps);
  spec.copies_q_and_k = spec.scales_gradients = spec.gathers_gradients = true;
  ExtraPass dropout{.name = "dropout", .place = ExtraPass::Place::after_softmax, .when = PassCondition::dropout};
  dropout.byte_mask_writes = 1;
  ExtraPass undone = dropout;
  undone.name = "dropout_backward";
  undone.pass = Pass::bwd;
  undone.byte_mask_writes = 0;
  undone.byte_mask_reads = 1;
  ExtraPass scale{.name = "scale_backward", .pass = Pass::bwd, .place = ExtraPass::Place::before_softmax};
  spec.extra_passes = {dropout, undone, scale};
  return spec;
}

TEST(StandardBackward, RunsTheRecipeOfTheFramework) {
  AttentionShape s = backward_of(700, 2000, 64);
  s.dropout = 0.1;
  s.pass = Pass::fwd_bwd;
  const KernelSpec spec = eager_spec();  // owns the names of its passes
  Program program;
  const ProgramCounts counts = test::counted(program, s, spec);
  EXPECT_EQ(test::launch_names(program),
            (Names{"copy_q", "copy_k", "qk", "softmax", "dropout", "pv", "dp", "dv", "gather_dv", "dropout_backward",
                   "softmax_product", "softmax_backward", "scale_backward", "dq", "scale_dq", "gather_dq", "dk",
                   "scale_dk", "gather_dk"}));
  const auto use = [&](const char* launch, const char* tensor) {
    return test::use_of(program, counts, launch, tensor);
  };
  const Int scores = 6 * 700 * 2000;
  EXPECT_EQ(use("dropout", "keep").stored, scores);
  EXPECT_EQ(use("dropout_backward", "keep").loaded, scores);
  EXPECT_EQ(use("pv", "S").loaded, scores * element) << "P behind dropout";
  EXPECT_EQ(use("dv", "S").loaded, scores * element) << "and so has dV";
  EXPECT_EQ(use("softmax_backward", "P").loaded, scores * element) << "once: the row sums need the product alone";
  EXPECT_EQ(use("dq", "K_copy").loaded, use("qk", "K_copy").loaded);
  double drawn = 0;
  for (std::size_t l = 0; l < program.launches.size(); ++l) drawn += counts.launch[l].work_of(OpKind::rng);
  EXPECT_GE(drawn, static_cast<double>(scores)) << "in the forward";
  for (std::size_t l = 6; l < program.launches.size(); ++l) EXPECT_EQ(counts.launch[l].work_of(OpKind::rng), 0);
}

/// The largest program there is stays inside the pools.
TEST(StandardBackward, TheLongestRecipeFits) {
  KernelSpec spec = eager_spec();
  spec.softmax = SoftmaxPasses::safe;
  spec.logsumexp = spec.expands_kv = true;
  ExtraPass pass{.name = "pass", .when = PassCondition::always};
  pass.byte_mask_reads = pass.byte_mask_writes = 1;
  pass.reads_shared = true;
  while (spec.extra_passes.size() < 12) {
    pass.pass = spec.extra_passes.size() % 2 == 0 ? Pass::fwd : Pass::bwd;
    spec.extra_passes.push_back(pass);
  }
  AttentionShape s = backward_of(700, 2000, 64, 6, 2);
  s.dropout = 0.1;
  s.pass = Pass::fwd_bwd;
  Program program;
  const ProgramCounts counts = test::counted(program, s, spec);
  EXPECT_EQ(program.launches.size(), max_launches);
  EXPECT_LE(program.ops.size(), max_ops - 32);
  EXPECT_GT(counts.uses.size(), 60U);
}

/// P is left by the forward pass: alive from the start of the backward, though nothing there writes it.
TEST(StandardBackward, MemoryIsHeldBetweenThePasses) {
  const AttentionShape s = backward_of(2048, 2048, 64);
  const double scores = 6.0 * 2048 * 2048 * element;
  Program program;
  EXPECT_DOUBLE_EQ(test::counted(program, s, test::standard_training_spec()).workspace.value(), 3 * scores);
  // while dV is made: P, what dropout made of it and its mask, dP; the copies of Q and K, dV before it is gathered
  AttentionShape dropped = s;
  dropped.dropout = 0.1;
  const double matrix = 6.0 * 2048 * 64 * element;
  EXPECT_DOUBLE_EQ(test::counted(program, dropped, eager_spec()).workspace.value(), 3.5 * scores + 3 * matrix);
  AttentionShape twice = s;
  twice.seq_q = twice.seq_kv = 4096;
  EXPECT_DOUBLE_EQ(test::counted(program, twice, test::standard_training_spec()).workspace.value(), 12 * scores);
}

TEST(StandardBackward, WhatDoesNotFitInDramIsAnAnswer) {
  AttentionShape s = backward_of(65536, 65536, 64, 2, 2);
  Program program;
  KernelSpec spec = test::standard_training_spec(SoftmaxBackward::two_sweeps);
  spec.softmax = SoftmaxPasses::safe;  // rows of 64k keys stay on no chip
  for (const Pass pass : {Pass::bwd, Pass::fwd_bwd}) {
    s.pass = pass;
    test::build_or_throw(program, s, spec);
    for (const Predictor* predictor : predictors()) {
      const auto prediction = predictor->predict(test::device(), program);
      ASSERT_FALSE(prediction);
      EXPECT_EQ(prediction.error().status, Status::infeasible);
      EXPECT_EQ(prediction.error().reason.substr(0, 13), "tensors need ");
    }
  }
  s.pass = Pass::fwd;  // two blocks of scores, not three
  test::build_or_throw(program, s, spec);
  EXPECT_TRUE(find_predictor("roofline")->predict(test::device(), program));
}

TEST(StandardBackward, OneTileServesBothPassesAndOverrides) {
  AttentionShape s = backward_of(1000, 1000, 64);
  s.pass = Pass::fwd_bwd;
  Program program;
  const ProgramCounts counts = test::counted(program, s, test::standard_training_spec(), {64, 64});
  EXPECT_EQ(test::use_of(program, counts, "dp", "V").loaded, 6 * 16 * 1000 * 64 * element);
  EXPECT_EQ(test::use_of(program, counts, "qk", "K").loaded, 6 * 16 * 1000 * 64 * element);
}

}  // namespace
}  // namespace rooftile
