// 16-bit patterns, the numbers they stand for, and the inputs made of them.
#include "rooftile/kernels/element.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "rooftile/kernels/inputs.hpp"

namespace rooftile::kernels {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

TEST(Element, KnownPatterns) {
  EXPECT_EQ(fp16_bits(1.0f), 0x3c00);
  EXPECT_EQ(fp16_bits(-2.0f), 0xc000);
  EXPECT_EQ(fp16_bits(65504.0f), 0x7bff);      // largest
  EXPECT_EQ(fp16_bits(65519.996f), 0x7bff);    // just below half a step further
  EXPECT_EQ(fp16_bits(65520.0f), 0x7c00);      // infinity
  EXPECT_EQ(fp16_bits(0x1p-14f), 0x0400);      // least normal
  EXPECT_EQ(fp16_bits(0x1p-24f), 0x0001);      // least subnormal
  EXPECT_EQ(fp16_bits(0x1p-25f), 0x0000);      // a tie goes to even
  EXPECT_EQ(fp16_bits(0x1.8p-24f), 0x0002);    // so does this one
  EXPECT_EQ(fp16_bits(1 + 0x1p-11f), 0x3c00);  // and this
  EXPECT_EQ(fp16_bits(1 + 0x3p-11f), 0x3c02);
  EXPECT_EQ(fp16_bits(-infinity), 0xfc00);
  EXPECT_EQ(bf16_bits(1.0f), 0x3f80);
  EXPECT_EQ(bf16_bits(1 + 0x1p-8f), 0x3f80);  // a tie
  EXPECT_EQ(bf16_bits(1 + 0x3p-8f), 0x3f82);
  EXPECT_EQ(bf16_bits(std::numeric_limits<float>::max()), 0x7f80);
}

TEST(Element, EveryPatternSurvivesTheWayThereAndBack) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    for (const Element element : {Element::fp16, Element::bf16}) {
      const auto pattern = static_cast<std::uint16_t>(bits);
      const float value = value_of(element, pattern);
      if (std::isnan(value)) {
        EXPECT_TRUE(std::isnan(value_of(element, bits_of(element, value)))) << bits;
      } else {
        EXPECT_EQ(bits_of(element, value), pattern);
      }
    }
  }
}

/// Between two neighbours every float goes to the nearer one.
TEST(Element, RoundsToTheNearest) {
  for (std::uint32_t bits = 0; bits < 0x7bff; ++bits) {
    const float below = fp16_value(static_cast<std::uint16_t>(bits));
    const float above = fp16_value(static_cast<std::uint16_t>(bits + 1));
    const float middle = (below + above) / 2;
    EXPECT_EQ(fp16_bits(std::nextafter(middle, 0.0f)), bits);
    EXPECT_EQ(fp16_bits(std::nextafter(middle, infinity)), bits + 1);
    EXPECT_EQ(fp16_bits(middle), bits + (bits & 1));
  }
}

TEST(Inputs, MomentsAreThoseOfANormalDistribution) {
  constexpr int count = 1 << 20;
  const NormalInputs normal{1, tensor_q};
  std::array<double, 5> moment{};
  for (std::uint64_t i = 0; i < count; ++i) {
    const double x = normal(i);
    for (std::size_t power = 1; power < moment.size(); ++power)
      moment[power] += std::pow(x, static_cast<double>(power)) / count;
  }
  const double sigma = 1 / std::sqrt(static_cast<double>(count));  // of the mean; the others' are below 10 times that
  EXPECT_NEAR(moment[1], 0, 5 * sigma);
  EXPECT_NEAR(moment[2], 1, 5 * std::sqrt(2.0) * sigma);
  EXPECT_NEAR(moment[3], 0, 5 * std::sqrt(15.0) * sigma);
  EXPECT_NEAR(moment[4], 3 - 1.2 / 12, 5 * std::sqrt(96.0) * sigma);  // twelve uniforms: excess kurtosis -1.2 / 12
}

TEST(Inputs, DependOnSeedTensorAndPlaceAlone) {
  std::vector<std::uint16_t> whole(100), part(40);
  fill_normal(whole.data(), whole.size(), Element::fp16, 7, tensor_k);
  fill_normal(part.data(), part.size(), Element::fp16, 7, tensor_k);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin()));
  for (const auto& [seed, tensor] : {std::pair{8, tensor_k}, std::pair{7, tensor_v}}) {
    fill_normal(part.data(), part.size(), Element::fp16, static_cast<std::uint64_t>(seed), tensor);
    EXPECT_FALSE(std::equal(part.begin(), part.end(), whole.begin()));
  }
}

/// The same bits on every machine, for ever: measured rows name their seed.
TEST(Inputs, KnownValues) {
  const NormalInputs normal{1, tensor_q};
  EXPECT_EQ(normal(0), 0x1.4f4p-3f);
  EXPECT_EQ(normal(1), 0x1.b898p-2f);
  EXPECT_EQ(normal(123456789), -0x1.547ep+0f);
}

}  // namespace
}  // namespace rooftile::kernels
