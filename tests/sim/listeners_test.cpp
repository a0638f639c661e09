// What listeners are told adds up to what the simulation answers, on calls of every family at random.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "any_cell.hpp"
#include "rooftile/sim/tensor_bytes.hpp"
#include "rooftile/sim/utilisation.hpp"
#include "sim_support.hpp"

namespace rooftile::sim {
namespace {

/// A call that runs, cold or warm.
struct Heard {
  Program program;
  ProgramCounts counts;
  test::Cell cell;

  void draw() {
    do {
      cell = test::any_cell(500);
      test::build_or_throw(program, cell.shape, cell.spec, {}, cell.device);
      count(program, counts);
    } while (!simulate(cell.device, program, counts));
    program.l2 = *rc::gen::element(L2State::cold, L2State::warm);
    count(program, counts);
    RC_LOG() << cell.name() << ' ' << name_of(program.l2);
  }
  Simulation run(Listener& listener) const {  // NOLINT(modernize-use-nodiscard)
    return simulate(cell.device, program, counts, &listener).value();
  }
};
Heard& any_heard() {
  static Heard heard;
  heard.draw();
  return heard;
}

/// Sums what can be summed.
struct Sums final : Listener {
  Seconds end, dram_until, cta_time;
  Bytes inside;  ///< of DRAM, before the last launch ends: once it has
  Bytes dram_bytes;
  std::array<Seconds, units> busy{};
  std::int64_t launches = 0, ctas = 0;
  ProgressSeen last{};
  std::vector<DramSeen> moved;

