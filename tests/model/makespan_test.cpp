// When the last tile is done, on launches small enough to schedule by hand.
#include "predictors/makespan.hpp"

#include <gtest/gtest.h>

#include "rooftile/model/program_writer.hpp"
#include "support.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;

/// A launch whose trips take ten cycles each, times the residents that share an SM, and nothing else does.
struct Bench {
  Program program;
  ProgramCounts counts;

  explicit Bench(Schedule schedule, std::initializer_list<Axis> axes, Bound first, Bound last) {
    ProgramWriter w{program};
    w.launch("bench", {}, axes).schedule = schedule;
    w.role("all", 4);
    w.in(w.loop(first, last));
    w.work(OpKind::mma, 1);
    count(program, counts);
  }
  [[nodiscard]] double cycles(Int sms, Int resident, TripTime once = {}) const {
    MakespanInput input{program.launches[0], counts.launch[0], once, {}, sms, resident};
    input.loop[0].busy = 10;
    return makespan(input).cycles;
  }
};

Bound ramp(Int tiles) { return affine(0, 1, 1, 1, 0, tiles); }  // tile i makes i + 1 trips

TEST(Makespan, PersistentCtasTakeEqualTilesInRounds) {
  for (const Schedule schedule : {Schedule::persistent_static, Schedule::persistent_dynamic}) {
    const Bench seven{schedule, {{"tile", 7}}, constant(0), constant(4)};
    EXPECT_DOUBLE_EQ(seven.cycles(3, 1), 3 * 40);  // 3 CTAs: 3, 2 and 2 tiles
    EXPECT_DOUBLE_EQ(seven.cycles(7, 1), 40);
    EXPECT_DOUBLE_EQ(seven.cycles(8, 2), 40);
  }
}

/// What is left behind whole waves, where CTAs are equal.
TEST(Makespan, NamesTheLastWaveOfEqualCtas) {
  const Bench seven{Schedule::one_per_cta, {{"tile", 7}}, constant(0), constant(4)};
  const auto last = [&](Int sms, Int resident) {
    MakespanInput input{seven.program.launches[0], seven.counts.launch[0], {}, {}, sms, resident};
    input.loop[0].busy = 10;
    return makespan(input).last;
  };
  EXPECT_DOUBLE_EQ(last(3, 1).cycles, 40);
  EXPECT_DOUBLE_EQ(last(3, 1).share, 1.0 / 7);
  EXPECT_DOUBLE_EQ(last(2, 2).cycles, 80);  // three on two SMs
  EXPECT_DOUBLE_EQ(last(7, 1).share, 0);    // no place is empty
  EXPECT_DOUBLE_EQ(last(8, 1).share, 0);    // the only wave
}

/// Later waves are as long as their units or their waiting, whichever is longer in all: one's beginning lies under
/// another's trips.
TEST(Makespan, CtasOfLaterWavesDoDifferentThings) {
  const Bench eight{Schedule::one_per_cta, {{"tile", 8}}, constant(0), constant(4)};
  const TripTime once{.cycle = 30};
  EXPECT_DOUBLE_EQ(eight.cycles(4, 2, once), 30 + 2 * 40);             // in step
  EXPECT_DOUBLE_EQ(eight.cycles(2, 2, once), (30 + 2 * 40) + 2 * 40);  // 2 x 40 busy, 30 + 40 alone
  EXPECT_DOUBLE_EQ(eight.cycles(4, 1, once), 2 * (30 + 40));           // nobody to overlap with
}

/// A mask under which all CTAs are equal changes nothing: one block of keys, whatever the query tile sees of it.
TEST(Makespan, EqualCtasUnderAMaskAreEqualCtas) {
  const TripTime once{.cycle = 30};
  const Bound one_block = affine(0, 1, 1, 1, 0, 1);
  for (const Schedule schedule : {Schedule::one_per_cta, Schedule::persistent_static, Schedule::persistent_dynamic}) {
    const Bench masked{schedule, {{"tile", 8}}, constant(0), one_block};
    const Bench open{schedule, {{"tile", 8}}, constant(0), constant(1)};
    for (const Int sms : {1, 2, 3, 8}) {
      for (const Int resident : {1, 2, 4}) {
        EXPECT_LE(masked.cycles(sms, resident, once), open.cycles(sms, resident, once) * (1 + 1e-12))
            << name_of(schedule) << " on " << sms << " x " << resident;
      }
    }
  }
}

/// Six tiles of 1 to 6 trips on three CTAs: 1 + 4, 2 + 5 and 3 + 6 trips.
TEST(Makespan, StaticPersistentCtasAddUpTheirTiles) {
  const Bench six{Schedule::persistent_static, {{"tile", 6}}, constant(0), ramp(6)};
  EXPECT_DOUBLE_EQ(six.cycles(3, 1), 90);
  EXPECT_DOUBLE_EQ(six.cycles(2, 1), 10 * (2 + 4 + 6));
}

