// The trips of a CTA as the simulator takes them, against the expansion of the program.
#include "cta_walk.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "any_cell.hpp"
#include "sim_support.hpp"

namespace rooftile::sim {
namespace {

/// An execution of an op that moves a tile, with the indices that it can look at.
struct Moved {
  std::int16_t op;
  Indices at;
  friend auto operator<=>(const Moved&, const Moved&) = default;
};

/// Only the axes, the op's loop and those around it say where it stands.
Moved moved(const Program& program, const Launch& launch, std::int16_t op, const Indices& at) {
  Moved result{op, {}};
  for (std::size_t a = 0; a < launch.axes.size(); ++a) result.at[a] = at[a];
  for (int l = program.ops[static_cast<std::size_t>(op)].loop; l >= 0;
       l = launch.loops[static_cast<std::size_t>(l)].parent) {
    const auto index = first_loop_index + static_cast<std::size_t>(l);
    result.at[index] = at[index];
  }
  return result;
}

/// What a launch does, counted by the expansion: loads and stores, trips of leading loops.
struct Expected {
  const Program& program;
  const Launch& launch;
  std::vector<Moved> moves;
  std::array<std::int64_t, max_loops> trips{};

  void cta(const Indices& /*at*/) {}
  void enter(int /*loop*/, const Indices& /*at*/) {}
  void trip(int loop, const Indices& /*at*/) { ++trips[static_cast<std::size_t>(loop)]; }
  void op(std::int16_t index, const Indices& at) {
    const TileOp& o = program.ops[static_cast<std::size_t>(index)];
    // one CTA of each cluster asks for what all of them get
    const bool asks = o.hint != Hint::multicast || at[0] % launch.cluster == 0;
    if (moves_a_tile(o.kind) && asks) moves.push_back(moved(program, launch, index, at));
  }
};

/// The same by walking each CTA.
Expected walked(const Program& program, const Launch& launch, const LaunchTiming& timing) {
  Expected all{program, launch, {}, {}};
  CtaWalk walk{program, launch, timing};
  Trip trip;
  const auto add = [&](std::int16_t op, const Indices& at) { all.moves.push_back(moved(program, launch, op, at)); };
  for (std::int64_t cta = 0; cta < launch.ctas(); ++cta) {
    walk.begin(cta);
    for (const LoadWait& load : timing.loads) {
      if (walk.asks(program.ops[static_cast<std::size_t>(load.op)])) add(load.op, walk.at());
    }
    while (walk.next(trip)) {
      ++all.trips[static_cast<std::size_t>(trip.loop)];
      const LoopTiming& loop = timing.loop[static_cast<std::size_t>(trip.loop)];
      for (std::size_t n = 0; n < loop.loads.size(); ++n) {
        if ((trip.loads >> n & 1U) != 0) add(loop.loads[n].op, trip.at);
      }
      for (std::size_t n = 0; n < loop.sends.size(); ++n) {
        if ((trip.sends >> n & 1U) != 0) add(loop.sends[n], trip.at);
      }
    }
    for (const std::int16_t send : timing.sends) add(send, walk.at());
  }
  return all;
}

/// The same ops executed with the same indices, as often.
void expect_walks_to_expand(const Program& program, const ProgramCounts& counts, const Device& on) {
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    const Launch& launch = program.launches[l];
    const auto timing = test::timing_of(program, l, counts, on);
    Expected expected{program, launch, {}, {}};
    expand(program, launch, expected);
    Expected found = walked(program, launch, *timing);
    std::sort(expected.moves.begin(), expected.moves.end());
    std::sort(found.moves.begin(), found.moves.end());
    EXPECT_EQ(found.moves.size(), expected.moves.size()) << launch.name;
    EXPECT_TRUE(found.moves == expected.moves) << launch.name;
    for (std::size_t n = 0; n < launch.loops.size(); ++n) {
      const bool leads = launch.loops[n].group == static_cast<std::int8_t>(n);
      if (!leads || timing->loop[n].empty) continue;
      EXPECT_EQ(found.trips[n], expected.trips[n]) << launch.name << ", loop " << n;
    }
  }
}

RC_GTEST_PROP(CtaWalkProperty, TripsAndGuardsAreThoseOfTheExpansion, ()) {
  static Program program;
  static ProgramCounts counts;
  const test::Cell cell = test::any_cell(400);
  test::build_or_throw(program, cell.shape, cell.spec, {}, cell.device);
  count(program, counts);
  RC_LOG() << cell.name();
  expect_walks_to_expand(program, counts, cell.device);
  RC_ASSERT(!::testing::Test::HasFailure());
}

/// The order of flash2's trips with a causal mask: the masked block first, then down to the first.
TEST(CtaWalk, TakesLoopsInProgramOrder) {
  Program program;
  ProgramWriter w{program};
  const int k = w.input("K", 2, {512, 64});
  w.launch("flash", {}, {{"q_tile", 4, true}});
  w.role("all", 4);
  const int masked = w.descending_loop(affine(0, 0, 1, 1, 0, 8), affine(0, 1, 1, 1, 0, 8));
  w.in(masked);
  w.load(k, {tile(loop_index(masked), 64), whole(64)});
  const int whole_blocks = w.descending_loop(constant(0), affine(0, 0, 1, 1, 0, 8));
  w.in(whole_blocks);
  w.load(k, {tile(loop_index(whole_blocks), 64), whole(64)});
  ProgramCounts counts;
  count(program, counts);
  const auto timing = test::timing_of(program, 0, counts, test::device());
  CtaWalk walk{program, program.launches[0], *timing};
  walk.begin(1);  // handed out from the far end: tile 2
  EXPECT_EQ(walk.at()[0], 2);
  std::vector<std::pair<int, std::int64_t>> trips;
  for (Trip trip; walk.next(trip);) {
    trips.emplace_back(trip.loop, trip.at[first_loop_index + static_cast<std::size_t>(trip.loop)]);
  }
  EXPECT_EQ(trips, (std::vector<std::pair<int, std::int64_t>>{{0, 2}, {1, 1}, {1, 0}}));
}

/// A loop in a loop, guards on both: what flash1 does.
TEST(CtaWalk, GuardsSpeakOfBlocksWhicheverWayTheLoopRuns) {
  for (const bool descending : {false, true}) {
    Program program;
    ProgramWriter w{program};
    const int o = w.output("O", 2, {256, 64});
    w.launch("flash", {}, {{"cta", 1}});
    w.role("all", 4);
    const int j = descending ? w.descending_loop(constant(2), constant(5)) : w.loop(constant(2), constant(5));
    const int i = w.loop(constant(0), constant(4), j);
    w.in(i);
    w.load(o, {tile(loop_index(i), 64), whole(64)});
    w.guard(Guard::not_first_trip, j);
    w.store(o, {tile(loop_index(i), 64), whole(64)});
    w.guard(Guard::last_trip, j);
    ProgramCounts counts;
    count(program, counts);
    const auto timing = test::timing_of(program, 0, counts, test::device());
    CtaWalk walk{program, program.launches[0], *timing};
    walk.begin(0);
    std::int64_t trips = 0;
    for (Trip trip; walk.next(trip); ++trips) {
      const std::int64_t block = trip.at[first_loop_index + static_cast<std::size_t>(j)];
      EXPECT_EQ(block, descending ? 4 - trips / 4 : 2 + trips / 4);
      EXPECT_EQ(trip.loads, block == 2 ? 0U : 1U);
      EXPECT_EQ(trip.sends, block == 4 ? 1U : 0U);
      EXPECT_EQ(trip.ops, block - 2);
    }
    EXPECT_EQ(trips, 12);
  }
}

/// Of a cluster of two the even CTAs ask.
TEST(CtaWalk, OneOfAClusterAsksForAll) {
  Program program;
  ProgramWriter w{program};
  const int k = w.input("K", 2, {512, 64});
  w.launch("flash", {}, {{"q_tile", 4}}).cluster = 2;
  w.role("all", 4);
  const int j = w.loop(constant(0), constant(8));
  w.in(j);
  w.multicast_load(k, {tile(loop_index(j), 64), whole(64)});
  ProgramCounts counts;
  count(program, counts);
  const auto timing = test::timing_of(program, 0, counts, test::device());
  CtaWalk walk{program, program.launches[0], *timing};
  for (std::int64_t cta = 0; cta < 4; ++cta) {
    walk.begin(cta);
    for (Trip trip; walk.next(trip);) {
      EXPECT_EQ(trip.loads, cta % 2 == 0 ? 1U : 0U) << cta;
      EXPECT_EQ(trip.multicast, 1U) << cta;
    }
  }
}

}  // namespace
}  // namespace rooftile::sim
