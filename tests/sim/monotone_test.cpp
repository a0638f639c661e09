// What a faster device does to a simulation.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "any_cell.hpp"
#include "sim_support.hpp"

namespace rooftile::sim {
namespace {

/// Where nothing contends, one CTA on one SM with its tiles in L2, time never grows with any rate.
RC_GTEST_PROP(Monotone, OneCtaAloneIsNeverSlowerOnAFasterDevice, ()) {
  static Program program;
  static ProgramCounts counts;
  Device slow = test::any_device();
  slow.sm.count = Count{1};
  slow.memory.l2.capacity = Bytes{1e9};
  slow.launch = {.stream_period = Seconds{0}, .graph_period = Seconds{0}, .framework_period = Seconds{0}};
  AttentionShape shape = test::any_shape_of(test::Family::flash2, 2000);
  shape.batch = shape.heads = shape.kv_heads = 1;
  shape.seq_q = std::min<std::int64_t>(shape.seq_q, 64);
  const KernelSpec spec =
      *rc::gen::element(test::flash2_spec(), test::flash3_spec(), test::flash1_spec(), test::split_kv_spec(1));
  test::build_or_throw(program, shape, spec, {}, slow);
  program.l2 = L2State::warm;
  count(program, counts);
  RC_LOG() << spec.name << ' ' << describe(shape);
  const double factor = *rc::gen::element(1.01, 1.3, 2.0, 10.0);
  const auto before = simulate(slow, program, counts);
  if (!before) return;
  for (const DeviceLeaf& leaf : device_leaves()) {
    if (!test::is_rate(leaf)) continue;
    Device fast = slow;
    *leaf.storage(fast) *= factor;
    const auto after = simulate(fast, program, counts);
    RC_LOG() << ' ' << leaf.path;
    RC_ASSERT(after->answer.time.value() <= before->answer.time.value() * (1 + 1e-9));
  }
}

}  // namespace
}  // namespace rooftile::sim
