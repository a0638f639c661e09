// Arithmetic of the instruction set on lanes, with the edge cases of PTX: max and min prefer numbers to NaN, ex2 and
// lg2 flush subnormal arguments and results to zero (ex2.approx.ftz.f32, lg2.approx.ftz.f32).
//
// 2^x = 2^n · 2^g with n = round(x), |g| <= 1/2; 2^g is a polynomial of degree 6 through Chebyshev nodes, relative
// error 1e-8 before rounding, about one unit in the last place after it. PTX allows 2^-22.5 (PTX ISA 9.0,
// section 9.7.3.21).
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "host/lanes.hpp"

namespace rooftile::kernels::host {

namespace detail {

using FloatPart = LanesF32::Part;
using IntPart = LanesI32::Part;
using BitsPart = LanesU32::Part;

/// a · b + c, rounded once where the CPU has an instruction for it.
ROOFTILE_INLINE void fused(FloatPart& result, const FloatPart& a, const FloatPart& b, const FloatPart& c) {
#if ROOFTILE_AVX2
  result = _mm256_fmadd_ps(a, b, c);
#else
  for (int i = 0; i < part_lanes; ++i) result[i] = std::fma(a[i], b[i], c[i]);
#endif
}

ROOFTILE_INLINE void is_nan(IntPart& result, const FloatPart& x) {
  result = x != x;  // NOLINT(misc-redundant-expression): true of NaN alone
}

ROOFTILE_INLINE void exp2(FloatPart& result, const FloatPart& x) {
  // Adding 1.5 · 2^23 leaves the nearest integer in the low bits of the significand.
  const FloatPart shift = FloatPart{} + 0x1.8p23f;
  const FloatPart shifted = x + shift;
  const FloatPart g = x - (shifted - shift);
  FloatPart q = FloatPart{} + 0.000154531634f;
  for (const float c : {0.00133908633f, 0.00961808302f, 0.0555035695f, 0.240226507f, 0.693147182f, 1.f}) {
#if ROOFTILE_AVX2
    fused(q, q, g, FloatPart{} + c);
#else
    q = q * g + c;
#endif
  }
  const auto exponent = reinterpret_cast<BitsPart>(shifted) << 23;
  q = reinterpret_cast<FloatPart>(reinterpret_cast<BitsPart>(q) + exponent);
  q = x < -126.f ? FloatPart{} : q;
  q = x >= 128.f ? FloatPart{} + std::numeric_limits<float>::infinity() : q;
  IntPart nan;
  is_nan(nan, x);
  result = nan ? x : q;
}

ROOFTILE_INLINE void maximum(FloatPart& result, const FloatPart& a, const FloatPart& b) {
  const FloatPart larger = a > b ? a : b;                                                  // b where one is NaN
  const auto common_bits = reinterpret_cast<BitsPart>(a) & reinterpret_cast<BitsPart>(b);  // +0 of {+0, -0}
  const FloatPart decided = a == b ? reinterpret_cast<FloatPart>(common_bits) : larger;
  IntPart nan;
  is_nan(nan, b);
  result = nan ? a : decided;
}

}  // namespace detail

ROOFTILE_INLINE LanesF32 fma(const LanesF32& a, const LanesF32& b, const LanesF32& c) {
  LanesF32 result;
  ROOFTILE_EACH_PART(detail::fused(result.part[i], a.part[i], b.part[i], c.part[i]))
  return result;
}

ROOFTILE_INLINE LanesF32 exp2(const LanesF32& x) {
  LanesF32 result;
  ROOFTILE_EACH_PART(detail::exp2(result.part[i], x.part[i]))
  return result;
}

/// fmaxf: the other one where one is NaN.
ROOFTILE_INLINE LanesF32 max(const LanesF32& a, const LanesF32& b) {
  LanesF32 result;
  ROOFTILE_EACH_PART(detail::maximum(result.part[i], a.part[i], b.part[i]))
  return result;
}
ROOFTILE_INLINE LanesI32 max(const LanesI32& a, const LanesI32& b) { return select(a > b, a, b); }
ROOFTILE_INLINE LanesI32 min(const LanesI32& a, const LanesI32& b) { return select(a < b, a, b); }

/// The upper half of the 64-bit product.
ROOFTILE_INLINE LanesU32 mul_hi(const LanesU32& a, const LanesU32& b) {
  LanesU32 result;
  for (int lane = 0; lane < warp_size; ++lane) {
    const std::uint64_t product = std::uint64_t{a.data()[lane]} * b.data()[lane];
    result.data()[lane] = static_cast<std::uint32_t>(product >> 32);
  }
  return result;
}

/// Kernels take few logarithms: one lane at a time.
inline LanesF32 log2(const LanesF32& x) {
  LanesF32 result;
  for (int lane = 0; lane < warp_size; ++lane) {
    const float value = x[lane];
    const bool flushed = std::fabs(value) < std::numeric_limits<float>::min();
    result.set(lane, flushed ? -std::numeric_limits<float>::infinity() : std::log2(value));
  }
  return result;
}

/// Lane i gets the value of lane i ^ mask.
ROOFTILE_INLINE LanesF32 shuffle_xor(const LanesF32& x, int mask) {
  LanesF32 result;
  const unsigned inner = static_cast<unsigned>(mask) % part_lanes;
  const unsigned outer = static_cast<unsigned>(mask) / part_lanes % lane_parts;
#if ROOFTILE_AVX2
  const __m256i from =
      _mm256_xor_si256(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(static_cast<int>(inner)));
  for (unsigned i = 0; i < lane_parts; ++i) result.part[i] = _mm256_permutevar8x32_ps(x.part[i ^ outer], from);
#else
  for (unsigned lane = 0; lane < warp_size; ++lane) {
    result.part[lane / part_lanes][lane % part_lanes] =
        x.part[(lane / part_lanes) ^ outer][(lane % part_lanes) ^ inner];
  }
#endif
  return result;
}

}  // namespace rooftile::kernels::host
