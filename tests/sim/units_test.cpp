// The small parts of the simulator by hand: when DRAM answers, who gets which CTA, how phases share an SM.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "dram.hpp"
#include "hand_out.hpp"
#include "rooftile/model/program_writer.hpp"
#include "sm.hpp"
#include "soonest.hpp"

namespace rooftile::sim {
namespace {

// ---- Dram: an A100: 712,500 bytes in flight fill it

constexpr double rate = 1250, latency = 570, full = rate * latency;
constexpr double share = rate / Dram::channels;  // of a channel

/// When bytes that are asked for now are there.
double ready_at(Dram& dram, double now, double bytes) {
  const Dram::Answer answer = dram.answer(now, dram.request(now, bytes));
  EXPECT_TRUE(answer.known);
  return answer.at;
}

TEST(Dram, OneRequestTakesItsTurnAndTheLatency) {
  Dram dram{rate, latency};
  EXPECT_DOUBLE_EQ(ready_at(dram, 1000, 32), 1000 + 32 / share + latency);
  EXPECT_EQ(dram.moved(), 32);
}
TEST(Dram, LoneRequestsDoNotDisturbEachOther) {
  Dram dram{rate, latency};
  for (int n = 0; n < 100; ++n) {
    EXPECT_DOUBLE_EQ(ready_at(dram, 10000 * n, dram.piece()), 10000 * n + dram.piece() / share + latency);
  }
}
TEST(Dram, NeighboursLieInDifferentChannels) {
  Dram dram{rate, latency};
  EXPECT_DOUBLE_EQ(ready_at(dram, 0, 40 * dram.piece()), dram.piece() / share + latency);
}
TEST(Dram, ABurstComesAtFullBandwidth) {
  Dram dram{rate, latency};
  double ready = 0;
  constexpr int requests = 100000;
  for (int n = 0; n < requests; ++n) ready = std::max(ready, ready_at(dram, 0, 8 * dram.piece()));
  EXPECT_GE(ready, requests * 8 * dram.piece() / rate);
  EXPECT_NEAR(ready / (requests * 8 * dram.piece() / rate), 1, 0.02);  // some channel has a little more to do
}
/// What stays in flight decides what arrives: at most F / L and at most B, near both the closed form of the model,
/// which follows what was measured (dram_time.hpp). Memories of an A100, an H100, a V100, an L40S.
TEST(Dram, KeptAtSomeBytesInFlightItDeliversAboutThemPerAnswerTime) {
  struct Memory {
    double rate, latency;
  };
  std::vector<double> ratio;
  for (const Memory& memory : {Memory{1250, 570}, {1650, 655}, {587, 470}, {312, 700}}) {
    const double fills = memory.rate * memory.latency;
    for (const double tile : {8192.0, 16384.0, 32768.0}) {
      for (const double fill : {0.5, 1.0, 1.5, 2.0, 4.0}) {
        Dram dram{memory.rate, memory.latency};
        const auto requests = static_cast<std::size_t>(std::lround(fill * fills / tile));
        Soonest next{requests};  // each is asked for again as soon as it is there
        for (std::size_t n = 0; n < requests; ++n) next.set(n, ready_at(dram, 0, tile));
        double now = 0;
        for (int n = 0; n < 20000; ++n) {
          now = next.time();
          next.set(next.player(), ready_at(dram, now, tile));
        }
        const double in_flight = static_cast<double>(requests) * tile;
        const double delivered = (dram.moved() - in_flight) / now;
        EXPECT_LE(delivered, 1.01 * std::min(memory.rate, in_flight / memory.latency)) << fill;
        const double closed = in_flight / memory.latency / std::cbrt(1 + std::pow(in_flight / fills, 3));
        EXPECT_NEAR(delivered / closed, 1, requests < 10 ? 0.16 : 0.12) << memory.rate << ' ' << tile << ' ' << fill;
        ratio.push_back(delivered / closed);
      }
    }
  }
  EXPECT_NEAR(std::accumulate(ratio.begin(), ratio.end(), 0.0) / static_cast<double>(ratio.size()), 1, 0.02);
}
/// Channels that are closed for a tenth of the time, one after the other; 4 us and 0.4 at 1.41 GHz.
constexpr DramRefresh refresh{.every = 5640, .takes = 564};
constexpr double open_share = share / (1 - 0.1);          // of a channel while it is open
constexpr double open_latency = latency - 0.1 * 564 / 2;  // a lone request's mean has the refreshes in it

/// What comes while a channel is closed waits until it opens; what is being served then goes on behind the refresh.
TEST(Dram, AClosedChannelServesNobody) {
  double longest = 0;
  for (double now = 0; now < 2 * refresh.every; now += 7) {
    Dram dram{rate, latency, refresh};
    const double of_every_channel = ready_at(dram, now, 40 * dram.piece()) - now;  // a piece
    const double waited = of_every_channel - dram.piece() / open_share - open_latency;
    EXPECT_GE(waited, -1e-6) << now;
    EXPECT_LE(waited, refresh.takes + 1e-6) << now;
    longest = std::max(longest, waited);
  }
  EXPECT_GE(longest, refresh.takes - 7);
}
TEST(Dram, ALonePieceTakesTheLatencyAtTheMean) {
  Dram dram{rate, latency, refresh};
  double all = 0;
  constexpr int requests = 20000;
  for (int n = 0; n < requests; ++n) all += ready_at(dram, 7919.0 * n, dram.piece()) - 7919.0 * n;
  EXPECT_NEAR(all / requests, latency + dram.piece() / open_share, 0.02 * latency);
}
TEST(Dram, ATileWaitsForItsLastPieceAsTheClosedFormSays) {
  for (const int pieces : {8, 32}) {
    Dram dram{rate, latency, refresh};
    double all = 0;
    constexpr int requests = 20000;
    for (int n = 0; n < requests; ++n) all += ready_at(dram, 7919.0 * n, pieces * dram.piece()) - 7919.0 * n;
    const double later = all / requests - dram.piece() / open_share - latency;
    EXPECT_NEAR(later, wait_for_last_piece(refresh, pieces), 0.15 * refresh.takes) << pieces;
  }
}
TEST(Dram, RefreshesTakeNothingOfWhatIsSustained) {
  Dram dram{rate, latency, refresh};
  double ready = 0;
  constexpr int requests = 100000;
  for (int n = 0; n < requests; ++n) ready = std::max(ready, ready_at(dram, 0, 8 * dram.piece()));
  EXPECT_NEAR(ready / (requests * 8 * dram.piece() / rate), 1, 0.02);
}
TEST(Dram, NoAnswerComesBeforeTheLatency) {
  Dram dram{rate, latency};
  EXPECT_GE(ready_at(dram, 0, 20 * full), 20 * latency);
  for (int n = 1; n < 100; ++n) EXPECT_GE(ready_at(dram, 200 * n, 32 * n), 200 * n + latency);
}
TEST(Dram, FirstComeFirstServed) {
  Dram dram{rate, latency};
  dram.request(0, 100 * full);  // every channel has work for a long time
  EXPECT_GE(ready_at(dram, 1, 32), 0.7 * 100 * latency);
}
TEST(Dram, IsSaturatedFromTwiceWhatFillsItOn) {
  Dram dram{rate, latency};
  dram.request(0, 2 * full);
  EXPECT_FALSE(dram.saturated());
  dram.request(0, 1);
  EXPECT_TRUE(dram.saturated());
  dram.request(1e6, 1);
  EXPECT_FALSE(dram.saturated());
}
TEST(Dram, AnSmSendsARequestPartByPart) {
  Dram dram{rate, latency, {}, 1, 0.1};
  const Dram::Request request = dram.request(0, 3 * dram.part());
  const double sent = 2 * 0.1 * dram.part();  // its last part
  Dram::Answer answer = dram.answer(0, request);
  EXPECT_FALSE(answer.known);
  for (double now = 0; !answer.known; answer = dram.answer(now, request)) {
    ASSERT_GT(answer.at, now);
    now = answer.at;
  }
  // a channel takes a piece of the last part as soon as it is sent
  EXPECT_NEAR(answer.at, sent + latency + dram.piece() / share, 1e-9);
  EXPECT_EQ(dram.answer(answer.at, request).at, 0);  // long since
}
/// Of SMs, and of CTAs on an SM, that ask at the same moment none is served before the others; one request of a CTA is
/// served before the next.
TEST(Dram, WhoAsksAtTheSameMomentIsServedAtTheSameTime) {
  constexpr double tile = 32 * 1024.0;
  for (const std::size_t sms : {std::size_t{1}, std::size_t{100}}) {
    Dram dram{rate, latency, {}, sms, 1e-4 * static_cast<double>(sms)};
    std::vector<Dram::Request> first, second;
    for (std::size_t n = 0; n < 100; ++n) {
      const Asker asker{n % sms, n / sms};
      first.push_back(dram.request(0, tile, asker));
      second.push_back(dram.request(0, tile, asker));
    }
    const double sent = 1e-4 * 200 * tile;
    const double all = 200 * tile / rate + latency;
    for (std::size_t n = 0; n < 100; ++n) {
      const double one = dram.answer(sent, first[n]).at, other = dram.answer(sent, second[n]).at;
      EXPECT_GE(other, 0.85 * all) << sms << ' ' << n;
      EXPECT_NEAR(one / all, 0.53, 0.06) << sms << ' ' << n;
    }
  }
}
TEST(Dram, WhatIsSentBackWaitsForNoSm) {
  Dram dram{rate, latency, {}, 1, 1.0};
  dram.request(0, 100 * dram.part());
  const Dram::Answer answer = dram.answer(0, dram.send(0, 32));
  EXPECT_TRUE(answer.known);
  EXPECT_LE(answer.at, latency + (32 + dram.part()) / share);
}

// ---- HandOut

/// Tiles of growing length if it is a ramp.
Launch grid(Schedule schedule, std::int64_t tiles, std::int64_t columns, bool descending = false, bool ramp = true) {
  Launch launch;
  Loop loop;
  loop.last = ramp ? affine(0, 1, 1, 1, 0, tiles) : constant(4);
  launch.loops.push_back(loop);
  launch.schedule = schedule;
  launch.axes.push_back({"tile", tiles, descending});
  launch.axes.push_back({"head", columns});
  return launch;
}
std::vector<std::int64_t> rounds(HandOut& out, std::int64_t place, int count) {
  std::vector<std::int64_t> given;
  for (int n = 0; n < count; ++n) given.push_back(out.next(place));
  return given;
}
using List = std::vector<std::int64_t>;

TEST(HandOut, GivesTheGridInOrderToWhoeverIsFree) {
  for (const Schedule schedule : {Schedule::one_per_cta, Schedule::persistent_dynamic}) {
    const Launch launch = grid(schedule, 3, 2);
    HandOut out{launch, 4};
    EXPECT_EQ(out.places(), 4);
    List given;
    for (const std::int64_t place : {0, 1, 2, 3, 2, 2, 0, 1}) given.push_back(out.next(place));
    EXPECT_EQ(given, (List{0, 1, 2, 3, 4, 5, -1, -1}));
  }
}
TEST(HandOut, HasNoMorePlacesThanCtas) {
  const Launch launch = grid(Schedule::one_per_cta, 3, 1);
  EXPECT_EQ((HandOut{launch, 8}.places()), 3);
}
TEST(HandOut, ThoseWhoStayTakeEveryNth) {
  const Launch launch = grid(Schedule::persistent_static, 5, 2);
  HandOut out{launch, 4};
  EXPECT_EQ(rounds(out, 1, 4), (List{1, 5, 9, -1}));
  EXPECT_EQ(rounds(out, 3, 3), (List{3, 7, -1}));
  EXPECT_EQ(rounds(out, 0, 4), (List{0, 4, 8, -1}));
}
TEST(HandOut, LongestFirstThereAndBack) {
  // by length: the first tile of both columns, the second of both ...: 0, 5, 1, 6, 2, 7, 3, 8, 4, 9
  const Launch launch = grid(Schedule::persistent_static, 5, 2, true);
  HandOut out{launch, 4};
  EXPECT_EQ(rounds(out, 0, 4), (List{0, 8, 4, -1}));  // 0, 7, 8 of that list
  EXPECT_EQ(rounds(out, 1, 4), (List{5, 3, 9, -1}));  // 1, 6, 9
  EXPECT_EQ(rounds(out, 3, 3), (List{6, 2, -1}));     // 3, 4
}
/// A second limit that moves with the tiles makes them longer, too.
TEST(HandOut, ACapThatMovesMakesARamp) {
  Launch launch = grid(Schedule::persistent_static, 5, 2, true, false);
  launch.loops[0].cap = affine(0, 1, 1, 1, 0, 5);
  HandOut without{launch, 4};
  EXPECT_EQ(rounds(without, 0, 4), (List{0, 4, 8, -1}));  // not a limit yet
  launch.loops[0].has_cap = true;
  HandOut out{launch, 4};
  EXPECT_EQ(rounds(out, 0, 4), (List{0, 8, 4, -1}));  // as LongestFirstThereAndBack
  launch.loops[0].cap = affine(1, 1, 1, 1, 0, 5);     // with the heads, not with the tiles
  HandOut across{launch, 4};
  EXPECT_EQ(rounds(across, 0, 4), (List{0, 4, 8, -1}));
}
TEST(HandOut, TilesAsLongAsEachOtherGoColumnAfterColumn) {
  const Launch launch = grid(Schedule::persistent_static, 5, 2, true, false);
  HandOut out{launch, 4};
  EXPECT_EQ(rounds(out, 0, 4), (List{0, 4, 8, -1}));
  EXPECT_EQ(rounds(out, 3, 3), (List{3, 7, -1}));
}
TEST(HandOut, GivesEachCtaOnce) {
  for (const Schedule schedule : {Schedule::one_per_cta, Schedule::persistent_static, Schedule::persistent_dynamic}) {
    for (const bool descending : {false, true}) {
      for (const std::int64_t places : {1, 3, 4, 7, 20, 50}) {
        const Launch launch = grid(schedule, 7, 3, descending);
        HandOut out{launch, places};
        List times(21, 0);
        for (std::int64_t place = 0; place < out.places(); ++place) {
          for (std::int64_t cta = out.next(place); cta >= 0; cta = out.next(place)) {
            ++times.at(static_cast<std::size_t>(cta));
          }
        }
        EXPECT_EQ(times, List(21, 1)) << descending << ' ' << places;
      }
    }
  }
}

// ---- Sm

/// A phase that keeps the SM busy for a part of the time that it takes alone.
PhaseCost phase(double alone, double busy) {
  PhaseCost cost;
  cost.alone = alone;
  cost.busy = busy;
  return cost;
}
/// Phases on the places of one SM, of CTAs that began one after the other.
struct Places {
  Sm sm;

