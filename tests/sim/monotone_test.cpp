// What a faster device does to a simulation.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

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

/// By which part a cell is slower on a device of which some rate is `factor` times as high; of the rate for which it is
/// most. Zero: never.
double most_slower(const Device& device, double factor, const Program& program, const ProgramCounts& counts) {
  const auto before = simulate(device, program, counts);
  if (!before) return 0;
  double most = 0;
  for (const DeviceLeaf& leaf : device_leaves()) {
    if (!test::is_rate(leaf)) continue;
    Device fast = device;
    *leaf.storage(fast) *= factor;
    const auto after = simulate(fast, program, counts);
    most = std::max(most, after->answer.time / before->answer.time - 1);
  }
  return most;
}

/// Where CTAs contend, a faster device can be slower by chance: with other times CTAs land on other SMs, and L2 holds
/// other tiles (Graham, Bounds on multiprocessing timing anomalies, 1969). Rarely, and mostly by little, where DRAM
/// never refreshes; where it does, short calls meet a refresh more or less.
TEST(Monotone, CallsThatContendAreSeldomSlowerOnAFasterDevice) {
  static Program program;
  static ProgramCounts counts;
  std::vector<double> slower, with_refreshes;
  rc::check([&] {
    test::Cell cell = test::any_cell(700);
    cell.device.launch = {.stream_period = Seconds{0}, .graph_period = Seconds{0}, .framework_period = Seconds{0}};
    test::build_or_throw(program, cell.shape, cell.spec, {}, cell.device);
    count(program, counts);
    const double factor = *rc::gen::element(1.01, 1.3, 2.0, 10.0);
    with_refreshes.push_back(most_slower(cell.device, factor, program, counts));
    cell.device.memory.dram.sustained_fraction = Count{1};
    slower.push_back(most_slower(cell.device, factor, program, counts));
  });
  std::sort(slower.begin(), slower.end());
  std::sort(with_refreshes.begin(), with_refreshes.end());
  EXPECT_LE(slower[slower.size() * 9 / 10], 0.005);
  EXPECT_LE(slower.back(), 0.15);
  EXPECT_LE(with_refreshes[with_refreshes.size() * 9 / 10], 0.01);
  EXPECT_LE(with_refreshes.back(), 0.4);
  for (const double part : {0.5, 0.9, 0.95, 0.99, 0.995}) {
    const auto n = static_cast<std::size_t>(part * static_cast<double>(slower.size()));
    RecordProperty("slower_" + std::to_string(part),
                   std::to_string(slower[n]) + " " + std::to_string(with_refreshes[n]));
  }
}

}  // namespace
}  // namespace rooftile::sim
