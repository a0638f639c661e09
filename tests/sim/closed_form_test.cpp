// Where nothing contends the simulation is the predictor's closed form.
#include <gtest/gtest.h>

#include "rooftile/model/predictor.hpp"
#include "sim_support.hpp"

namespace rooftile::sim {
namespace {

/// A device that launches in no time, with so many SMs.
Device quick(std::int64_t sms) {
  Device d = test::hopper();
  d.launch = {.stream_period = Seconds{0}, .graph_period = Seconds{0}, .framework_period = Seconds{0}};
  d.sm.count = Count{static_cast<double>(sms)};
  return d;
}

/// Work of a trip that adds up: a product waits for exponentials and they for the last product.
struct Exercise {
  Program program;
  ProgramCounts counts;
  Device on = quick(1);

  /// `resident` CTAs on an SM; trips take `units` cycles of the tensor cores and a chain that is longer by a half.
  void write(std::int64_t ctas, std::int64_t resident, std::int64_t units, Schedule schedule = Schedule::one_per_cta,
             bool ramp = false) {
    ProgramWriter w{program};
    w.launch("bench", {.threads = 128, .registers = 32, .smem = 0}, {{"tile", ctas}}).schedule = schedule;
    w.role("all", 4);
    w.work(OpKind::alu, 64 * 30);
    const int loop = w.loop(constant(0), ramp ? affine(0, 1, 1, 1, 0, ctas) : constant(10));
    w.in(loop);
    const int product = w.work(OpKind::mma, 4096 * units);
    const int exponential = w.work(OpKind::exp2, 8 * units);
    w.after(product, {{exponential, 1}});
    w.after(exponential, {{product, 0}});
    program.math = MathPath::wgmma;
    w.in(-1);
    count(program, counts);
    on.sm.max_ctas = Count{static_cast<double>(resident)};
  }
  [[nodiscard]] double simulated() const { return cycles(simulate(on, program, counts).value().answer.launches[0].sm); }
  [[nodiscard]] LaunchPrediction predicted() const {
    return find_predictor("hierarchical")->predict(on, program, counts).value().launches[0];
  }
  [[nodiscard]] double cycles(Seconds time) const { return time.value() * on.clock.tensor_boost.value(); }
};

constexpr double once = 30, chain = 150, busy = 150;  // exclusion: products and exponentials of a warp (omega 1)

TEST(ClosedForm, OneCtaAloneTakesTheLongestCta) {
  static Exercise bench;
  bench.write(1, 1, 100);
  EXPECT_NEAR(bench.simulated(), once + 10 * chain, 1e-9);
  EXPECT_NEAR(bench.simulated(), bench.cycles(bench.predicted().latency), 1e-9);
}

TEST(ClosedForm, EqualCtasOnOneSmTakeWhatTheBusiestUnitTakes) {
  static Exercise bench;
  bench.write(8, 8, 100);
  bench.program.forward.exp2_weight = 0;  // they overlap: 100 cycles busy, 150 alone
  bench.program.launches[0].part = LaunchPart::attention;
  for (std::int64_t k = 1; k <= 8; ++k) {
    bench.program.launches[0].axes[0].extent = k;
    count(bench.program, bench.counts);
    const double together = static_cast<double>(k);
    EXPECT_NEAR(bench.simulated(), once * together + 10 * std::max(chain, 100 * together), 1e-8) << k;
    EXPECT_NEAR(bench.simulated(), bench.cycles(bench.predicted().sm), 1e-8) << k;
  }
}

TEST(ClosedForm, WavesOfEqualCtasFollowEachOther) {
  static Exercise bench;
  for (const std::int64_t sms : {1, 3, 16}) {
    for (const std::int64_t waves : {1, 2, 5}) {
      bench.write(2 * sms * waves, 2, 100);
      bench.on.sm.count = Count{static_cast<double>(sms)};
      EXPECT_NEAR(bench.simulated(), static_cast<double>(waves) * (2 * once + 10 * 2 * busy), 1e-8)
          << sms << ' ' << waves;
    }
  }
}

TEST(ClosedForm, TheLastWaveHasTheSmsToItself) {
  static Exercise bench;
  bench.write(2 * 4 + 3, 2, 100);
  bench.on.sm.count = Count{4};
  EXPECT_NEAR(bench.simulated(), 2 * once + 10 * 2 * busy + once + 10 * chain, 1e-8);
}

TEST(ClosedForm, ThoseWhoStayTakeTheirTilesInTurn) {
  static Exercise bench;
  for (const Schedule schedule : {Schedule::persistent_static, Schedule::persistent_dynamic}) {
    bench.write(7, 1, 100, schedule);
    bench.on.sm.count = Count{3};
    EXPECT_NEAR(bench.simulated(), 3 * (once + 10 * chain), 1e-8);
    EXPECT_NEAR(bench.simulated(), bench.cycles(bench.predicted().sm), 1e-8);
  }
}

TEST(ClosedForm, ARampEndsWithItsLongest) {
  static Exercise bench;
  bench.write(9, 1, 100, Schedule::one_per_cta, true);
  bench.on.sm.count = Count{3};
  // tiles of 1, 2, 3 trips; 4, 5, 6; 7, 8, 9: each SM goes on with the one three further
  EXPECT_NEAR(bench.simulated(), 3 * once + (3 + 6 + 9) * chain, 1e-8);
}

/// A CTA with tiles that L2 holds: of a second call, as nothing else does, waits as the predictor says.
TEST(ClosedForm, TilesInL2TakeItsLatency) {
  for (const int lag : {1, 2, 3}) {
    static Program program;
    static ProgramCounts counts;
    ProgramWriter w{program};
    const int q = w.input("Q", 2, {64, 64}), k = w.input("K", 2, {1024, 64}), o = w.output("O", 2, {64, 64});
    w.launch("bench", {.threads = 128, .registers = 32, .smem = 0}, {{"tile", 1}});
    w.role("all", 4);
    w.load(q, {whole(64), whole(64)});
    const int loop = w.loop(constant(0), constant(16));
    w.in(loop);
    const int load = w.load(k, {tile(loop_index(loop), 64), whole(64)});
    const int product = w.work(OpKind::mma, 4096 * 20);
    w.after(load, {{product, lag}});
    w.after(product, {{load, 0}});
    w.in(-1);
    w.store(o, {whole(64), whole(64)});
    program.math = MathPath::wgmma;
    program.l2 = L2State::warm;
    count(program, counts);
    const Device on = quick(1);
    const auto simulated = simulate(on, program, counts).value();
    const auto predicted = find_predictor("hierarchical")->predict(on, program, counts).value();
    EXPECT_EQ(simulated.answer.dram.read.value(), 0);
    EXPECT_NEAR(simulated.answer.launches[0].sm / predicted.launches[0].latency, 1, 1e-9) << lag;
  }
}

/// Real kernels too.
TEST(ClosedForm, OneCtaOfARealKernelTakesTheLongestCta) {
  static Program program;
  static ProgramCounts counts;
  for (const std::int64_t keys : {64, 300, 1024, 4096}) {
    for (const std::int64_t d : {64, 128}) {
      for (const KernelSpec& spec : {test::flash2_spec(), test::flash3_spec(), test::split_kv_spec(1)}) {
        const AttentionShape shape{.seq_q = 1, .seq_kv = keys, .head_dim = d};
        const Device on = quick(1);
        test::build_or_throw(program, shape, spec, {}, on);
        program.l2 = L2State::warm;
        count(program, counts);
        const auto simulated = simulate(on, program, counts).value();
        const auto predicted = find_predictor("hierarchical")->predict(on, program, counts).value();
        EXPECT_EQ(simulated.answer.dram.read.value(), 0);
        EXPECT_NEAR(simulated.answer.launches[0].sm / predicted.launches[0].latency, 1, 1e-9)
            << spec.name << ' ' << keys << ' ' << d;
      }
    }
  }
}

/// A call of three launches, each of which reads a MiB of its own, that follows another one: what of it is in an L2 of
/// 4 MiB, and of one in which only the last launch leaves anything.
TEST(WarmCall, FindsWhatTheOneBeforeLeft) {
  for (const double mib : {4.0, 0.5}) {
    Program program;
    ProgramCounts counts;
    ProgramWriter w{program};
    for (const char* name : {"A", "B", "C"}) {
      const int tensor = w.input(name, 2, {8192, 64});
      w.launch("read", {.threads = 128, .registers = 32, .smem = 0}, {{"tile", 128}});
      w.role("all", 4);
      w.load(tensor, {tile(0, 64), whole(64)});
    }
    program.l2 = L2State::warm;
    count(program, counts);
    Device on = quick(1);
    on.memory.l2.capacity = Bytes{mib * 1024 * 1024};
    on.memory.l2.partitions = Count{1};
    EXPECT_EQ(simulate(on, program, counts)->answer.dram.read.value(), mib == 4.0 ? 0 : 3 * 1024 * 1024) << mib;
  }
}

}  // namespace
}  // namespace rooftile::sim
