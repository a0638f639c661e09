// fp16 and bf16 against definitions, all 65536 patterns.
#include <cmath>
#include <limits>

#include "machine_support.hpp"

namespace rooftile::kernels::host {
namespace {

/// The value by its definition: sign, exponent, fraction.
double value_of(std::uint16_t bits, int exponent_bits, int fraction_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1);
  const double fraction = (bits & ((1 << fraction_bits) - 1)) / std::exp2(fraction_bits);
  const double sign = bits >> 15 != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) {
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  }
  if (exponent == 0) return sign * fraction * std::exp2(1 - bias);
  return sign * (1 + fraction) * std::exp2(exponent - bias);
}

struct Format {
  int exponent_bits;
  int fraction_bits;
};
template <class T>
constexpr Format format{5, 10};
template <>
constexpr Format format<bf16>{8, 7};

template <class T>
double exact(std::uint32_t bits) {
  return value_of(static_cast<std::uint16_t>(bits), format<T>.exponent_bits, format<T>.fraction_bits);
}

template <class T>
class ElementTypes : public testing::Test {};
using Both = testing::Types<fp16, bf16>;
TYPED_TEST_SUITE(ElementTypes, Both);

TYPED_TEST(ElementTypes, EveryPatternWidensToItsValue) {
  for (std::uint32_t first = 0; first < 0x10000; first += 8) {
    TypeParam pattern[8];
    for (std::uint32_t i = 0; i < 8; ++i) pattern[i].bits = static_cast<std::uint16_t>(first + i);
    float eight[8];
    widen<TypeParam>(eight, pattern);
    for (std::uint32_t i = 0; i < 8; ++i) {
      const double wanted = exact<TypeParam>(first + i);
      const float one = to_float(pattern[i]);
      if (std::isnan(wanted)) {
        EXPECT_TRUE(std::isnan(one) && std::isnan(eight[i])) << first + i;
      } else {
        EXPECT_EQ(one, wanted) << first + i;
        EXPECT_EQ(eight[i], wanted) << first + i;
        EXPECT_EQ(std::signbit(one), (first + i) >> 15 != 0);
      }
    }
  }
}

template <class T>
void expect_rounds_to(float x, std::uint16_t wanted) {
  EXPECT_EQ(to_element<T>(x).bits, wanted) << x;
  float eight[8];
  T rounded[8];
  for (float& value : eight) value = x;
  narrow<T>(rounded, eight);
  EXPECT_EQ(rounded[5].bits, wanted) << x;
}

TYPED_TEST(ElementTypes, EveryPatternAndItsNeighboursRoundToNearestEven) {
  const std::uint32_t infinity = ((1u << format<TypeParam>.exponent_bits) - 1) << format<TypeParam>.fraction_bits;
  for (std::uint32_t bits = 0; bits < infinity; ++bits) {
    for (const std::uint32_t sign : {0u, 0x8000u}) {
      const auto pattern = static_cast<std::uint16_t>(bits | sign);
      const auto above = static_cast<std::uint16_t>((bits + 1) | sign);
      const auto here = static_cast<float>(exact<TypeParam>(pattern));
      expect_rounds_to<TypeParam>(here, pattern);
      // The tie to the next pattern; the next after the largest is where infinity would be were it a number.
      const double step = bits + 1 == infinity ? here - exact<TypeParam>(pattern - 1u) : exact<TypeParam>(above) - here;
      const auto tie = static_cast<float>(here + step / 2);
      expect_rounds_to<TypeParam>(tie, bits % 2 == 0 ? pattern : above);
      expect_rounds_to<TypeParam>(std::nextafter(tie, 0.f), pattern);
      expect_rounds_to<TypeParam>(std::nextafter(tie, tie * 2), above);
    }
  }
}

TYPED_TEST(ElementTypes, InfinityStaysAndNanIsThatOfPtx) {
  const float infinity = std::numeric_limits<float>::infinity();
  const auto pattern =
      static_cast<std::uint16_t>(((1u << format<TypeParam>.exponent_bits) - 1) << format<TypeParam>.fraction_bits);
  expect_rounds_to<TypeParam>(infinity, pattern);
  expect_rounds_to<TypeParam>(-infinity, static_cast<std::uint16_t>(pattern | 0x8000u));
  expect_rounds_to<TypeParam>(std::numeric_limits<float>::quiet_NaN(), 0x7fff);
  expect_rounds_to<TypeParam>(-std::numeric_limits<float>::quiet_NaN(), 0x7fff);
  expect_rounds_to<TypeParam>(std::numeric_limits<float>::signaling_NaN(), 0x7fff);
}

TYPED_TEST(ElementTypes, PackPutsTheFirstValueBelowAndUnpackTakesThemApart) {
  const LaunchExecution counts = run_warp(0, [](Warp& b) {
    const f32 low = f32(b.lane()) - 7.f;
    const f32 high = f32(b.lane()) * 0.25f;
    const u32 both = b.pack<TypeParam>(low, high);
    f32 first;
    f32 second;
    b.unpack<TypeParam>(first, second, both);
    for (int lane = 0; lane < warp_size; ++lane) {
      EXPECT_EQ(both[lane],
                to_element<TypeParam>(low[lane]).bits | std::uint32_t{to_element<TypeParam>(high[lane]).bits} << 16);
      EXPECT_EQ(first[lane], low[lane]);
      EXPECT_EQ(second[lane], high[lane]);
    }
  });
  EXPECT_EQ(counts.converted, 64);
}

}  // namespace
}  // namespace rooftile::kernels::host
