// Fits whose answer is known.
#include "rooftile/analysis/fit.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <stdexcept>

namespace rooftile::analysis {
namespace {

/// Times of calls: overhead + per_row·rows, for 10 to 10,000 rows.
struct Line {
  std::vector<double> rows, times;

  Line(double overhead, double per_row) {
    for (double n = 10; n <= 10'000; n *= 1.3) {
      rows.push_back(n);
      times.push_back(overhead + per_row * n);
    }
  }
  [[nodiscard]] Residuals residuals() const {
    return [this](std::span<const double> values, std::span<double> residuals) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        residuals[i] = std::log((values[0] + values[1] * rows[i]) / times[i]);
      }
    };
  }
};
const std::vector<FitConstant> overhead_and_rate{{"overhead", 1, 0, 100}, {"rate", 1, 0, 10}};

TEST(Fit, FindsTheConstantsThatMadeTheTimes) {
  const Line line{40, 0.25};
  const Fit found = fit(overhead_and_rate, line.rows.size(), line.residuals());
  EXPECT_NEAR(found.values[0], 40, 0.2);
  EXPECT_NEAR(found.values[1], 0.25, 0.002);
  EXPECT_LT(found.cost, 1e-4);
}

TEST(Fit, OutliersCountByTheirDistance) {
  Line line{40, 0.25};
  line.times[5] *= 10;
  line.times[15] *= 8;
  const Fit found = fit(overhead_and_rate, line.rows.size(), line.residuals());
  EXPECT_NEAR(found.values[0], 40, 2);
  EXPECT_NEAR(found.values[1], 0.25, 0.01);
}

/// Times 3 % up and down: the standard errors are about 3 % / sqrt(rows), and larger where fewer rows tell.
TEST(Fit, SaysHowWellAConstantIsKnown) {
  Line line{40, 0.25};
  for (std::size_t i = 0; i < line.times.size(); ++i) line.times[i] *= i % 2 == 0 ? 1.03 : 1 / 1.03;
  const Fit found = fit(overhead_and_rate, line.rows.size(), line.residuals());
  EXPECT_GT(found.spread[0], 0.2);
  EXPECT_LT(found.spread[0], 2);
  EXPECT_GT(found.spread[1], 0.001);
  EXPECT_LT(found.spread[1], 0.01);
}

TEST(Fit, AConstantThatNothingMovesWithIsUndeterminedAndHidesNoOther) {
  const Line line{40, 0.25};
  const std::vector<FitConstant> three{{"overhead", 1, 0, 100}, {"rate", 1, 0, 10}, {"idle", 1, 0, 2}};
  const Fit found = fit(three, line.rows.size(), line.residuals());
  EXPECT_TRUE(std::isinf(found.spread[2]));
  EXPECT_LT(found.spread[0], 1);
  EXPECT_LT(found.spread[1], 0.1);
}

TEST(Fit, ConstantsThatOnlyMoveTogetherAreUndetermined) {
  const Line line{0, 0.25};
  const std::vector<FitConstant> product{{"a", 1, 0.1, 10}, {"b", 1, 0.1, 10}};
  const Fit found = fit(product, line.rows.size(), [&](std::span<const double> values, std::span<double> residuals) {
    for (std::size_t i = 0; i < line.rows.size(); ++i) {
      residuals[i] = std::log(values[0] * values[1] * line.rows[i] / line.times[i]);
    }
  });
  EXPECT_NEAR(found.values[0] * found.values[1], 0.25, 0.01);
  EXPECT_GT(found.spread[0], found.values[0]);
  EXPECT_GT(found.spread[1], found.values[1]);
}

TEST(Fit, StaysInsideTheBounds) {
  const Line line{40, 0.25};
  const std::vector<FitConstant> tight{{"overhead", 10, 0, 20}, {"rate", 1, 0.2, 10}};
  const Fit found = fit(tight, line.rows.size(), line.residuals());
  EXPECT_NEAR(found.values[0], 20, 0.1);
}

TEST(Fit, OneConstantIsEnough) {
  const Line line{0, 0.25};
  const std::vector<FitConstant> rate{{"rate", 1, 0.01, 10}};
  const Fit found = fit(rate, line.rows.size(), [&](std::span<const double> values, std::span<double> residuals) {
    for (std::size_t i = 0; i < line.rows.size(); ++i)
      residuals[i] = std::log(values[0] * line.rows[i] / line.times[i]);
  });
  EXPECT_NEAR(found.values[0], 0.25, 0.002);
}

TEST(Fit, RefusesWhatCannotBeFitted) {
  const Line line{40, 0.25};
  EXPECT_THROW((void)fit(overhead_and_rate, 2, line.residuals()), std::invalid_argument);
  const std::vector<FitConstant> outside{{"overhead", 200, 0, 100}, {"rate", 1, 0, 10}};
  EXPECT_THROW((void)fit(outside, 20, line.residuals()), std::invalid_argument);
  const std::vector<FitConstant> no_room{{"overhead", 1, 1, 1}, {"rate", 1, 0, 10}};
  EXPECT_THROW((void)fit(no_room, 20, line.residuals()), std::invalid_argument);
}

TEST(Folds, SpreadGroupsAndKeepEachTogether) {
  std::vector<int> size(5);
  for (int i = 0; i < 1000; ++i) {
    const std::string group = std::to_string(i) + " x 4096";
    const std::size_t fold = fold_of(group, 5);
    ASSERT_LT(fold, 5U);
    EXPECT_EQ(fold_of(group, 5), fold);
    ++size[fold];
  }
  for (const int groups : size) {
    EXPECT_GT(groups, 150);
    EXPECT_LT(groups, 250);
  }
}

}  // namespace
}  // namespace rooftile::analysis
