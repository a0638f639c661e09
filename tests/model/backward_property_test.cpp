// Laws of the backward passes, for random shapes: closed counts equal the expansion, and what must hold of traffic,
// work and memory whatever the numbers.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

#include "any_device.hpp"
#include "backward_support.hpp"
#include "expansion.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;

AttentionShape any_training_shape(Int longest) {
  AttentionShape s;
  s.batch = *rc::gen::inRange<Int>(1, 3);
  s.kv_heads = *rc::gen::inRange<Int>(1, 4);
  s.heads = s.kv_heads * *rc::gen::element<Int>(1, 1, 2, 3, 5);
  s.seq_q = *rc::gen::inRange<Int>(1, longest);
  s.seq_kv = *rc::gen::arbitrary<bool>() ? s.seq_q : *rc::gen::inRange<Int>(1, longest);
  s.head_dim = *rc::gen::element<Int>(32, 40, 64, 80, 128);
  s.mask = *rc::gen::element(Mask::none, Mask::causal, Mask::key_padding);
  s.dropout = *rc::gen::element(0.0, 0.0, 0.1);
  s.pass = *rc::gen::element(Pass::bwd, Pass::bwd, Pass::fwd_bwd);
  return s;
}

KernelSpec any_training_spec() {
  const int which = *rc::gen::inRange(0, 4);
  if (which == 0) return test::flash1_training_spec();
  if (which == 2) return test::flash3_training_spec();
  if (which == 1) {
    KernelSpec s = test::flash2_training_spec();
    s.deterministic = *rc::gen::arbitrary<bool>();
    s.sums_group = *rc::gen::arbitrary<bool>();
    return s;
  }
  KernelSpec s = test::standard_training_spec(*rc::gen::element(SoftmaxBackward::fused, SoftmaxBackward::two_sweeps,
                                                                SoftmaxBackward::product_fused,
                                                                SoftmaxBackward::product_two_sweeps));
  s.expands_kv = *rc::gen::arbitrary<bool>();
  s.copies_q_and_k = *rc::gen::arbitrary<bool>();
  s.scales_gradients = *rc::gen::arbitrary<bool>();
  s.gathers_gradients = *rc::gen::arbitrary<bool>();
  s.score_padding = *rc::gen::element<Int>(1, 8, 32);
  return s;
}

/// A tile of any shape for the backward alone; nothing for both passes, whose tiles differ.
SpecOverrides any_tile(const AttentionShape& s) {
  if (s.pass == Pass::fwd_bwd) return {};
  return *rc::gen::element(SpecOverrides{}, SpecOverrides{48, 80}, SpecOverrides{64, 96}, SpecOverrides{80, 144});
}

Prediction predict_training(const Device& device, const AttentionShape& shape, const KernelSpec& spec,
                            L2State l2 = L2State::cold, std::string_view predictor = "hierarchical") {
  static Program program;
  if (auto built = build(program, device, shape, spec); !built) throw std::runtime_error{built.error().reason};
  program.l2 = l2;
  auto prediction = find_predictor(predictor)->predict(device, program);
  if (!prediction) throw std::runtime_error{prediction.error().reason};
  return *prediction;
}

RC_GTEST_PROP(BackwardProperty, CountsEqualTheExpansion, ()) {
  const AttentionShape shape = any_training_shape(600);
  const KernelSpec spec = any_training_spec();
  static Program program;
  test::build_or_throw(program, shape, spec, any_tile(shape));
  test::expect_equal_to_expansion(program, spec.name + " " + describe(shape));
  RC_ASSERT(!::testing::Test::HasFailure());
}

RC_GTEST_PROP(BackwardProperty, ColdTrafficIsAtLeastCompulsoryAndWarmAtMostCold, ()) {
  const Device device = test::any_device();
  AttentionShape shape = any_training_shape(4000);
  const KernelSpec spec = any_training_spec();
  // Where rows see no key, the launch for dK reads a part of Q and the one for dQ all of it; the prediction takes what
  // the first has read for the whole.
  if (spec.sums_group && spec.deterministic) shape.seq_q = std::min(shape.seq_q, shape.seq_kv);
  const Prediction cold = predict_training(device, shape, spec);
  RC_ASSERT(cold.dram.total().value() >= cold.compulsory.value() * (1 - 1e-12));
  RC_ASSERT(predict_training(device, shape, spec, L2State::warm).dram.total() <= cold.dram.total());
}

