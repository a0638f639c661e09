// Dependence cycles and trips whose time is known by hand.
#include "predictors/loop_time.hpp"

#include <gtest/gtest.h>

#include "predictors/dependence_graph.hpp"
#include "predictors/l2_reuse.hpp"
#include "rooftile/model/program_writer.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

TileOp op_after(std::initializer_list<After> dependences) {
  TileOp op;
  for (const After& after : dependences) op.after[op.after_count++] = after;
  return op;
}

double slowest(std::initializer_list<std::pair<TileOp, double>> ops, double floor = 0) {
  DependenceGraph graph{0, 16};
  std::size_t place = 0;
  for (const auto& [op, latency] : ops) graph.add(place++, op, latency);
  return graph.slowest_cycle(floor);
}

TEST(DependenceGraph, AChainThatFeedsItselfTakesItsSum) {
  EXPECT_DOUBLE_EQ(slowest({{op_after({{2, 1}}), 10}, {op_after({{0, 0}}), 20}, {op_after({{1, 0}}), 30}}), 60);
}
TEST(DependenceGraph, ALagOfTwoHalvesIt) {
  EXPECT_DOUBLE_EQ(slowest({{op_after({{2, 2}}), 10}, {op_after({{0, 0}}), 20}, {op_after({{1, 0}}), 30}}), 30);
}
TEST(DependenceGraph, WithoutACycleTheFloorStays) {
  EXPECT_DOUBLE_EQ(slowest({{op_after({}), 10}, {op_after({{0, 0}}), 20}}, 7), 7);
  EXPECT_DOUBLE_EQ(slowest({{op_after({{1, 1}}), 10}, {op_after({{0, 0}}), 20}}, 100), 100);
}
TEST(DependenceGraph, TheSlowestOfSeveralCyclesWins) {
  // a single buffer (0 -> 1 -> 0, lag 1: 15), an accumulator (2 -> 2, lag 1: 40), and through both with lag 3: 65 / 3
  EXPECT_DOUBLE_EQ(slowest({{op_after({{1, 1}}), 5}, {op_after({{0, 0}}), 10}, {op_after({{1, 0}, {2, 1}}), 40}}), 40);
}
TEST(DependenceGraph, ACycleThroughTwoLagsIsTheirMean) {
  // 0 waits for 3 of the last trip, 2 for 1 of the last trip: 0 -> 1 -> 2' -> 3' -> 0'': 100 over two trips
  EXPECT_DOUBLE_EQ(
      slowest({{op_after({{3, 1}}), 10}, {op_after({{0, 0}}), 20}, {op_after({{1, 1}}), 30}, {op_after({{2, 0}}), 40}}),
      50);
}
TEST(DependenceGraph, OpsThatWereNotAddedAreNotWaitedFor) {
  EXPECT_DOUBLE_EQ(slowest({{op_after({{9, 1}}), 10}, {op_after({{0, 0}}), 20}}, 1), 1);
}

/// One loop: a load feeds an MMA; the next load waits for the MMA `lag` trips ago.
TripTime load_and_mma(int lag) {
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
  return trip_time(program, program.launches[0], counts.launch[0].trip[0], counts, costs, MissedShares{});
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
