// Which error a prediction carries.
#include "rooftile/model/known_error.hpp"

#include <gtest/gtest.h>

namespace rooftile {
namespace {

using enum BoundRegime;

const KnownError known_errors[] = {{"a100", compute, 100, 0.02},
                                   {"a100", launch, 40, 0.10},
                                   {"h100", compute, 300, 0.06},
                                   {"h100", memory, 4, 0.5},
                                   {"l4", launch, 10, 0.20}};
constexpr double of_the_regime = 0.07;

NearestError nearest(std::string_view profile, BoundRegime bound) {
  return nearest_error(known_errors, profile, bound, of_the_regime);
}

using Names = std::vector<std::string>;

TEST(NearestError, IsThatOfTheGpuItself) {
  EXPECT_DOUBLE_EQ(nearest("a100", compute).mape, 0.02);
  EXPECT_EQ(nearest("a100", compute).profiles, Names{"a100"});
  EXPECT_DOUBLE_EQ(nearest("a100", launch).mape, 0.10);
}

TEST(NearestError, IsElseThatOfOtherGpusByTheirRows) {
  EXPECT_DOUBLE_EQ(nearest("l40s", compute).mape, (100 * 0.02 + 300 * 0.06) / 400);
  EXPECT_EQ(nearest("l40s", compute).profiles, (Names{"a100", "h100"}));
  EXPECT_DOUBLE_EQ(nearest("h100", launch).mape, (40 * 0.10 + 10 * 0.20) / 50);
}

TEST(NearestError, IsThatOfTheWholeRegimeWhereHardlyAnyRowIsAlike) {
  for (const BoundRegime bound : {memory, underfilled}) {
    for (const char* profile : {"h100", "a100"}) {
      EXPECT_DOUBLE_EQ(nearest(profile, bound).mape, of_the_regime);
      EXPECT_TRUE(nearest(profile, bound).profiles.empty());
    }
  }
  EXPECT_DOUBLE_EQ(nearest_error({}, "a100", compute, of_the_regime).mape, of_the_regime);
}

TEST(NearestError, FewRowsOfTheGpuGiveWayToManyOfOthers) {
  const KnownError few[] = {{"h100", memory, least_known_rows - 1, 0.5}, {"a100", memory, 50, 0.1}};
  EXPECT_DOUBLE_EQ(nearest_error(few, "h100", memory, of_the_regime).mape, 0.1);
  const KnownError enough[] = {{"h100", memory, least_known_rows, 0.5}, {"a100", memory, 50, 0.1}};
  EXPECT_DOUBLE_EQ(nearest_error(enough, "h100", memory, of_the_regime).mape, 0.5);
}

}  // namespace
}  // namespace rooftile
