// Laws that hold for every shape and every device, whatever the numbers.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "any_device.hpp"
#include "rooftile/model/device_leaves.hpp"
#include "rooftile/model/predictor.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;
using test::any_device;
using test::is_rate;

AttentionShape any_shape() {
  AttentionShape s;
  const Int group = *rc::gen::element<Int>(1, 1, 2, 3, 4, 8);
  s.batch = *rc::gen::inRange<Int>(1, 9);
  s.kv_heads = *rc::gen::inRange<Int>(1, 9);
  s.heads = s.kv_heads * group;
  s.seq_q = *rc::gen::inRange<Int>(1, 5000);
  s.seq_kv = *rc::gen::inRange<Int>(1, 5000);
  s.head_dim = *rc::gen::element<Int>(32, 64, 80, 128, 256);
  s.mask = *rc::gen::element(Mask::none, Mask::causal);
  return s;
}
AttentionShape any_square_shape() {
  AttentionShape s = any_shape();
  s.seq_kv = s.seq_q;
  return s;
}
/// A kernel of ours, with a number of parts that does not depend on the batch.
KernelSpec any_own_kernel() {
  switch (*rc::gen::inRange(0, 5)) {
    case 0: return test::flash1_spec();
    case 1: return test::flash2_spec();
    case 2: return test::flash3_spec();
    case 3: return test::split_kv_spec(*rc::gen::element(1, 2, 3, 8));
    default:
      return test::standard_spec(*rc::gen::element(SoftmaxPasses::safe, SoftmaxPasses::online, SoftmaxPasses::naive));
  }
}
KernelSpec any_spec() {
  KernelSpec s = any_own_kernel();
  for (TileRow& row : s.tiles) {
    row.schedule = *rc::gen::element(Schedule::one_per_cta, Schedule::persistent_static, Schedule::persistent_dynamic);
    row.cluster = *rc::gen::element(1, 2);
  }
  s.longest_first = *rc::gen::arbitrary<bool>();
  s.launch = *rc::gen::element(LaunchStyle::stream, LaunchStyle::graph, LaunchStyle::framework);
  return s;
}

Prediction predict(const Device& device, const Workload& workload, const KernelSpec& spec, L2State l2 = L2State::cold,
                   std::string_view predictor = "hierarchical") {
  static Program program;
  if (auto built = build(program, device, workload, spec); !built) throw std::runtime_error{built.error().reason};
  program.l2 = l2;
  auto prediction = find_predictor(predictor)->predict(device, program);
  if (!prediction) throw std::runtime_error{prediction.error().reason};
  return *prediction;
}

RC_GTEST_PROP(Property, ColdTrafficIsAtLeastCompulsory, ()) {
  const Prediction p = predict(any_device(), any_shape(), any_spec());
  RC_ASSERT(p.dram.total().value() >= p.compulsory.value() * (1 - 1e-12));
}

RC_GTEST_PROP(Property, WarmTrafficIsAtMostCold, ()) {
  const Device device = any_device();
  const AttentionShape shape = any_shape();
  const KernelSpec spec = any_spec();
  RC_ASSERT(predict(device, shape, spec, L2State::warm).dram.total() <= predict(device, shape, spec).dram.total());
}

RC_GTEST_PROP(Property, TimeNeverGrowsWithAnyRate, ()) {
  const Device slow = any_device();
  const AttentionShape shape = any_shape();
  const KernelSpec spec = any_spec();
  const double factor = *rc::gen::element(1.01, 1.3, 2.0, 10.0);
  const std::string_view predictor = *rc::gen::element("hierarchical", "roofline");
  const double before = predict(slow, shape, spec, L2State::cold, predictor).time.value();
  for (const DeviceLeaf& leaf : device_leaves()) {
    if (!is_rate(leaf)) continue;
    Device fast = slow;
    *leaf.storage(fast) *= factor;
    const double after = predict(fast, shape, spec, L2State::cold, predictor).time.value();
    if (after > before * (1 + 1e-9)) {
      RC_FAIL(std::string{leaf.path} + " x " + std::to_string(factor) + ": " + std::to_string(after / before) + " of " +
              describe(shape) + ", " + spec.name);
    }
  }
}

