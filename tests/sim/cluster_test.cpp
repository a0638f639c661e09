// CTAs of a cluster and the tiles that they share.
#include <gtest/gtest.h>

#include <map>

#include "sim_support.hpp"

namespace rooftile::sim {
namespace {

/// When the trips of each CTA of the first launch begin and end.
class TripTimes final : public Listener {
 public:
  struct Span {
    double begin, end;
  };
  explicit TripTimes(Hertz clock) : clock_{clock} {}
  void phase(const PhaseSeen& seen) override {
    if (seen.kind != PhaseKind::trip) return;
    of_[seen.cta].push_back({(seen.begin * clock_).value(), (seen.end * clock_).value()});
  }
  [[nodiscard]] const std::vector<Span>& of(std::int64_t cta) const { return of_.at(cta); }

 private:
  Hertz clock_;
  std::map<std::int64_t, std::vector<Span>> of_;
};

/// Two clusters of two CTAs on three SMs: SM 0 has a CTA of both, and makes a trip in twice the time. Each CTA has SMs
/// for itself but for that; the tiles of a trip are in L2.
class ClusterTest : public testing::TestWithParam<int> {
 protected:
  static constexpr std::int64_t trips = 12;
  void write(int lag) {
    ProgramWriter w{program_};
    const int k = w.input("K", 2, {trips * 64, 64});
    w.launch("bench", {.threads = 128, .registers = 32, .smem = 0}, {{"tile", 4}}).cluster = 2;
    w.role("all", 4);
    const int loop = w.loop(constant(0), constant(trips));
    w.in(loop);
    const int load = w.multicast_load(k, {tile(loop_index(loop), 64), whole(64)});
    const int product = w.work(OpKind::mma, 4096 * units);
    w.after(load, {{product, lag}});
    w.after(product, {{load, 0}});
    w.in(-1);
    program_.math = MathPath::wgmma;
    program_.l2 = L2State::warm;
    count(program_, counts_);
    on_ = test::hopper();
    on_.sm.count = Count{3};
    on_.sm.max_ctas = Count{2};
  }
  static constexpr std::int64_t units = 2000;  // cycles of a trip: more than L2 takes
  Program program_;
  ProgramCounts counts_;
  Device on_;
};

/// A tile is asked for when the last CTA of the cluster has room for it, and a trip ends no sooner than the whole of
/// load and product behind that.
TEST_P(ClusterTest, NobodyGetsATileBeforeAllHaveRoomForIt) {
  const int lag = GetParam();
  write(lag);
  TripTimes seen{on_.clock.tensor_boost};
  const auto simulation = simulate(on_, program_, counts_, &seen).value();
  const auto timing = test::timing_of(program_, 0, counts_, on_);
  const double whole = timing->loop[0].loads[0].whole;
  ASSERT_GT(whole, units);
  const auto &slow = seen.of(0), &fast = seen.of(1);  // SM 0, with CTA 3, and SM 1, alone
  ASSERT_EQ(slow.size(), trips);
  ASSERT_EQ(fast.size(), trips);
  int waited = 0;
  for (std::size_t j = 0; j < trips; ++j) {
    const double alone = timing->loop[0].cost.alone;
    const auto first = static_cast<std::size_t>(lag) - 1;  // until then tiles are asked for at once
    const double room = j <= first ? slow[0].begin : slow[j - first].begin;
    const double buffers = std::min<double>(lag, static_cast<double>(j + 1));
    const double due = std::max(room, j <= first ? fast[0].begin : fast[j - first].begin) + whole * buffers / lag;
    EXPECT_NEAR(fast[j].end, std::max(fast[j].begin + alone, due), 1e-6) << j;
    waited += fast[j].end > fast[j].begin + alone + 1 ? 1 : 0;
  }
  EXPECT_GT(waited, trips / 2);
  EXPECT_EQ(simulation.answer.dram.read.value(), 0);
}

INSTANTIATE_TEST_SUITE_P(Buffers, ClusterTest, testing::Values(1, 2, 3));

/// Clusters of a short CTA and a long one on two SMs: the short one's SM waits for the other before both begin again.
TEST(Cluster, TheNextBeginsWhenThereIsRoomForAllOfIt) {
  constexpr std::int64_t units = 2000;
  Program program;
  ProgramCounts counts;
  ProgramWriter w{program};
  const int k = w.input("K", 2, {12 * 64, 64});
  w.launch("bench", {.threads = 128, .registers = 32, .smem = 0}, {{"tile", 6}}).cluster = 2;
  w.role("all", 4);
  const int loop = w.loop(constant(0), affine(0, 1, 1, 1, 0, 12));  // tile 0 makes one trip, tile 5 six
  w.in(loop);
  const int load = w.load(k, {tile(loop_index(loop), 64), whole(64)});
  const int product = w.work(OpKind::mma, 4096 * units);
  w.after(load, {{product, 1}});
  w.after(product, {{load, 0}});
  w.in(-1);
  program.math = MathPath::wgmma;
  program.l2 = L2State::warm;
  count(program, counts);
  Device on = test::hopper();
  on.sm.count = Count{2};
  on.sm.max_ctas = Count{1};
  TripTimes seen{on.clock.tensor_boost};
  const auto simulation = simulate(on, program, counts, &seen).value();
  const double alone = test::timing_of(program, 0, counts, on)->loop[0].cost.alone;
  for (std::int64_t cta = 0; cta < 6; ++cta) {
    ASSERT_EQ(seen.of(cta).size(), cta + 1);
    for (const TripTimes::Span& trip : seen.of(cta)) EXPECT_GT(trip.end, trip.begin + alone - 1e-6) << cta;
    const std::int64_t before = cta - cta % 2 - 1;  // the long one of the cluster before
    if (before < 0) continue;
    EXPECT_GT(seen.of(cta).front().begin, seen.of(before).back().end - 1e-6) << cta;
  }
  EXPECT_EQ(simulation.answer.dram.read.value(), 0);
}

}  // namespace
}  // namespace rooftile::sim
