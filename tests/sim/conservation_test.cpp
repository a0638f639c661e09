// What a simulation may neither lose nor make, on calls of every family at random.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <numeric>
#include <optional>
#include <thread>

#include "any_cell.hpp"
#include "sim_support.hpp"

namespace rooftile::sim {
namespace {

constexpr std::int64_t longest = 700;

/// A call, built and counted; nothing where the device cannot run it.
struct Built {
  Program program;
  ProgramCounts counts;
  test::Cell cell;

  /// The next random one that runs.
  void draw() {
    cell = test::any_cell(longest);
    test::build_or_throw(program, cell.shape, cell.spec, {}, cell.device);
    count(program, counts);
  }
  [[nodiscard]] std::optional<Simulation> run() const {
    const auto simulation = simulate(cell.device, program, counts);
    if (!simulation) return {};
    return *simulation;
  }
};
Built& any_built() {
  static Built built;
  built.draw();
  return built;
}

bool same(const Simulation& a, const Simulation& b) {
  return a.answer.time == b.answer.time && a.answer.dram.read == b.answer.dram.read &&
         a.answer.dram.write == b.answer.dram.write && a.share == b.share && a.utilisation == b.utilisation &&
         a.tile_events == b.tile_events && a.answer.alone == b.answer.alone;
}

/// SMs ask L2 for the bytes of the program, and DRAM brings each byte of the inputs at least once.
RC_GTEST_PROP(Conservation, BytesAreThoseOfTheProgram, ()) {
  const Built& built = any_built();
  RC_LOG() << built.cell.name();
  const auto simulation = built.run();
  if (!simulation) return;
  std::int64_t loaded = 0, stored = 0;
  for (std::size_t l = 0; l < built.program.launches.size(); ++l) {
    loaded += built.counts.launch[l].loaded;
    stored += built.counts.launch[l].stored;
  }
  RC_ASSERT(simulation->answer.l2.read == Bytes{static_cast<double>(loaded)});
  RC_ASSERT(simulation->answer.l2.write == Bytes{static_cast<double>(stored)});
  double inputs = 0, outputs = 0;
  std::array<bool, max_tensors> seen{};
  for (const TensorUse& use : built.counts.uses) {
    const auto t = static_cast<std::size_t>(use.tensor);
    if (std::exchange(seen[t], true)) continue;
    const TensorRole role = built.program.tensors[t].role;
    if (role == TensorRole::input) inputs += static_cast<double>(use.touched);
    if (role == TensorRole::output) outputs += static_cast<double>(use.touched);
  }
  RC_ASSERT(simulation->answer.dram.read.value() >= inputs);
  RC_ASSERT(simulation->answer.dram.write.value() >= outputs);
}

/// No SM's pipe is busy for longer than a launch lasts; shares of stalls add up to 1.
RC_GTEST_PROP(Conservation, NobodyIsBusyForLongerThanItLasts, ()) {
  const Built& built = any_built();
  RC_LOG() << built.cell.name();
  const auto simulation = built.run();
  if (!simulation) return;
  for (const double busy : simulation->utilisation) RC_ASSERT(busy >= 0 && busy <= 1 + 1e-9);
  for (const double share : simulation->share) RC_ASSERT(share >= -1e-12);
  const double all = std::accumulate(simulation->share.begin(), simulation->share.end(), 0.0);
  RC_ASSERT(std::abs(all - 1) < 1e-9);
  RC_ASSERT(simulation->answer.time > Seconds{0});
}

/// The same call gives the same numbers, to the last bit, also from two threads at once.
RC_GTEST_PROP(Conservation, TheSameCallGivesTheSameNumbers, ()) {
  const Built& built = any_built();
  RC_LOG() << built.cell.name();
  std::optional<Simulation> first, second;
  std::thread one{[&] { first = built.run(); }}, other{[&] { second = built.run(); }};
  one.join();
  other.join();
  const auto third = built.run();
  RC_ASSERT(first.has_value() == third.has_value());
  if (!third) return;
  RC_ASSERT(same(*first, *third));
  RC_ASSERT(same(*second, *third));
}

/// What is asked of L2, op by op, is the program's count in sectors.
RC_GTEST_PROP(Conservation, AnswersOfL2AddUpToTheSectorsOfTheProgram, ()) {
  const Built& built = any_built();
  const Program& program = built.program;
  RC_LOG() << built.cell.name();
  Dram dram = test::dram_of(built.cell.device);
  L2 l2{built.cell.device, program, built.counts, dram};
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    std::vector<std::int64_t> bytes(program.ops.size());
    test::replay(program, l, built.counts, built.cell.device, [&](std::int16_t op, const Indices& at) {
      bytes[static_cast<std::size_t>(op)] += test::access(l2, 0, program.ops[static_cast<std::size_t>(op)], at).bytes;
    });
    const Launch& launch = program.launches[l];
    for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
      const auto op = static_cast<std::size_t>(i);
      if (moves_a_tile(program.ops[op].kind)) RC_ASSERT(bytes[op] == 32 * built.counts.op[op].sectors);
    }
  }
}

/// Where everything fits, DRAM brings the same bytes in whatever order: those of the CTAs one by one.
RC_GTEST_PROP(Conservation, WhereEverythingFitsTheOrderIsNoMatter, ()) {
  Built& built = any_built();
  const Program& program = built.program;
  built.cell.device.memory.l2.capacity = Bytes{1e12};
  RC_LOG() << built.cell.name();
  const auto simulation = built.run();
  if (!simulation) return;
  Dram dram = test::dram_of(built.cell.device);
  L2 l2{built.cell.device, program, built.counts, dram};
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    test::replay(program, l, built.counts, built.cell.device, [&](std::int16_t op, const Indices& at) {
      test::access(l2, 0, program.ops[static_cast<std::size_t>(op)], at);
    });
  }
  RC_ASSERT(simulation->answer.dram.read.value() == static_cast<double>(l2.traffic().fetched));
  RC_ASSERT(simulation->answer.dram.write.value() == static_cast<double>(l2.unwritten()));
}

/// Every execution of an op is an event.
RC_GTEST_PROP(Conservation, EventsAreTheExecutionsOfTheProgram, ()) {
  const Built& built = any_built();
  RC_LOG() << built.cell.name();
  const auto simulation = built.run();
  if (!simulation) return;
  std::int64_t executions = 0;
  for (std::size_t i = 0; i < built.program.ops.size(); ++i) executions += built.counts.op[i].executions;
  RC_ASSERT(simulation->tile_events == executions);
  RC_ASSERT(effort(built.program, built.counts).tile_events == static_cast<double>(executions));
}

}  // namespace
}  // namespace rooftile::sim
