// Spearman's rho where it is known.
#include "rooftile/analysis/rank.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <stdexcept>

namespace rooftile::analysis {
namespace {

using List = std::vector<double>;

TEST(rank, ties_share_the_mean_of_their_ranks) {
  EXPECT_EQ(ranks(List{10, 30, 20}), (List{1, 3, 2}));
  EXPECT_EQ(ranks(List{20, 10, 20}), (List{2.5, 1, 2.5}));
  EXPECT_EQ(ranks(List{7, 7, 7, 7}), (List{2.5, 2.5, 2.5, 2.5}));
  EXPECT_EQ(ranks(List{}), List{});
}

TEST(rank, order_alone_counts) {
  EXPECT_DOUBLE_EQ(*rank_correlation(List{1, 2, 3}, List{1, 10, 1000}), 1);
  EXPECT_DOUBLE_EQ(*rank_correlation(List{1, 2, 3}, List{3, 2, 1}), -1);
}

TEST(rank, known_values) {
  // without ties 1 - 6 sum(d²) / (n (n² - 1)): d = 0, 1, -1, 0
  EXPECT_NEAR(*rank_correlation(List{1, 2, 3, 4}, List{10, 30, 20, 40}), 1 - 6.0 * 2 / (4 * 15), 1e-15);
  // hours of television against IQ, ten people, sum(d²) = 194: -29/165 (the example of Wikipedia's article)
  const List iq{106, 100, 86, 101, 99, 103, 97, 113, 112, 110};
  const List hours{7, 27, 2, 50, 28, 29, 20, 12, 6, 17};
  EXPECT_NEAR(*rank_correlation(iq, hours), -29.0 / 165, 1e-15);
}

TEST(rank, with_ties_it_is_pearsons_of_ranks) {
  // ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5, variances 4.5 and 5
  EXPECT_NEAR(*rank_correlation(List{1, 2, 2, 3}, List{1, 2, 3, 4}), 4.5 / std::sqrt(4.5 * 5), 1e-15);
}

TEST(rank, nothing_is_said_where_nothing_can_be) {
  EXPECT_FALSE(rank_correlation(List{}, List{}));
  EXPECT_FALSE(rank_correlation(List{1, 2}, List{1, 2}));
  EXPECT_FALSE(rank_correlation(List{1, 1, 1}, List{1, 2, 3}));
  EXPECT_FALSE(rank_correlation(List{1, 2, 3}, List{5, 5, 5}));
  EXPECT_THROW((void)rank_correlation(List{1, 2, 3}, List{1, 2}), std::domain_error);
}

}  // namespace
}  // namespace rooftile::analysis