RC_GTEST_PROP(Property, TimeNeverShrinksWithAnyLatency, ()) {
  const Device quick = any_device();
  const AttentionShape shape = any_shape();
  const KernelSpec spec = any_spec();
  const double before = predict(quick, shape, spec).time.value();
  for (const DeviceLeaf& leaf : device_leaves()) {
    if (leaf.dimension != Cycles::dimension && leaf.dimension != Seconds::dimension) continue;
    Device slower = quick;
    *leaf.storage(slower) *= 1.7;
    const double after = predict(slower, shape, spec).time.value();
    if (after < before * (1 - 1e-9)) {
      RC_FAIL(std::string{leaf.path} + ": " + std::to_string(after / before) + " of " + describe(shape) + ", " +
              spec.name);
    }
  }
}

/// Where masking costs nothing and DRAM answers as quickly as L2: causal CTAs mask every block on the diagonal, others
/// the last one alone; and of the fewer blocks that the launch reads a greater part is new to L2.
RC_GTEST_PROP(Property, CausalFlashIsAtMostFull, ()) {
  Device device = any_device();
  device.sm.rates.alu = PerCycle{1e9};
  device.memory.dram.latency = (device.memory.l2.latency_near + device.memory.l2.latency_far) / 2.0;
  AttentionShape shape = any_square_shape();
  const KernelSpec spec = *rc::gen::element(0, 1) == 0   ? test::flash2_spec()
                          : *rc::gen::element(0, 1) == 0 ? test::flash1_spec()
                                                         : test::flash3_spec();
  shape.mask = Mask::none;
  const Prediction full = predict(device, shape, spec);
  shape.mask = Mask::causal;
  const Prediction causal = predict(device, shape, spec);
  RC_ASSERT(causal.l2.total() <= full.l2.total());
  RC_ASSERT(causal.dram.total().value() <= full.dram.total().value() * (1 + 1e-12));
  RC_ASSERT(causal.executed_flops <= full.executed_flops);
  RC_LOG() << describe(shape) << ": launch " << causal.launches[0].resident << " resident, " << name_of(causal.bound)
           << " and " << name_of(full.bound) << ", SMs " << device.sm.count.value();
  RC_ASSERT(causal.time.value() <= full.time.value() * (1 + 1e-9));
}

RC_GTEST_PROP(Property, FlopAndL2BytesAreLinearInBatch, ()) {
  const Device device = any_device();
  AttentionShape shape = any_shape();
  const KernelSpec spec = any_spec();
  const Int times = *rc::gen::inRange<Int>(2, 7);
  const Prediction one = predict(device, shape, spec);
  shape.batch *= times;
  const Prediction many = predict(device, shape, spec);
  const auto factor = static_cast<double>(times);
  RC_ASSERT(many.l2.read.value() == factor * one.l2.read.value());
  RC_ASSERT(many.l2.write.value() == factor * one.l2.write.value());
  RC_ASSERT(many.executed_flops.value() == factor * one.executed_flops.value());
  RC_ASSERT(many.paper_flops.value() == factor * one.paper_flops.value());
}

/// K and V are read once per Br queries: 2·(N/Br)·N·d elements, no more than the four N² of standard attention if d <=
/// 2·Br.
RC_GTEST_PROP(Property, Flash2ReadsNoMoreThanStandardAttention, ()) {
  const AttentionShape s = any_square_shape();
  KernelSpec spec = test::flash2_spec();
  const Prediction p = predict(test::device(), s, spec);
  const auto n = static_cast<double>(s.seq_q);
  const auto q_heads = static_cast<double>(s.batch * s.heads);
  RC_ASSERT(p.l2.total().value() <= q_heads * 2 * (4 * n * n + 4 * n * static_cast<double>(s.head_dim)));
}

RC_GTEST_PROP(Property, EveryPredictionIsFiniteAndPositive, ()) {
  const Prediction p = predict(any_device(), any_shape(), any_spec());
  RC_ASSERT(std::isfinite(p.time.value()) && p.time.value() > 0);
  RC_ASSERT(p.l2.total() >= Bytes{0} && p.l2_sector_bytes >= p.l2.total());
  for (const LaunchPrediction& launch : p.launches) {
    RC_ASSERT(launch.time.value() >= std::max({launch.dram, launch.l2, launch.sm}).value() * (1 - 1e-12));
  }
}

}  // namespace
}  // namespace rooftile
