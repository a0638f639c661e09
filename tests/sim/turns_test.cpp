// Who is next: of those whose times change, and of those that come again and again.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <utility>
#include <vector>

#include "line.hpp"
#include "soonest.hpp"

namespace rooftile::sim {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// ---- Soonest

TEST(Soonest, NobodyHasATimeAtFirst) {
  const Soonest nobody{5};
  EXPECT_EQ(nobody.time(), infinity);
  EXPECT_EQ(nobody.player(), 0U);
}
TEST(Soonest, TheEarliestWins) {
  Soonest next{5};
  for (const auto& [player, time] : {std::pair{3U, 7.0}, {1U, 9.0}, {4U, 8.0}}) next.set(player, time);
  EXPECT_EQ(next.player(), 3U);
  EXPECT_EQ(next.time(), 7);
  next.set(3, infinity);
  EXPECT_EQ(next.player(), 4U);
  next.set(1, 2);
  EXPECT_EQ(next.player(), 1U);
}
TEST(Soonest, OfEqualTimesTheLowestNumberWins) {
  Soonest next{7};
  for (const std::size_t player : {6U, 2U, 5U, 3U}) next.set(player, 4);
  for (const std::size_t player : {2U, 3U, 5U, 6U}) {
    EXPECT_EQ(next.player(), player);
    next.set(player, 5);
  }
  EXPECT_EQ(next.player(), 2U);
}
TEST(Soonest, OnePlayerIsEnough) {
  Soonest next{1};
  next.set(0, 3);
  EXPECT_EQ(next.player(), 0U);
  EXPECT_EQ(next.time(), 3);
}

// ---- Line

TEST(Line, NobodyWaitsAtFirst) {
  Line line{3};
  EXPECT_EQ(line.time(), infinity);
  line.enter(2, 5);
  EXPECT_EQ(line.player(), 2U);
  line.leave();
  EXPECT_EQ(line.time(), infinity);
}
TEST(Line, OfEqualTimesTheLowestNumberIsFirst) {
  Line line{4};
  for (const std::size_t player : {2U, 0U, 3U, 1U}) line.enter(player, 7);
  for (const std::size_t player : {0U, 1U, 2U, 3U}) {
    EXPECT_EQ(line.player(), player);
    line.leave();
  }
}
/// Whatever comes when, it is in the order that the tournament finds.
RC_GTEST_PROP(LineProperty, IsInTheOrderOfTheTournament, ()) {
  const auto players = *rc::gen::inRange<std::size_t>(1, 40);
  Line line{players};
  Soonest next{players};
  std::vector<bool> waits(players);
  for (int step = 0; step < 200; ++step) {
    const auto player = *rc::gen::inRange<std::size_t>(0, players);
    const auto time = static_cast<double>(*rc::gen::inRange(0, 20));
    RC_ASSERT(line.time() == next.time());
    if (line.time() < infinity) RC_ASSERT(line.player() == next.player());
    if (next.time() < infinity && *rc::gen::arbitrary<bool>()) {  // the first one leaves, or comes again
      const std::size_t first = line.player();
      const bool again = *rc::gen::arbitrary<bool>();
      line.leave();
      next.set(first, infinity);
      if (again) {
        line.enter(first, time);
        next.set(first, time);
      }
      waits[first] = again;
    } else if (!waits[player]) {
      line.enter(player, time);
      next.set(player, time);
      waits[player] = true;
    }
  }
}

}  // namespace
}  // namespace rooftile::sim
