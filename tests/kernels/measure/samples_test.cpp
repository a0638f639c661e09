// Quartiles, and the rule that ends a series, on series whose answer is known.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "measure/samples.hpp"

namespace rooftile::kernels::measure {
namespace {

/// Adds samples until the rule is content; each costs `cost` seconds of wall clock.
struct Ending {
  StopReason reason;
  int samples;
};
template <class Sample>
Ending run(const StoppingOptions& options, Sample&& sample, double cost = 1e-4) {
  StoppingRule rule(options);
  int count = 0;
  while (!rule.finished(count * cost)) rule.add(sample(count++));
  return {rule.state(count * cost), count};
}

TEST(Quantile, IsLinearBetweenNeighbours) {
  const std::vector<double> samples{4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(quantile(samples, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(samples, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(quantile(samples, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile(samples, 0.75), 3.25);
  EXPECT_DOUBLE_EQ(quantile(samples, 1), 4);
  EXPECT_DOUBLE_EQ(quantile(std::vector{7.0}, 0.25), 7);
  EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
}

TEST(Summary, OfAKnownSeries) {
  const std::vector<double> samples{2, 4, 4, 4, 5, 5, 7, 9};
  const Summary summary = summarise(samples);
  EXPECT_DOUBLE_EQ(summary.median, 4.5);
  EXPECT_DOUBLE_EQ(summary.q1, 4);
  EXPECT_DOUBLE_EQ(summary.q3, 5.5);
  EXPECT_DOUBLE_EQ(summary.mean, 5);
  EXPECT_DOUBLE_EQ(summary.noise, std::sqrt(32.0 / 7.0) / 5);
}

TEST(StoppingRule, NoiseIsThatOfTheSummary) {
  const std::vector<double> samples{2, 4, 4, 4, 5, 5, 7, 9};
  StoppingRule rule({});
  EXPECT_TRUE(std::isnan(rule.noise()));
  for (const double sample : samples) rule.add(sample);
  EXPECT_NEAR(rule.noise(), summarise(samples).noise, 1e-15);
}

TEST(StoppingRule, AQuietSeriesEndsAtTheLeastNumberOfSamples) {
  const Ending quiet = run({.min_samples = 10, .min_seconds = 0}, [](int) { return 1e-3; });
  EXPECT_EQ(quiet.reason, StopReason::quiet);
  EXPECT_EQ(quiet.samples, 10);
}

TEST(StoppingRule, AQuietSeriesOfShortCallsGoesOnForTheLeastTime) {
  const Ending quiet = run({.min_samples = 10, .min_seconds = 0.01}, [](int) { return 1e-4; });
  EXPECT_EQ(quiet.reason, StopReason::quiet);
  EXPECT_GE(quiet.samples, 100);
  EXPECT_LE(quiet.samples, 101);  // the sum of 100 may round below
}

TEST(StoppingRule, AnUnsteadyStartIsOutgrown) {
  // Ten samples on the way down, then all alike: the noise falls below the limit only when they are few among many.
  const Ending start = run(
      {.max_samples = 100000, .min_seconds = 0, .settled_noise = 0},
      [](int i) { return i < 10 ? (1.1 - 0.01 * i) * 1e-3 : 1e-3; }, 0);
  EXPECT_EQ(start.reason, StopReason::quiet);
  EXPECT_GT(start.samples, 100);
}

TEST(StoppingRule, ASeriesThatIsNoisyForEverSettles) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal(1e-3, 1e-4);  // 10 % noise, far above 0.5 %
  const Ending noisy = run(
      {.max_samples = 100000}, [&](int) { return normal(random); }, 0);
  EXPECT_EQ(noisy.reason, StopReason::settled);
  EXPECT_GE(noisy.samples, 65);
  EXPECT_EQ(noisy.samples % 16, 0);
}

TEST(StoppingRule, ASeriesWhoseNoiseGrowsDoesNotSettle) {
  // Each sample is 3 % slower than the one before: the noise never stops changing.
  const Ending drift = run({.max_samples = 400, .time_out = 1e9}, [](int i) { return 1e-3 * std::pow(1.03, i); });
  EXPECT_EQ(drift.reason, StopReason::most_samples);
  EXPECT_EQ(drift.samples, 400);
}

TEST(StoppingRule, TheTimeOutEndsAnySeriesButNotBeforeItsFirstSample) {
  EXPECT_FALSE(StoppingRule({.time_out = 1}).finished(100));
  std::mt19937 random(7);
  std::uniform_real_distribution<double> uniform(1e-3, 3e-3);
  const Ending slow = run(
      {.time_out = 1}, [&](int) { return uniform(random); }, 0.3);
  EXPECT_EQ(slow.reason, StopReason::time_out);
  EXPECT_EQ(slow.samples, 4);
}

TEST(KeepByClock, DropsSamplesFarBelowTheMedian) {
  const std::vector<double> clocks{1.7e9, 1.71e9, 1.2e9, 1.69e9, nan};
  EXPECT_EQ(keep_by_clock(clocks, 0.9), (std::vector<bool>{true, true, false, true, true}));
  EXPECT_EQ(keep_by_clock(std::vector{nan, nan}, 0.9), (std::vector<bool>{true, true}));
  EXPECT_TRUE(keep_by_clock({}, 0.9).empty());
}

}  // namespace
}  // namespace rooftile::kernels::measure
