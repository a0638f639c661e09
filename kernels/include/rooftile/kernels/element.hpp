// 16-bit elements as bit patterns, for whoever fills or judges tensors; kernels convert through their back end.
// Standard library only.
//
//   bits_of(Element::fp16, 1.0f)       0x3c00
//   value_of(Element::bf16, 0x3f80)    1.0f
#pragma once

#include <bit>
#include <cstdint>

#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels {

/// fp16, rounded to nearest, ties to even; overflow gives infinity.
[[nodiscard]] inline std::uint16_t fp16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  std::uint32_t half = 0;
  if (magnitude > 0x7f800000u) {
    half = 0x7e00u;  // NaN
  } else if (magnitude >= 0x477ff000u) {
    half = 0x7c00u;  // 65520 and above: infinity
  } else if (magnitude >= 0x38800000u) {
    half = (magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
  } else {  // below 2^-14: next to 0.5 the least bit of a float is that of a subnormal fp16
    half = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
  }
  return static_cast<std::uint16_t>(sign | half);
}

[[nodiscard]] inline float fp16_value(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16;
  const std::uint32_t magnitude = bits & 0x7fffu;
  std::uint32_t single = (magnitude << 13) + 0x38000000u;
  if (magnitude >= 0x7c00u) single += 0x38000000u;  // infinity, NaN
  if (magnitude < 0x0400u)
    single = std::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * 0x1p-24f);  // subnormal
  return std::bit_cast<float>(sign | single);
}

/// bf16, rounded to nearest, ties to even.
[[nodiscard]] inline std::uint16_t bf16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>(bits >> 16 | 0x40u);  // NaN stays NaN
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

[[nodiscard]] inline float bf16_value(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

[[nodiscard]] inline std::uint16_t bits_of(Element element, float value) {
  return element == Element::fp16 ? fp16_bits(value) : bf16_bits(value);
}
[[nodiscard]] inline float value_of(Element element, std::uint16_t bits) {
  return element == Element::fp16 ? fp16_value(bits) : bf16_value(bits);
}

}  // namespace rooftile::kernels