  void progress(const ProgressSeen& seen) override {
    EXPECT_EQ(seen.done, last.done + 1);
    last = seen;
  }
  void launch_begins(const LaunchSeen& seen) override {
    EXPECT_EQ(seen.begin, end);
    ++launches;
  }
  void phase(const PhaseSeen& seen) override {
    cta_time += seen.end - seen.begin;
    ctas += seen.kind == PhaseKind::end ? 1 : 0;
  }
  void work(const WorkSeen& seen) override {
    for (std::size_t u = 0; u < units; ++u) busy[u] += seen.busy[u];
  }
  void dram(const DramSeen& seen) override {
    dram_bytes += seen.bytes;
    moved.push_back(seen);
  }
  void launch_ends(Seconds at) override { end = at; }
  [[nodiscard]] Bytes moved_inside() const {
    Bytes all;
    for (const DramSeen& seen : moved) {
      const Seconds until = std::min(seen.end, end);
      if (until > seen.begin) all += seen.bytes * ((until - seen.begin) / (seen.end - seen.begin));
    }
    return all;
  }
};

bool near(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max({1e-30, std::abs(a), std::abs(b)}); }

RC_GTEST_PROP(Listeners, BytesOfTensorsAddUpToTheCall, ()) {
  const Heard& heard = any_heard();
  TensorCounter counter;
  const Simulation simulation = heard.run(counter);
  Bytes tiles, missed, dirtied;
  std::array<std::int64_t, max_tensors> sectors{};
  for (std::size_t i = 0; i < heard.program.ops.size(); ++i) {
    const TileOp& op = heard.program.ops[i];
    if (moves_a_tile(op.kind)) sectors[static_cast<std::size_t>(op.tensor)] += heard.counts.op[i].sectors;
  }
  for (std::size_t t = 0; t < counter.tensors().size(); ++t) {
    const TensorBytes& tensor = counter.tensors()[t];
    const Bytes all = tensor.read + tensor.written + tensor.added;
    RC_ASSERT(all.value() == static_cast<double>(32 * sectors[t]));
    RC_ASSERT(tensor.hit() >= Bytes{0});
    RC_ASSERT(tensor.dirtied <= tensor.written + tensor.added);
    tiles += all;
    missed += tensor.missed;
    dirtied += tensor.dirtied;
  }
  RC_ASSERT(tiles == simulation.answer.l2_sector_bytes);
  RC_ASSERT(missed == simulation.answer.dram.read);
  RC_ASSERT(dirtied == simulation.answer.dram.write);
}

RC_GTEST_PROP(Listeners, WhatIsToldAddsUpToTheAnswer, ()) {
  const Heard& heard = any_heard();
  Sums sums;
  const Simulation simulation = heard.run(sums);
  const Prediction& answer = simulation.answer;
  std::int64_t ctas = 0;
  Seconds time, places;
  for (const LaunchPrediction& launch : answer.launches) {
    ctas += launch.ctas;
    time += launch.sm;
    places += launch.sm * launch.resident * heard.cell.device.sm.count.value();
  }
  RC_ASSERT(sums.launches == static_cast<std::int64_t>(heard.program.launches.size()));
  RC_ASSERT(sums.ctas == ctas);
  RC_ASSERT(sums.last.done == sums.last.all);
  // of the call before a warm one, launches that leave something in L2
  const bool warm = heard.program.l2 == L2State::warm;
  RC_ASSERT(sums.last.all >= (warm ? ctas + 1 : ctas));
  RC_ASSERT(sums.last.all <= (warm ? 2 * ctas : ctas));
  RC_ASSERT(near(sums.end.value(), time.value()));
  const double idle = simulation.share[static_cast<std::size_t>(Stall::idle)];
  RC_ASSERT(std::abs(sums.cta_time / places - (1 - idle)) < 1e-9);
  for (std::size_t u = 0; u < units; ++u) {
    const Seconds busy = answer.alone_on(limit_of(static_cast<Unit>(u))) * heard.cell.device.sm.count.value();
    RC_ASSERT(near(sums.busy[u].value(), busy.value()));
  }
  // what is written may stay in L2; of a warm call, what the first one left may leave it
  constexpr double rounding = 1e-9;
  RC_ASSERT(sums.dram_bytes >= answer.dram.read * (1 - rounding));
  if (heard.program.l2 == L2State::cold) RC_ASSERT(sums.dram_bytes <= answer.dram.total() * (1 + rounding));
}

RC_GTEST_PROP(Listeners, UtilisationIntegratesToBusyTime, ()) {
  const Heard& heard = any_heard();
  Sums sums;
  Utilisation utilisation{static_cast<std::size_t>(*rc::gen::element(1, 7, 100))};
  Listeners both;
  both.add(sums);
  both.add(utilisation);
  const Simulation simulation = heard.run(both);
  std::array<Seconds, busy_resources> busy{};
  double in_use = 0, places = 0;
  for (std::size_t l = 0; l < utilisation.launches().size(); ++l) {
    const LaunchSlices& launch = utilisation.launches()[l];
    const auto count = static_cast<double>(launch.slices.size());
    const double resident = simulation.answer.launches[l].resident;
    for (const Slice& slice : launch.slices) {
      for (std::size_t r = 0; r < busy_resources; ++r) {
        RC_ASSERT(slice.busy[r] >= 0 && slice.busy[r] <= 1 + 1e-6);
        busy[r] += (launch.end - launch.begin) * (slice.busy[r] / count);
      }
      RC_ASSERT(slice.places <= 1 + 1e-6);
      in_use += (launch.end - launch.begin).value() * slice.places * resident / count;
    }
    places += (launch.end - launch.begin).value() * resident;
  }
  for (std::size_t r = 1; r < busy_resources; ++r) {
    RC_ASSERT(near(busy[r].value(), simulation.answer.alone[r].value()));
  }
  RC_ASSERT(std::abs(in_use / places - (1 - simulation.share[static_cast<std::size_t>(Stall::idle)])) < 1e-9);
  // at the end of the call it is known to the last bin what moved inside
  const Seconds inside = sums.moved_inside() / heard.cell.device.memory.dram.bandwidth;
  RC_ASSERT(std::abs((busy[0] - inside) / sums.end) < 1e-3);
}

RC_GTEST_PROP(Listeners, WhoListensChangesNothing, ()) {
  const Heard& heard = any_heard();
  Sums sums;
  TensorCounter tensors;
  Listeners all;
  all.add(sums);
  all.add(tensors);
  const Simulation with = heard.run(all);
  const Simulation without = simulate(heard.cell.device, heard.program, heard.counts).value();
  RC_ASSERT(with.answer.time == without.answer.time && with.share == without.share);
  RC_ASSERT(with.utilisation == without.utilisation && with.tile_events == without.tile_events);
  RC_ASSERT(with.answer.dram.read == without.answer.dram.read && with.answer.dram.write == without.answer.dram.write);
}

/// Counts what it is told.
struct Told final : Listener {
  bool wants;
  std::int64_t calls = 0, progress_told = 0, events = 0;

  explicit Told(bool wants_all) : wants{wants_all} {}
  [[nodiscard]] bool wants_events() const override { return wants; }
  void call_begins(const CallSeen& /*seen*/) override { ++calls; }
  void progress(const ProgressSeen& /*seen*/) override { ++progress_told; }
  void launch_begins(const LaunchSeen& /*seen*/) override { ++events; }
  void phase(const PhaseSeen& /*seen*/) override { ++events; }
  void work(const WorkSeen& /*seen*/) override { ++events; }
  void dram(const DramSeen& /*seen*/) override { ++events; }
  void l2(const L2Seen& /*seen*/) override { ++events; }
  void launch_ends(Seconds /*end*/) override { ++events; }
};

RC_GTEST_PROP(Listeners, WhoWantsProgressAloneIsToldNothingElse, ()) {
  const Heard& heard = any_heard();
  Told modest{false}, curious{true};
  heard.run(modest);
  RC_ASSERT(modest.calls == 1 && modest.progress_told > 0 && modest.events == 0);
  Listeners both;
  both.add(modest);
  RC_ASSERT(!both.wants_events());
  both.add(curious);
  heard.run(both);
  RC_ASSERT(curious.calls == 1 && 2 * curious.progress_told == modest.progress_told && curious.events > 0);
}

}  // namespace
}  // namespace rooftile::sim
