// Dependence cycles and trips whose time is known by hand.
#include "predictors/loop_time.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "dependence_cycles.hpp"
#include "predictors/l2_reuse.hpp"
#include "rooftile/model/cycle_latency.hpp"
#include "rooftile/model/program_writer.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

using PlacesAndLag = std::multimap<std::vector<std::size_t>, int>;

/// Ops of one trip in program order, with the cycles until a dependent op can use each result.
struct Chain {
  Program program;
  std::vector<double> latency;

  explicit Chain(std::initializer_list<std::pair<std::initializer_list<Dependence>, double>> ops) {
    ProgramWriter w{program};
    w.launch("kernel", {}, {{"cta", 1}});
    w.role("all", 1);
    w.in(w.loop(constant(0), constant(16)));
    for (const auto& [dependences, cycles] : ops) {
      const int op = w.work(OpKind::alu, 1);
      for (const Dependence& dependence : dependences) w.after(op, {dependence});
      latency.push_back(cycles);
    }
  }

  /// All cycles, as the places of their ops and the lag.
  [[nodiscard]] PlacesAndLag cycles(std::initializer_list<std::size_t> nodes = {}) const {
    WaitGraph graph;
    for (std::size_t place = 0; place < latency.size(); ++place) {
      const bool chosen = nodes.size() == 0 || std::find(nodes.begin(), nodes.end(), place) != nodes.end();
      if (chosen) graph.add(place, program.ops[place], 0);
    }
    DependenceCycles found;
    graph.find_cycles(found);
    PlacesAndLag result;
    for (const DependenceCycle& cycle : found) {
      std::vector<std::size_t> places;
      cycle.ops.for_each([&](std::size_t place) { places.push_back(place); });
      result.emplace(places, cycle.lag);
    }
    return result;
  }
  /// The largest (sum of latencies) / lag; 0 without a cycle.
  [[nodiscard]] double slowest() const {
    double most = 0;
    for (const auto& [places, lag] : cycles()) {
      double sum = 0;
      for (const std::size_t place : places) sum += latency[place];
      most = std::max(most, sum / lag);
    }
    return most;
  }
};

TEST(DependenceCycles, AChainThatFeedsItselfTakesItsSum) {
  const Chain chain{{{{2, 1}}, 10}, {{{0, 0}}, 20}, {{{1, 0}}, 30}};
  EXPECT_EQ(chain.cycles(), (PlacesAndLag{{{0, 1, 2}, 1}}));
  EXPECT_DOUBLE_EQ(chain.slowest(), 60);
}
TEST(DependenceCycles, ALagOfTwoHalvesIt) {
  EXPECT_DOUBLE_EQ((Chain{{{{2, 2}}, 10}, {{{0, 0}}, 20}, {{{1, 0}}, 30}}.slowest()), 30);
}
TEST(DependenceCycles, AChainHasNone) {
  EXPECT_TRUE((Chain{{{}, 10}, {{{0, 0}}, 20}}.cycles().empty()));
  EXPECT_TRUE((Chain{{{}, 10}, {{{0, 1}}, 20}}.cycles().empty()));
}
TEST(DependenceCycles, TheSlowestOfSeveralWins) {
  // a single buffer (0 -> 1 -> 0, lag 1: 15), an accumulator (2 -> 2, lag 1: 40)
  const Chain chain{{{{1, 1}}, 5}, {{{0, 0}}, 10}, {{{1, 0}, {2, 1}}, 40}};
  EXPECT_EQ(chain.cycles(), (PlacesAndLag{{{0, 1}, 1}, {{2}, 1}}));
  EXPECT_DOUBLE_EQ(chain.slowest(), 40);
}
TEST(DependenceCycles, ThroughTwoLagsIsTheirMean) {
  // 0 waits for 3 of the last trip, 2 for 1 of the last trip: 0 -> 1 -> 2' -> 3' -> 0'': 100 over two trips
  const Chain chain{{{{3, 1}}, 10}, {{{0, 0}}, 20}, {{{1, 1}}, 30}, {{{2, 0}}, 40}};
  EXPECT_EQ(chain.cycles(), (PlacesAndLag{{{0, 1, 2, 3}, 2}}));
  EXPECT_DOUBLE_EQ(chain.slowest(), 50);
}
TEST(DependenceCycles, EachWayThroughABranchIsOne) {
  // 3 waits for 1 and for 2, both for 0, 0 for 3 of the last trip and of the one before
  const Chain chain{{{{3, 1}, {3, 2}}, 1}, {{{0, 0}}, 2}, {{{0, 0}}, 4}, {{{1, 0}, {2, 0}}, 8}};
  EXPECT_EQ(chain.cycles(), (PlacesAndLag{{{0, 1, 3}, 1}, {{0, 1, 3}, 2}, {{0, 2, 3}, 1}, {{0, 2, 3}, 2}}));
}
TEST(DependenceCycles, OtherOpsAreNotWaitedFor) {
  const Chain chain{{{{2, 1}}, 10}, {{{0, 0}}, 20}, {{{1, 0}}, 30}};
  EXPECT_TRUE(chain.cycles({0, 2}).empty());
}

