// What the backward passes of the FlashAttention family have in common: the papers' FLOP, both passes in one program,
// memory, dropout, refusals.
#include <gtest/gtest.h>

#include <map>

#include "backward_support.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;
using test::backward_of;
using test::element;
using test::fp32;
using test::predict;
using test::refusal;
using test::roomy_device;

std::vector<KernelSpec> flash_specs() {
  return {test::flash1_training_spec(), test::flash2_training_spec(), test::flash3_training_spec()};
}

/// The papers count 2.5 forwards. Five products are executed, on whole tiles and masked blocks: never less.
TEST(FlashBackward, ExecutesAtLeastThePapersFlop) {
  for (const KernelSpec& spec : flash_specs()) {
    for (const Mask mask : {Mask::none, Mask::causal}) {
      for (const Int n : {640, 1280, 1000, 77}) {
        AttentionShape s = backward_of(n, n, 64);
        s.mask = mask;
        Program program;
        const ProgramCounts counts = test::counted(program, s, spec);
        const double executed = test::matmul_flop(program, counts), paper = program.paper_flops.value();
        EXPECT_GE(executed, paper) << spec.name << " " << describe(s);
        const bool whole_tiles = mask == Mask::none && n % 1280 == 0;
        EXPECT_TRUE(!whole_tiles || executed == paper) << spec.name << " " << describe(s);
      }
    }
  }
}

/// Both passes in one program: what both use stands once, every launch counts as it does alone.
TEST(FlashBackward, BothPassesAreOneProgram) {
  for (const KernelSpec& spec : flash_specs()) {
    AttentionShape s = backward_of(700, 900, 64, 4, 2);
    Program both, forward, backward;
    s.pass = Pass::fwd_bwd;
    const ProgramCounts counts = test::counted(both, s, spec);
    s.pass = Pass::fwd;
    const ProgramCounts first = test::counted(forward, s, spec);
    s.pass = Pass::bwd;
    const ProgramCounts second = test::counted(backward, s, spec);
    ASSERT_EQ(both.launches.size(), forward.launches.size() + backward.launches.size());
    std::map<std::string, int> tensors;
    for (const Tensor& tensor : both.tensors) ++tensors[tensor.name];
    for (const auto& [name, times] : tensors) EXPECT_EQ(times, 1) << spec.name << " " << name;
    for (std::size_t i = 0; i < both.ops.size(); ++i) {
      const bool in_forward = i < forward.ops.size();
      EXPECT_EQ(counts.op[i], in_forward ? first.op[i] : second.op[i - forward.ops.size()]) << spec.name << " op " << i;
    }
    const double outputs = 4 * 700 * 64 + 2 * 2 * 900 * 64;  // dQ, dK, dV of a batch
    EXPECT_DOUBLE_EQ(counts.inputs_and_outputs.value(),
                     first.inputs_and_outputs.value() + 2 * element * (outputs + 4 * 700 * 64));  // and dO
  }
}

/// L2 carries over from pass to pass: with a large one, nothing that the forward touched is read again from DRAM.
TEST(FlashBackward, L2CarriesOverBetweenThePasses) {
  Device device = roomy_device();
  device.memory.l2.capacity = Bytes{1e12};
  for (const KernelSpec& spec : flash_specs()) {
    AttentionShape s = backward_of(512, 512, 64);
    s.pass = Pass::fwd_bwd;
    const double head = 6 * 512 * 64 * element;
    EXPECT_DOUBLE_EQ(predict(s, spec, device).dram.read.value(), 4 * head) << spec.name;  // Q, K, V, dO
    s.pass = Pass::bwd;
    EXPECT_DOUBLE_EQ(predict(s, spec, device).dram.read.value(), 5 * head + 6 * 512 * fp32) << spec.name;  // O, LSE
  }
}

