// Lane arithmetic against plain arithmetic, lane by lane, and the special values of PTX.
#include <bit>
#include <cmath>
#include <limits>

#include "machine_support.hpp"

namespace rooftile::kernels::host {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
const float nan = std::numeric_limits<float>::quiet_NaN();

template <class Lane, class F>
void expect_lanes(const Lane& result, F&& wanted) {
  for (int lane = 0; lane < warp_size; ++lane) EXPECT_EQ(result[lane], wanted(lane)) << "lane " << lane;
}

TEST(Lanes, OperatorsAreThoseOfPlainValues) {
  const i32 lane = Warp::lane();
  expect_lanes(lane / 8 + 4 * lane - 3, [](int i) { return i / 8 + 4 * i - 3; });
  expect_lanes((lane - 9) % 5, [](int i) { return (i - 9) % 5; });
  expect_lanes(100 - lane, [](int i) { return 100 - i; });
  expect_lanes(-lane, [](int i) { return -i; });
  expect_lanes(~lane, [](int i) { return ~i; });
  expect_lanes((lane - 16) >> 2, [](int i) { return (i - 16) >> 2; });
  expect_lanes(u32(lane - 16) >> 2, [](int i) { return static_cast<std::uint32_t>(i - 16) >> 2; });
  expect_lanes(lane << (lane & 3), [](int i) { return i << (i & 3); });
  expect_lanes((lane ^ 21) | (lane & 6), [](int i) { return (i ^ 21) | (i & 6); });
  expect_lanes(f32(lane) * 0.5f - 1.f, [](int i) { return static_cast<float>(i) * 0.5f - 1.f; });
  expect_lanes(1.f / (f32(lane) + 1), [](int i) { return 1.f / static_cast<float>(i + 1); });
  expect_lanes(i32(f32(lane) * -0.75f), [](int i) { return static_cast<int>(static_cast<float>(i) * -0.75f); });
  i32 sum = lane;
  sum += 2;
  sum *= lane;
  sum -= lane / 2;
  expect_lanes(sum, [](int i) { return (i + 2) * i - i / 2; });
}

TEST(Lanes, MixedSignsMakeUnsigned) {
  const auto mixed = Warp::lane() - 40u;
  static_assert(std::is_same_v<decltype(mixed), const u32>);
  expect_lanes(mixed, [](int i) { return static_cast<unsigned>(i) - 40u; });
  const u32 stored = Warp::lane() * 16;
  expect_lanes(stored, [](int i) { return static_cast<unsigned>(i) * 16u; });
}

TEST(Lanes, ComparisonsGiveOneTruthPerLane) {
  const i32 lane = Warp::lane();
  const auto bits = [](auto&& wanted) {
    std::uint32_t result = 0;
    for (int i = 0; i < warp_size; ++i) result |= static_cast<std::uint32_t>(wanted(i)) << i;
    return result;
  };
  EXPECT_EQ((lane < 7).bits(), bits([](int i) { return i < 7; }));
  EXPECT_EQ((3 >= lane).bits(), bits([](int i) { return 3 >= i; }));
  EXPECT_EQ((f32(lane) != 4.f).bits(), bits([](int i) { return i != 4; }));
  EXPECT_EQ(((lane > 4) & !(lane == 9)).bits(), bits([](int i) { return i > 4 && i != 9; }));
  EXPECT_EQ(((lane <= 4) | (lane >= 30)).bits(), bits([](int i) { return i <= 4 || i >= 30; }));
  EXPECT_EQ(pred(true).bits(), ~0u);
  EXPECT_EQ(pred(false).bits(), 0u);
  // -1 is large where a side is unsigned.
  EXPECT_EQ((lane - 1 > 5u).bits(), bits([](int i) { return static_cast<unsigned>(i) - 1u > 5u; }));
}

TEST(Lanes, SelectChoosesPerLane) {
  const i32 lane = Warp::lane();
  expect_lanes(Warp::select(lane < 3, f32(lane), -infinity),
               [](int i) { return i < 3 ? static_cast<float>(i) : -infinity; });
  expect_lanes(Warp::select((lane & 1) == 0, lane, i32(-1)), [](int i) { return i % 2 == 0 ? i : -1; });
  expect_lanes(Warp::min(lane, 9), [](int i) { return std::min(i, 9); });
  expect_lanes(Warp::max(lane, i32(9)), [](int i) { return std::max(i, 9); });
}

TEST(Lanes, MaxPrefersNumbersToNan) {
  EXPECT_EQ(Warp::max(f32(nan), f32(2.f))[3], 2.f);
  EXPECT_EQ(Warp::max(f32(2.f), f32(nan))[3], 2.f);
  EXPECT_TRUE(std::isnan(Warp::max(f32(nan), f32(nan))[0]));
  EXPECT_EQ(Warp::max(f32(-infinity), f32(-1e30f))[31], -1e30f);
  EXPECT_FALSE(std::signbit(Warp::max(f32(-0.f), f32(0.f))[8]));
  EXPECT_FALSE(std::signbit(Warp::max(f32(0.f), f32(-0.f))[8]));
}

TEST(Lanes, FmaRoundsOnce) {
  const float a = 1 + 0x1p-12f;  // a² = 1 + 2^-11 + 2^-24: the last term is lost by a product alone
  EXPECT_EQ(Warp::fma(a, a, -(1 + 0x1p-11f))[17], 0x1p-24f);
}

TEST(Lanes, MulHiIsTheUpperHalfOfTheProduct) {
  const u32 x = u32(Warp::lane()) * 0x9e3779b9u + 0x7fffffffu;
  expect_lanes(Warp::mul_hi(x, u32(0xd2511f53u)), [](int i) {
    const std::uint32_t factor = static_cast<std::uint32_t>(i) * 0x9e3779b9u + 0x7fffffffu;
    return static_cast<std::uint32_t>(std::uint64_t{factor} * 0xd2511f53u >> 32);
  });
  EXPECT_EQ(Warp::mul_hi(~0u, ~0u)[5], ~0u - 1);
}

f32 exp2_of(float x) {
  f32 result;
  run_warp(0, [&](Warp& b) { result = b.exp2(x); });
  return result;
}

TEST(Lanes, Exp2IsWithinTwoUnitsInTheLastPlace) {
  double worst = 0;
  const LaunchExecution counts = run_warp(0, [&](Warp& b) {
    for (double first = -126; first < 128; first += 0.01) {
      const f32 x = f32(b.lane()) * (0.01f / 32) + static_cast<float>(first);
      const f32 y = b.exp2(x);
      for (int lane = 0; lane < warp_size; ++lane) {
        if (x[lane] < -126.f || x[lane] >= 128.f) continue;
        const double wanted = std::exp2(static_cast<double>(x[lane]));
        const double unit = std::exp2(std::floor(std::log2(wanted)) - 23);
        worst = std::max(worst, std::abs(y[lane] - wanted) / unit);
      }
    }
  });
  EXPECT_LE(worst, 2);
  EXPECT_EQ(counts.exp2 % 32, 0);
  for (int n = -126; n < 128; ++n) EXPECT_EQ(exp2_of(static_cast<float>(n))[n & 31], std::exp2(static_cast<float>(n)));
}

TEST(Lanes, Exp2FlushesAndSaturates) {
  EXPECT_EQ(exp2_of(-infinity)[0], 0.f);
  EXPECT_EQ(exp2_of(infinity)[1], infinity);
  EXPECT_EQ(exp2_of(128.f)[2], infinity);
  EXPECT_LT(exp2_of(std::nextafter(128.f, 0.f))[2], infinity);
  EXPECT_TRUE(std::isnan(exp2_of(nan)[3]));
  EXPECT_EQ(exp2_of(std::nextafter(-126.f, -200.f))[4], 0.f);  // the result would be subnormal
  EXPECT_EQ(exp2_of(-126.f)[5], 0x1p-126f);
  EXPECT_EQ(exp2_of(-1e30f)[6], 0.f);
  EXPECT_EQ(exp2_of(0x1p-140f)[7], 1.f);
  EXPECT_EQ(exp2_of(-0.f)[8], 1.f);
}

TEST(Lanes, Log2FlushesSubnormalArguments) {
  EXPECT_EQ(Warp::log2(8.f)[3], 3.f);
  EXPECT_EQ(Warp::log2(0.f)[3], -infinity);
  EXPECT_EQ(Warp::log2(0x1p-130f)[3], -infinity);
  EXPECT_EQ(Warp::log2(infinity)[3], infinity);
  EXPECT_TRUE(std::isnan(Warp::log2(-1.f)[3]));
  EXPECT_EQ(Warp::reciprocal(3.f)[30], 1.f / 3.f);
}

TEST(Lanes, ShuffleXorExchangesLanes) {
  const LaunchExecution counts = run_warp(0, [](Warp& b) {
    const f32 x = f32(b.lane());
    for (int mask = 0; mask < warp_size; ++mask) {
      expect_lanes(b.shuffle_xor(x, mask), [&](int i) { return static_cast<float>(i ^ mask); });
    }
  });
  EXPECT_EQ(counts.shuffled, 32 * 32);
}

TEST(Lanes, BallotTellsAllLanesWhatEachSays) {
  const u32 votes = Warp::ballot((Warp::lane() & 3) == 1 || Warp::lane() == 31);
  expect_lanes(votes, [](int) { return 0xa2222222u; });
  EXPECT_EQ(Warp::ballot(false)[7], 0u);
}

}  // namespace
}  // namespace rooftile::kernels::host