/// A product and exponentials that wait for each other, on a CTA of some warps: cycles of all ops, of the longest, and
/// of the way from end to end but for latencies.
struct ProductAndExponentials {
  double product = 0, exponentials = 0, way = 0;

  ProductAndExponentials(int warps, bool in_turns) {
    Program program;
    ProgramWriter w{program};
    w.launch("kernel", {}, {{"cta", 1}});
    w.role("all", warps);
    if (in_turns) w.warps_take_turns();
    w.in(w.loop(constant(0), constant(16)));
    const int mma = w.work(OpKind::mma, 2048 * 1000);
    const int exp = w.work(OpKind::exp2, 16 * 400);
    w.after(exp, {{mma, 0}});
    w.after(mma, {{exp, 1}});
    const CostTable costs{test::device(), program};
    ProgramCounts counts;
    count(program, counts);
    product = 2048 * 1000 * costs[OpKind::mma].cycles_per_amount;
    exponentials = 16 * 400 * costs[OpKind::exp2].cycles_per_amount;
    const DependenceCycle cycle = counts.cycles_of(counts.launch[0].trip[0])[0];
    const auto no_load = [](const TileOp& /*op*/) { return 0.0; };
    way = cycle_latency(cycle, program, program.launches[0], counts, costs, no_load) - costs[OpKind::mma].latency -
          costs[OpKind::exp2].latency;
  }
};

TEST(CycleLatency, WarpsThatTakeTurnsFollowThroughTheSlowestOp) {
  const ProductAndExponentials one{4, true}, in_step{8, false}, two{8, true}, four{16, true};
  const double product = one.product, exponentials = one.exponentials;
  ASSERT_GT(product, exponentials);
  EXPECT_DOUBLE_EQ(one.way, product + exponentials);  // one on each sub-partition
  EXPECT_DOUBLE_EQ(in_step.way, product + exponentials);
  EXPECT_DOUBLE_EQ(two.way, (product + exponentials) / 2 + product / 2);
  EXPECT_DOUBLE_EQ(four.way, (product + exponentials) / 4 + 3 * product / 4);
}

/// One loop: a load feeds an MMA; the next load waits for the MMA `lag` trips ago.
TripTime load_and_mma(int lag, const LaunchFit& fit = {}) {
  Program program;
  ProgramWriter w{program};
  const int x = w.input("X", 2, {1024, 64});
  w.launch("kernel", {}, {{"cta", 4}});
  w.role("all", 4);
  const int loop = w.loop(constant(0), constant(16));
  w.in(loop);
  const int load = w.load(x, {tile(loop_index(loop), 64), whole(64)});
  const int mma = w.work(OpKind::mma, 2048 * 100);
  w.after(load, {{mma, lag}});
  w.after(mma, {{load, 0}});
  ProgramCounts counts;
  count(program, counts);
  program.math = MathPath::wgmma;
  const CostTable costs{test::device(), program};
  return trip_time(program, program.launches[0], counts.launch[0].trip[0], counts, costs, MissedShares{}, fit);
}