RC_GTEST_PROP(BackwardProperty, TimeFollowsRatesAndLatencies, ()) {
  const Device device = test::any_device();
  const AttentionShape shape = any_training_shape(4000);
  const KernelSpec spec = any_training_spec();
  const std::string_view predictor = *rc::gen::element("hierarchical", "roofline");
  const double factor = *rc::gen::element(1.01, 1.7, 10.0);
  const double before = predict_training(device, shape, spec, L2State::cold, predictor).time.value();
  for (const DeviceLeaf& leaf : device_leaves()) {
    const bool waits = leaf.dimension == Cycles::dimension || leaf.dimension == Seconds::dimension;
    if (!test::is_rate(leaf) && !waits) continue;
    Device changed = device;
    *leaf.storage(changed) *= factor;
    const double after = predict_training(changed, shape, spec, L2State::cold, predictor).time.value();
    if (waits ? after < before * (1 - 1e-9) : after > before * (1 + 1e-9))
      RC_FAIL(std::string{leaf.path} + " x " + std::to_string(factor) + ": " + std::to_string(after / before));
  }
}

RC_GTEST_PROP(BackwardProperty, CausalFlashBackwardIsAtMostFull, ()) {
  const Device device = test::any_device();
  AttentionShape shape = any_training_shape(4000);
  shape.seq_kv = shape.seq_q;
  shape.pass = Pass::bwd;
  const int which = *rc::gen::inRange(0, 3);
  const KernelSpec spec = which == 0   ? test::flash1_training_spec()
                          : which == 1 ? test::flash2_training_spec()
                                       : test::flash3_training_spec();
  shape.mask = Mask::none;
  const Prediction full = predict_training(device, shape, spec);
  shape.mask = Mask::causal;
  const Prediction causal = predict_training(device, shape, spec);
  RC_ASSERT(causal.l2.total() <= full.l2.total());
  RC_ASSERT(causal.executed_flops <= full.executed_flops);
  RC_LOG() << spec.name << " " << describe(shape) << ", SMs " << device.sm.count.value();
  RC_ASSERT(causal.time.value() <= full.time.value() * (1 + 1e-9));
}

RC_GTEST_PROP(BackwardProperty, FlopAndL2BytesAreLinearInBatch, ()) {
  const Device device = test::any_device();
  AttentionShape shape = any_training_shape(4000);
  KernelSpec spec = any_training_spec();
  spec.deterministic = false;  // its sums are as many as the SMs ask for
  const Int times = *rc::gen::inRange<Int>(2, 7);
  const Prediction one = predict_training(device, shape, spec);
  shape.batch *= times;
  const Prediction many = predict_training(device, shape, spec);
  const auto factor = static_cast<double>(times);
  // beside a mask that is built once for all heads there is nothing that does not grow
  RC_ASSERT(many.l2.read.value() == factor * one.l2.read.value());
  RC_ASSERT(many.l2.write.value() == factor * one.l2.write.value());
  RC_ASSERT(many.executed_flops.value() == factor * one.executed_flops.value());
  RC_ASSERT(many.extra_memory.value() == factor * one.extra_memory.value());
}

/// What the forward leaves in L2 can only help the backward.
RC_GTEST_PROP(BackwardProperty, BothPassesCostAtMostTheirSum, ()) {
  Device device = test::any_device();
  Memory& m = device.memory;
  m.dram.latency = std::max({m.dram.latency, m.l2.latency_near, m.l2.latency_far});  // or a hit is slower than a miss
  AttentionShape shape = any_training_shape(4000);
  const KernelSpec spec = any_training_spec();
  const auto of = [&](Pass pass) {
    shape.pass = pass;
    return predict_training(device, shape, spec);
  };
  const Prediction forward = of(Pass::fwd), backward = of(Pass::bwd), both = of(Pass::fwd_bwd);
  RC_LOG() << spec.name << " " << describe(shape);
  RC_ASSERT(both.l2.read.value() == forward.l2.read.value() + backward.l2.read.value());
  RC_ASSERT(both.l2.write.value() == forward.l2.write.value() + backward.l2.write.value());
  RC_ASSERT(both.executed_flops.value() == forward.executed_flops.value() + backward.executed_flops.value());
  RC_ASSERT(both.paper_flops.value() <= 1.0000001 * (forward.paper_flops.value() + backward.paper_flops.value()));
  RC_ASSERT(both.dram.total().value() <= (1 + 1e-12) * (forward.dram.total() + backward.dram.total()).value());
  RC_ASSERT(both.time.value() <= (1 + 1e-9) * (forward.time.value() + backward.time.value()));
  RC_ASSERT(both.time.value() >= (1 - 1e-9) * forward.time.value());
}

}  // namespace
}  // namespace rooftile
