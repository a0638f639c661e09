// Random data that both sides can compute from an index: what a kernel reads is never zeros, and a check needs no copy
// of it.
#pragma once

#include <cstdint>

namespace rooftile::kernels::measure {

/// 32 well-mixed bits of an index (the finaliser of MurmurHash3, Austin Appleby, public domain).
__host__ __device__ inline std::uint32_t mix(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x85ebca6bu;
  x ^= x >> 13;
  x *= 0xc2b2ae35u;
  return x ^ (x >> 16);
}

/// The 32-bit word number `index` of the series `seed`.
__host__ __device__ inline std::uint32_t random_word(std::uint32_t index, std::uint32_t seed) {
  return mix(index + seed * 0x9e3779b9u);
}

/// A number in [1, 2) whose mantissa is the word's upper 23 bits.
__host__ __device__ inline float random_float(std::uint32_t index, std::uint32_t seed) {
  const std::uint32_t bits = 0x3f800000u | (random_word(index, seed) >> 9);
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
#endif
}

}  // namespace rooftile::kernels::measure