TEST(TripTime, WaitsForItsOwnBuffer) {
  // L2 gives 5120 B/cycle / 108 SMs; 8 KiB; latency (208 + 357) / 2; MMA 100 cycles
  const double load = 8192 / (5120.0 / 108);
  const double latency = (208 + 357) / 2.0;
  const TripTime one = load_and_mma(1);
  EXPECT_DOUBLE_EQ(one.cycle, load + latency + 100);
  EXPECT_DOUBLE_EQ(one.busy, load);
  EXPECT_EQ(one.busiest, Unit::memory);
  EXPECT_DOUBLE_EQ(load_and_mma(2).cycle, (load + latency + 100) / 2);
  EXPECT_DOUBLE_EQ(load_and_mma(4).alone(), load);        // four buffers: the load pipe is busy all the time
  EXPECT_DOUBLE_EQ(one.shared(2), load + latency + 100);  // a second CTA fits into the waiting
  EXPECT_DOUBLE_EQ(one.shared(4), 4 * load);              // four do not
  EXPECT_EQ(one.bound(1), Limit::latency);
  EXPECT_EQ(one.bound(4), Limit::l2);
}

/// What was fitted to a trip: its units are busy for longer, and it waits where no other CTA works meanwhile.
TEST(TripTime, TakesTheConstantsOfItsLaunch) {
  const double load = 8192 / (5120.0 / 108), chain = load + (208 + 357) / 2.0 + 100;
  const TripTime slower = load_and_mma(1, {.trip_factor = 1.5});
  EXPECT_DOUBLE_EQ(slower.busy, 1.5 * load);
  EXPECT_DOUBLE_EQ(slower.cycle, chain);  // it waited for longer anyhow
  const TripTime waits = load_and_mma(1, {.trip_wait = 1000});
  EXPECT_DOUBLE_EQ(waits.busy, load);
  EXPECT_DOUBLE_EQ(waits.alone(), load + 1000);
  EXPECT_DOUBLE_EQ(waits.shared(2), load + 1000);
  EXPECT_DOUBLE_EQ(waits.shared(20), 20 * load);
}

/// A line that one CTA reads stands in its partition and in that of its memory: the same one for half of them.
TEST(L2Reuse, LinesStandInThePartitionsOfTheirReaders) {
  TensorUse use{};
  use.touched = 100;
  use.stored = 100;
  use.sharers = 1;
  EXPECT_DOUBLE_EQ(copies_of(use, 2), 1);  // written alone
  use.loaded = 100;
  EXPECT_DOUBLE_EQ(copies_of(use, 2), 1.5);
  EXPECT_DOUBLE_EQ(copies_of(use, 1), 1);
  use.sharers = 4;
  use.loaded = 400;
  EXPECT_DOUBLE_EQ(copies_of(use, 2), 2);
  EXPECT_DOUBLE_EQ(copies_of(use, 8), 8);
}

TEST(L2Reuse, MissesRampBetweenTheCliffs) {
  const Bytes capacity{100};
  EXPECT_DOUBLE_EQ(miss_share(0, capacity), 0);
  EXPECT_DOUBLE_EQ(miss_share(80, capacity), 0);
  EXPECT_DOUBLE_EQ(miss_share(100, capacity), 0.5);
  EXPECT_DOUBLE_EQ(miss_share(120, capacity), 1);
  EXPECT_DOUBLE_EQ(miss_share(1e9, capacity), 1);
}

}  // namespace
}  // namespace rooftile
