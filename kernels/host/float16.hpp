// fp16 and bf16 as the GPU rounds them: to nearest, ties to even, subnormals kept, overflow to infinity, NaN to the
// one NaN that PTX names (cvt.rn.f16.f32 and cvt.rn.bf16.f32: 0x7fff).
//
//   to_float(fp16{0x3c00})                1.f
//   to_element<bf16>(1.00390625f).bits    0x3f80: a tie, the even neighbour is below
//   widen<T>(to, from)                    eight elements to floats in one instruction where the CPU has it
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "host/lanes.hpp"
#include "isa/isa.hpp"

namespace rooftile::kernels::host {

inline constexpr std::uint16_t nan_element = 0x7fff;

[[nodiscard]] inline float to_float(bf16 x) { return std::bit_cast<float>(std::uint32_t{x.bits} << 16); }

[[nodiscard]] inline float to_float(fp16 x) {
  const std::uint32_t sign = (x.bits & 0x8000u) << 16;
  const std::uint32_t rest = x.bits & 0x7fffu;
  if (rest >= 0x7c00) return std::bit_cast<float>(sign | 0x7f800000u | (rest & 0x3ffu) << 13);
  if (rest < 0x400) {  // subnormal: a multiple of 2^-24, exact in fp32
    const float magnitude = static_cast<float>(rest) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | ((rest << 13) + (std::uint32_t{127 - 15} << 23)));
}

template <class T>
[[nodiscard]] T to_element(float x);

template <>
[[nodiscard]] inline bf16 to_element<bf16>(float x) {
  if (std::isnan(x)) return {nan_element};
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return {static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
}

template <>
[[nodiscard]] inline fp16 to_element<fp16>(float x) {
  if (std::isnan(x)) return {nan_element};
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const auto sign = static_cast<std::uint32_t>(bits >> 16 & 0x8000u);
  const float magnitude = std::fabs(x);
  if (magnitude >= 65520.f) return {static_cast<std::uint16_t>(sign | 0x7c00u)};  // half way to 2^16 and above
  std::uint32_t rounded = 0;
  if (magnitude < 0x1p-14f) {
    // Adding 0.5 puts units of 2^-24 at the end of the significand: the addition itself rounds to even.
    rounded = std::bit_cast<std::uint32_t>(magnitude + 0.5f) - std::bit_cast<std::uint32_t>(0.5f);
  } else {
    const std::uint32_t rebiased = (bits & 0x7fffffffu) - (std::uint32_t{127 - 15} << 23);
    rounded = (rebiased + 0xfffu + (rebiased >> 13 & 1u)) >> 13;
  }
  return {static_cast<std::uint16_t>(sign | rounded)};
}

#if ROOFTILE_AVX2

/// Eight elements as floats.
template <class T>
ROOFTILE_INLINE __m256 widened(__m128i elements) {
  if constexpr (std::is_same_v<T, fp16>) {
    return _mm256_cvtph_ps(elements);
  } else {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(elements), 16));
  }
}

/// Eight floats as elements.
template <class T>
ROOFTILE_INLINE __m128i narrowed(__m256 x) {
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
  __m256i low;  // each element in the lower half of 32 bits
  if constexpr (std::is_same_v<T, fp16>) {
    low = _mm256_cvtepu16_epi32(_mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
  } else {
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    low = _mm256_srli_epi32(_mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))), 16);
  }
  low = _mm256_blendv_epi8(low, _mm256_set1_epi32(nan_element), is_nan);
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x88);
  return _mm256_castsi256_si128(packed);
}

#endif

/// Eight elements in a row as eight floats.
template <class T>
ROOFTILE_INLINE void widen(float* to, const void* from) {
#if ROOFTILE_AVX2
  _mm256_storeu_ps(to, widened<T>(_mm_loadu_si128(static_cast<const __m128i*>(from))));
#else
  T elements[8];
  std::memcpy(elements, from, sizeof elements);
  for (int i = 0; i < 8; ++i) to[i] = to_float(elements[i]);
#endif
}

/// Eight floats rounded to elements.
template <class T>
ROOFTILE_INLINE void narrow(void* to, const float* from) {
#if ROOFTILE_AVX2
  _mm_storeu_si128(static_cast<__m128i*>(to), narrowed<T>(_mm256_loadu_ps(from)));
#else
  T elements[8];
  for (int i = 0; i < 8; ++i) elements[i] = to_element<T>(from[i]);
  std::memcpy(to, elements, sizeof elements);
#endif
}

/// Two values per lane as two elements in 32 bits, `low` in the lower half.
template <class T>
ROOFTILE_INLINE LanesU32 pack(const LanesF32& low, const LanesF32& high) {
  LanesU32 result;
  for (int i = 0; i < warp_size; i += 8) {
#if ROOFTILE_AVX2
    const __m128i below = narrowed<T>(_mm256_loadu_ps(low.data() + i));
    const __m128i above = narrowed<T>(_mm256_loadu_ps(high.data() + i));
    const __m256i both =
        _mm256_or_si256(_mm256_cvtepu16_epi32(below), _mm256_slli_epi32(_mm256_cvtepu16_epi32(above), 16));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(result.data() + i), both);
#else
    for (int lane = i; lane < i + 8; ++lane) {
      result.set(lane, to_element<T>(low[lane]).bits | std::uint32_t{to_element<T>(high[lane]).bits} << 16);
    }
#endif
  }
  return result;
}

/// The two elements of each lane as floats.
template <class T>
ROOFTILE_INLINE void unpack(LanesF32& low, LanesF32& high, const LanesU32& both) {
  for (int i = 0; i < warp_size; i += 8) {
#if ROOFTILE_AVX2
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(both.data() + i));
    const __m256i masked = _mm256_and_si256(bits, _mm256_set1_epi32(0xffff));
    const __m256i lower = _mm256_permute4x64_epi64(_mm256_packus_epi32(masked, masked), 0x88);
    const __m256i shifted = _mm256_srli_epi32(bits, 16);
    const __m256i upper = _mm256_permute4x64_epi64(_mm256_packus_epi32(shifted, shifted), 0x88);
    _mm256_storeu_ps(low.data() + i, widened<T>(_mm256_castsi256_si128(lower)));
    _mm256_storeu_ps(high.data() + i, widened<T>(_mm256_castsi256_si128(upper)));
#else
    for (int lane = i; lane < i + 8; ++lane) {
      low.set(lane, to_float(T{static_cast<std::uint16_t>(both[lane])}));
      high.set(lane, to_float(T{static_cast<std::uint16_t>(both[lane] >> 16)}));
    }
#endif
  }
}

}  // namespace rooftile::kernels::host