/// Longest first there and back: 6 + 1, 5 + 2 and 4 + 3 trips; of two columns 6 6 5 5, 3 3 4 4, 2 2 1 1 by rounds of
/// four.
TEST(Makespan, StaticPersistentCtasDealTheLongestTilesThereAndBack) {
  const Bench one{Schedule::persistent_static, {{"tile", 6, true}}, constant(0), ramp(6)};
  EXPECT_DOUBLE_EQ(one.cycles(3, 1), 10 * (6 + 1));
  EXPECT_DOUBLE_EQ(one.cycles(4, 1), 10 * 6);
  const Bench two{Schedule::persistent_static, {{"tile", 6, true}, {"head", 2}}, constant(0), ramp(6)};
  EXPECT_DOUBLE_EQ(two.cycles(4, 1), 10 * (6 + 3 + 2));
  EXPECT_DOUBLE_EQ(two.cycles(5, 1), 10 * (6 + 2 + 1));
}

/// The CTAs that are followed stand for all: no other ends later by more than a trip in each pair of rounds.
TEST(Makespan, DealtThereAndBackTheFirstCtasAreTheLast) {
  for (const Int tiles : {3, 8, 17, 32}) {
    for (const Int heads : {1, 2, 5, 12}) {
      const Bench bench{
          Schedule::persistent_static, {{"tile", tiles, true}, {"head", heads}}, constant(0), ramp(tiles)};
      const Int n = tiles * heads;
      for (const Int stay : {7, 13, 24, 61}) {
        if (n <= stay || n > 8 * stay) continue;
        Int most = 0;
        for (Int c = 0; c < stay; ++c) {
          Int trips = 0;
          for (Int round = 0; round * stay < n; ++round) {
            const Int place = round * stay + (round % 2 == 1 ? stay - 1 - c : c);
            if (place < n) trips += tiles - place / heads;
          }
          most = std::max(most, trips);
        }
        const double cycles = bench.cycles(stay, 1);
        EXPECT_LE(cycles, 10.0 * static_cast<double>(most)) << tiles << " x " << heads << " on " << stay;
        const Int pairs = ceil_div(ceil_div(n, stay), 2);
        EXPECT_GE(cycles, 10.0 * static_cast<double>(most - pairs)) << tiles << " x " << heads << " on " << stay;
      }
    }
  }
}

/// Taken as CTAs get free, longest first, the same tiles are spread evenly but for a tail.
TEST(Makespan, DynamicPersistentCtasAreAListSchedule) {
  const Bench many{Schedule::persistent_dynamic, {{"tile", 64, true}, {"head", 8}}, constant(0), ramp(64)};
  const Bench in_a_grid{Schedule::one_per_cta, {{"tile", 64, true}, {"head", 8}}, constant(0), ramp(64)};
  EXPECT_DOUBLE_EQ(many.cycles(10, 1), in_a_grid.cycles(10, 1));
  const double work = 10.0 * 8 * 64 * 65 / 2;
  EXPECT_GT(many.cycles(10, 1), work / 10);
  EXPECT_LT(many.cycles(10, 1), work / 10 + 640);
}

/// A CTA that stays waits for its first tile, one that does not for its only one.
TEST(Makespan, PersistentCtasWaitOnce) {
  TripTime once;
  once.cycle = 5;
  once.wait = 500;
  const Bench stays{Schedule::persistent_static, {{"tile", 9}}, constant(0), constant(4)};
  EXPECT_DOUBLE_EQ(stays.cycles(3, 1, once), 500 + 3 * (40 + 5));
  once.cycle = 505;  // what once_per_cta() makes of it otherwise
  const Bench leaves{Schedule::one_per_cta, {{"tile", 9}}, constant(0), constant(4)};
  EXPECT_DOUBLE_EQ(leaves.cycles(3, 1, once), 3 * (40 + 505));
}

/// Nine blocks in four parts of three: the last part is empty, the call takes as long as a full one.
TEST(Makespan, PartsOfTheKeysTakeAsLongAsTheLongest) {
  const Bench parts{
      Schedule::one_per_cta, {{"q_tile", 1}, {"split", 4}}, affine(1, 0, 3, 1, 0, 9), affine(1, 3, 3, 1, 0, 9)};
  EXPECT_DOUBLE_EQ(parts.cycles(4, 1), 30);
  EXPECT_DOUBLE_EQ(parts.cycles(2, 1), 60);
  EXPECT_DOUBLE_EQ(parts.cycles(2, 2), 60);  // two share an SM: twice as long each
}

/// A cap that grows with the query tile ends the parts of the first tiles early.
TEST(Makespan, TheLongestPartIsThatOfTheLastTile) {
  Bench parts{Schedule::one_per_cta, {{"q_tile", 3}, {"split", 2}}, affine(1, 0, 4, 1, 0, 8), affine(1, 4, 4, 1, 0, 8)};
  Loop& loop = parts.program.launches[0].loops[0];
  loop.has_cap = true;
  loop.cap = ramp(3);  // tiles see 1, 2 and 3 blocks
  count(parts.program, parts.counts);
  EXPECT_EQ(parts.counts.launch[0].trips[0], 1 + 2 + 3);
  EXPECT_DOUBLE_EQ(parts.cycles(6, 1), 30);
}

}  // namespace
}  // namespace rooftile
