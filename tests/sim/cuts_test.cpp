// Where trips are cut, on a trip whose parts are known by hand.
#include "cuts.hpp"

#include <gtest/gtest.h>

#include "rooftile/model/program_writer.hpp"
#include "sim_support.hpp"

namespace rooftile::sim {
namespace {

/// Two tiles with a buffer each: 100 cycles with the first, 50 with none, 250 with the second.
Cuts cuts_of(bool barrier) {
  static Program program;
  static ProgramCounts counts;
  ProgramWriter w{program};
  const int k = w.input("K", 2, {1024, 64}), v = w.input("V", 2, {1024, 64});
  w.launch("bench", {.threads = 128, .registers = 32, .smem = 0}, {{"tile", 1}});
  w.role("all", 4);
  const int loop = w.loop(constant(0), constant(16));
  w.in(loop);
  const int load_k = w.load(k, {tile(loop_index(loop), 64), whole(64)});
  const int load_v = w.load(v, {tile(loop_index(loop), 64), whole(64)});
  const int first = w.work(OpKind::mma, 4096 * 100);
  const int between = w.work(OpKind::mma, 4096 * 50);
  const int second = w.work(OpKind::mma, 4096 * 250);
  if (barrier) w.work(OpKind::barrier, 2);
  w.after(load_k, {{first, 1}});
  w.after(load_v, {{second, 1}});
  w.after(first, {{load_k, 0}});
  w.after(between, {{first, 0}});
  w.after(second, {{load_v, 0}, {between, 0}});
  program.math = MathPath::wgmma;
  count(program, counts);
  const CostTable costs{test::hopper(), program};
  const std::array<std::int16_t, 2> loads{static_cast<std::int16_t>(load_k), static_cast<std::int16_t>(load_v)};
  return cut_trip(program, program.launches[0], 0, loads, counts, costs);
}

TEST(Cuts, ATripIsCutWhereATileIsNeededAndWhereItsBufferIsFree) {
  const Cuts cuts = cuts_of(false);
  ASSERT_EQ(cuts.size(), 3U);
  EXPECT_DOUBLE_EQ(cuts[0].part, 0.25);
  EXPECT_DOUBLE_EQ(cuts[1].part, 0.125);
  EXPECT_DOUBLE_EQ(cuts[2].part, 0.625);
  EXPECT_EQ(cuts[0].waits, 0);
  EXPECT_EQ(cuts[0].frees, 0);
  EXPECT_EQ(cuts[1].waits, -1);
  EXPECT_EQ(cuts[1].frees, -1);
  EXPECT_EQ(cuts[2].waits, 1);
  EXPECT_EQ(cuts[2].frees, 1);
}
TEST(Cuts, TheBarrierThatFreesABufferWaitsForTheNextTile) {
  const Cuts cuts = cuts_of(true);
  ASSERT_EQ(cuts.size(), 2U);
  EXPECT_DOUBLE_EQ(cuts[0].part, 0.25);
  EXPECT_DOUBLE_EQ(cuts[1].part, 0.75);
  EXPECT_EQ(cuts[1].waits, 1);
  EXPECT_EQ(cuts[1].frees, 1);
}

}  // namespace
}  // namespace rooftile::sim
