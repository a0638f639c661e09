// Softmax tile by tile, executed: maxima and sums of parts of a row merge into those of the row, wherever a text does
// it: between key blocks of flash1 and flash2, parts of split_kv, steps of a lane, lanes, warps. And what a softmax
// without a maximum comes to.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "rooftile/model/tile_table.hpp"
#include "score_tiles.hpp"
#include "support.hpp"

namespace rooftile::kernels {
namespace {

constexpr double four_decimals = 5e-5;

/// A text, and where its tiles meet.
struct Meeting {
  const char* name;
  const char* kernel;
  TilePlaces places;
  double of_tiles;  ///< what is allowed of l of `two_tiles`: S stays in fp32, or goes through fp16 and rounds
};
constexpr Meeting meetings[] = {
    {"flash2_key_blocks", "rt_flash2", {own_tile("flash2", 64).bc, true}, four_decimals},
    {"flash1_key_blocks", "rt_flash1", {own_tile("flash1", 64).bc, false}, four_decimals},
    {"split_kv_parts", "rt_split_kv", {own_tile("split_kv", 64).bc, true}, four_decimals},
    {"flash3_key_blocks", "rt_flash3", {own_tile("flash3", 64).bc, true}, four_decimals},
    {"online_steps_of_a_lane", "rt_standard_online", {softmax_step, false}, 6e-4},
    {"online_lanes", "rt_standard_online", {8, false}, 6e-4},
    {"online_warps", "rt_standard_online", {softmax_step, false, softmax_warp_columns + 8}, 6e-4},
    {"fused_steps_of_a_lane", "rt_standard_fused", {softmax_step, false}, 6e-4},
};

void PrintTo(const Meeting& meeting, std::ostream* out) { *out << meeting.name; }

/// What the text makes of a row.
struct Row {
  double sum;    ///< l
  double share;  ///< of the first tile: O
};

Row execute(const char* kernel, const ScoreTiles& tiles, const TilePlaces& places) {
  HostCall run{kernel, call_of(tiles, places)};
  set_scores(run, tiles, places);
  EXPECT_EQ(faults_of(run.execute()), "");
  return {sum_of(run.lse()[0], tiles), run.o()[0]};
}

class OnlineSoftmax : public testing::TestWithParam<Meeting> {
 protected:
  [[nodiscard]] static Row execute(const ScoreTiles& tiles) {
    return kernels::execute(GetParam().kernel, tiles, GetParam().places);
  }
};

TEST_P(OnlineSoftmax, TwoTilesMerge) {
  const double allowed = GetParam().of_tiles;
  const ScoreTiles low{two_tiles[0]}, high{two_tiles[1]};
  EXPECT_NEAR(execute(low).sum, 2.9048, allowed) << "alone, at m - 0.2";
  EXPECT_NEAR(execute(high).sum, 2.5751, allowed) << "alone, at m";
  const Row both = execute(two_tiles);
  EXPECT_NEAR(both.sum, 4.9534, allowed) << "the larger maximum comes second: the first sum is rescaled";
  EXPECT_NEAR(both.share, 2.9048 * std::exp(-0.2) / 4.9534, 1e-3) << "and with it O";
  EXPECT_NEAR(execute({two_tiles[1], two_tiles[0]}).sum, 4.9534, allowed) << "the larger maximum comes first";
}

/// (m, l) after each score: (3, 1), (3, 1.3679), (5, 1.1851), (5, 1.2034).
TEST_P(OnlineSoftmax, GoesThroughARowScoreByScore) {
  const double scores[] = {3, 2, 5, 1};
  const double sums[] = {1, 1.3679, 1.1851, 1.2034};
  ScoreTiles so_far;
  for (std::size_t i = 0; i < 4; ++i) {
    so_far.push_back({scores[i]});
    EXPECT_NEAR(execute(so_far).sum, sums[i], four_decimals) << i + 1 << " scores, maximum " << maximum_of(so_far);
  }
}

INSTANTIATE_TEST_SUITE_P(Everywhere, OnlineSoftmax, testing::ValuesIn(meetings),
                         [](const auto& info) { return std::string{info.param.name}; });

/// Softmax does not change when all scores grow alike; exp does. The largest fp32 number is exp(88.72), and 88.6875 and
/// 88.75 are neighbours in fp16. The largest fp16 number is exp(11.09): at 12, a sum in fp16 would have overflowed.
TEST(Softmax, OnlyNaiveOverflowsAndAbove88Point7) {
  for (const std::string_view kernel : kernel_names()) {
    for (const double score : {12.0, 88.6875, 88.75, 800.0}) {
      const bool overflows = kernel == "rt_standard_naive" && score > 88.72;
      HostCall run{kernel, {.seq_kv = 8}};
      set_scores(run, {{score}}, {8, false});
      EXPECT_EQ(faults_of(run.execute()), "") << "no fault of memory or order";
      if (overflows) {
        EXPECT_EQ(run.lse()[0], std::numeric_limits<float>::infinity()) << kernel << " " << score;
        EXPECT_TRUE(std::isnan(run.o()[0])) << "inf · 1/inf: " << kernel << " " << score;
      } else {
        EXPECT_NEAR(run.lse()[0], score, 1e-3) << kernel << " " << score;
        EXPECT_NEAR(run.o()[0], 1, 1e-3) << kernel << " " << score;
      }
    }
  }
}

}  // namespace
}  // namespace rooftile::kernels