  /// Those up to `first_wave` began with the launch.
  Places(std::size_t count, std::int64_t first_wave) : sm{count, first_wave} {}
  void begin(std::size_t place, const PhaseCost& cost, std::int64_t age) {
    sm.enter(place, age);
    sm.run(place, cost);
  }
};
constexpr std::int64_t all = 100, none_of_them = 0;

TEST(Sm, EqualPhasesTakeTheClosedForm) {
  const PhaseCost cost = phase(100, 40);
  for (std::size_t k = 1; k <= 6; ++k) {
    Places at{6, all};
    for (std::size_t n = 0; n < k; ++n) at.begin(n, cost, static_cast<std::int64_t>(n) + 1);
    EXPECT_DOUBLE_EQ(at.sm.share(), std::max(40.0 * static_cast<double>(k), 100.0)) << k;
  }
}
TEST(Sm, AnEmptyOneHasNoEvent) { EXPECT_EQ((Places{3, all}.sm.share()), never); }
TEST(Sm, DifferentPhasesSlowDownAlikeAndOneAloneGoesOnAtFullSpeed) {
  const PhaseCost a = phase(100, 60), b = phase(200, 180);
  Places at{2, all};
  at.begin(0, a, 1);
  at.begin(1, b, 2);
  EXPECT_DOUBLE_EQ(at.sm.share(), 150);  // 0.6 + 0.9 of the SM are asked for
  at.sm.advance(150);
  EXPECT_TRUE(at.sm.is_over(0, 150));
  EXPECT_FALSE(at.sm.is_over(1, 150));
  at.sm.leave(0);
  EXPECT_DOUBLE_EQ(at.sm.share(), 250);  // half of b was left: 100 cycles alone
}
TEST(Sm, OfThoseThatHaveDriftedApartTheOldestHasMost) {
  const PhaseCost a = phase(100, 60), b = phase(200, 160);
  Places at{2, none_of_them};
  at.begin(0, b, 2);
  at.begin(1, a, 1);
  EXPECT_DOUBLE_EQ(at.sm.share(), 100);         // a has what it asks for, 0.6, which is less than two thirds
  EXPECT_DOUBLE_EQ(at.sm.speed(0), 0.5 / 200);  // 0.4 of the 0.8 that b asks for
  at.sm.advance(100);
  EXPECT_TRUE(at.sm.is_over(1, 100));
  at.sm.leave(1);
  EXPECT_DOUBLE_EQ(at.sm.share(), 250);  // three quarters of b are left
}
TEST(Sm, TheSecondHasHalfOfTheFirstsShare) {
  const PhaseCost cost = phase(100, 100);
  Places at{2, none_of_them};
  at.begin(0, cost, 1);
  at.begin(1, cost, 2);
  EXPECT_DOUBLE_EQ(at.sm.share(), 150);
  at.sm.advance(150);
  EXPECT_TRUE(at.sm.is_over(0, 150));
  EXPECT_DOUBLE_EQ(at.sm.left(1), 0.5);
  at.sm.leave(0);
  EXPECT_DOUBLE_EQ(at.sm.share(), 200);
}
TEST(Sm, WhatTheYoungestLeavesIsTheOthers) {
  const PhaseCost cost = phase(100, 100);
  Places at{3, none_of_them};
  at.begin(0, cost, 1);
  at.begin(1, cost, 2);
  at.begin(2, phase(100, 10), 3);  // a tenth, where 2/11 is its share
  EXPECT_DOUBLE_EQ(at.sm.share(), 100);
  EXPECT_DOUBLE_EQ(at.sm.speed(2), 0.01);
  EXPECT_DOUBLE_EQ(at.sm.speed(0), 0.9 * 2 / 3 / 100);
  EXPECT_DOUBLE_EQ(at.sm.speed(1), 0.9 * 1 / 3 / 100);
}
TEST(Sm, AgesCountNotPlaces) {
  const PhaseCost cost = phase(100, 100);
  Places at{3, none_of_them};
  for (std::size_t place = 0; place < 3; ++place) at.begin(place, cost, static_cast<std::int64_t>(place) + 1);
  at.begin(0, cost, 4);  // another CTA in the place of the oldest
  EXPECT_DOUBLE_EQ(at.sm.share(), 100 * (1 + 1.0 / 2 + 1.0 / 3));
  EXPECT_DOUBLE_EQ(at.sm.speed(0), 0.01 * 2 / 11);
  EXPECT_DOUBLE_EQ(at.sm.speed(1), 0.01 * 6 / 11);
}
TEST(Sm, APhaseOfNoCyclesIsOverAtOnce) {
  const PhaseCost cost = phase(100, 40), nothing = phase(0, 0);
  Places at{2, all};
  at.begin(0, cost, 1);
  at.begin(1, nothing, 2);
  EXPECT_EQ(at.sm.share(), 0);
  EXPECT_TRUE(at.sm.is_over(1, 0));
  EXPECT_FALSE(at.sm.is_over(0, 0));
}
TEST(Sm, OneThatDriftedApartIsForgottenWhenItIsGone) {
  const PhaseCost cost = phase(100, 60);
  Places at{3, 2};
  at.begin(0, cost, 1);
  at.begin(1, cost, 2);
  at.begin(2, cost, 3);
  EXPECT_DOUBLE_EQ(at.sm.share(), 110);  // 6/11 for the oldest, which asks for 0.6
  at.sm.leave(2);
  EXPECT_DOUBLE_EQ(at.sm.share(), 120);  // two in step
}
TEST(Sm, WhoHoldsTakesNothing) {
  const PhaseCost cost = phase(100, 100);
  Places at{2, all};
  at.begin(0, cost, 1);
  at.sm.enter(1, 2);
  at.sm.hold(1, 60);
  EXPECT_DOUBLE_EQ(at.sm.share(), 60);
  at.sm.advance(60);
  EXPECT_TRUE(at.sm.is_over(1, 60));
  EXPECT_DOUBLE_EQ(at.sm.left(0), 0.4);
  at.sm.leave(1);
  EXPECT_DOUBLE_EQ(at.sm.share(), 100);
}

}  // namespace
}  // namespace rooftile::sim