TEST(FlashBackward, ExtraMemoryGrowsWithN) {
  for (const KernelSpec& spec : flash_specs()) {
    for (const Pass pass : {Pass::bwd, Pass::fwd_bwd}) {
      AttentionShape s = backward_of(1280, 1280, 64);
      s.pass = pass;
      const double once = predict(s, spec).extra_memory.value();
      s.seq_q = s.seq_kv = 2560;
      EXPECT_DOUBLE_EQ(predict(s, spec).extra_memory.value(), 2 * once) << spec.name;
      EXPECT_GE(once, 6.0 * 1280 * 64 * fp32) << "the sum of dQ";
    }
  }
}

/// Random numbers are not stored: the backward draws those of the forward again.
TEST(FlashBackward, DropoutIsRecomputed) {
  for (KernelSpec spec : flash_specs()) {
    spec.dropout_bits = 16;
    AttentionShape s = backward_of(1280, 1280, 64);
    Program program;
    const auto drawn = [&](Pass pass, double dropout) {
      s.pass = pass;
      s.dropout = dropout;
      const ProgramCounts counts = test::counted(program, s, spec);
      double total = 0;
      for (std::size_t l = 0; l < program.launches.size(); ++l) total += counts.launch[l].work_of(OpKind::rng);
      return total;
    };
    EXPECT_EQ(drawn(Pass::bwd, 0), 0) << spec.name;
    EXPECT_EQ(drawn(Pass::bwd, 0.1), 6.0 * 1280 * 1280 / 2) << spec.name;
    EXPECT_EQ(drawn(Pass::fwd_bwd, 0.1), 2 * drawn(Pass::bwd, 0.1)) << spec.name;
  }
}

TEST(FlashBackward, KeyPaddingReadsTheMaskAndSkipsNothing) {
  for (const KernelSpec& spec : flash_specs()) {
    AttentionShape s = backward_of(1280, 1280, 64);
    Program program;
    const double none = test::matmul_flop(program, test::counted(program, s, spec));
    s.mask = Mask::key_padding;
    s.pass = Pass::fwd_bwd;
    const ProgramCounts counts = test::counted(program, s, spec);
    int masks = 0;
    for (const Tensor& tensor : program.tensors) masks += static_cast<int>(std::string{tensor.name} == "key_mask");
    EXPECT_EQ(masks, 1) << spec.name;
    EXPECT_DOUBLE_EQ(test::matmul_flop(program, counts), none * 1.4) << spec.name;  // 2 + 5 products
  }
}

TEST(FlashBackward, RefusesWhatItDoesNotCover) {
  AttentionShape s = backward_of(512, 512, 64);
  KernelSpec spec = test::flash2_training_spec();
  EXPECT_EQ(refusal(s, spec), "ok");
  EXPECT_EQ(refusal(s, spec, {64, 64}), "ok");
  s.pass = Pass::fwd_bwd;
  EXPECT_EQ(refusal(s, spec, {64, 64}),
            "unsupported: a tile is that of one pass: ask for fwd and bwd of flash2_training apart");
  s.pass = Pass::bwd;
  s.head_dim = 192;
  EXPECT_EQ(refusal(s, spec), "unsupported: head_dim 192 is outside flash2_training (up to 128)");
  s.head_dim = 64;
  std::erase_if(spec.tiles, [](const TileRow& row) { return row.pass == Pass::bwd; });
  EXPECT_EQ(refusal(s, spec), "unsupported: flash2_training has no tile for pass bwd");
  spec.passes = {Pass::fwd};
  EXPECT_EQ(refusal(s, spec), "unsupported: pass bwd is outside flash2_training (fwd)");
  spec = test::flash2_training_spec();
  spec.algorithm = Algorithm::split_kv;
  EXPECT_EQ(refusal(s, spec), "unsupported: flash2_training has no pass bwd");
  spec = test::flash2_training_spec();
  EXPECT_EQ(refusal(s, spec, {512, 128}),
            "infeasible: flash2_backward needs 480 KiB of shared memory per CTA, test_a100 has 163 KiB");
}

}  // namespace
}  // namespace rooftile
