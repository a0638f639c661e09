// Random bits for dropout: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3,
// SC 2011, section 3.3), a keyed bijection of 128-bit counters. Ten rounds of two 32 x 32 -> 64 bit products:
//
//   (c0, c1, c2, c3)  ->  (hi(M1 c2) ^ c1 ^ k0,  lo(M1 c2),  hi(M0 c0) ^ c3 ^ k1,  lo(M0 c0));   k0 += W0, k1 += W1
//
// dropout.hpp says which counter belongs to which weights.
#pragma once

#include <cstdint>

#include "isa/isa.hpp"

namespace rooftile::kernels::text {

/// The two words of the key in each of the rounds: made on the host, so that on the GPU they are operands in constant
/// memory and take no registers.
struct RoundKeys {
  static constexpr int rounds = 10;
  std::uint32_t word[rounds][2];
};

constexpr RoundKeys round_keys(std::uint64_t key) {
  constexpr std::uint32_t step0 = 0x9e3779b9u, step1 = 0xbb67ae85u;  // golden ratio, sqrt(3) - 1
  RoundKeys keys{};
  for (std::uint32_t round = 0; round < RoundKeys::rounds; ++round) {
    keys.word[round][0] = static_cast<std::uint32_t>(key) + round * step0;
    keys.word[round][1] = static_cast<std::uint32_t>(key >> 32) + round * step1;
  }
  return keys;
}

/// `block` is the counter and becomes four random words.
template <class B>
ROOFTILE_KERNEL void philox(typename B::u32 (&block)[4], B& b, const RoundKeys& keys) {
  using u32 = typename B::u32;
  constexpr std::uint32_t multiplier0 = 0xd2511f53u, multiplier1 = 0xcd9e8d57u;
  ROOFTILE_UNROLL for (int round = 0; round < RoundKeys::rounds; ++round) {
    const u32 high0 = b.mul_hi(block[0], u32(multiplier0)), low0 = block[0] * multiplier0;
    const u32 high1 = b.mul_hi(block[2], u32(multiplier1)), low1 = block[2] * multiplier1;
    block[0] = high1 ^ block[1] ^ keys.word[round][0];
    block[1] = low1;
    block[2] = high0 ^ block[3] ^ keys.word[round][1];
    block[3] = low0;
  }
}

}  // namespace rooftile::kernels::text
