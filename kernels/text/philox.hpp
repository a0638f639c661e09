// Random bits for dropout: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3,
// SC 2011, section 3.3), a keyed bijection of 128-bit counters. Ten rounds of two 32 x 32 -> 64 bit products:
//
//   (c0, c1, c2, c3)  ->  (hi(M1 c2) ^ c1 ^ k0,  lo(M1 c2),  hi(M0 c0) ^ c3 ^ k1,  lo(M0 c0));   k0 += W0, k1 += W1
//
//   u32 bits[4];
//   text::weight_bits(bits, b, seed, head, row, col >> 2);      of columns col .. col + 3, where col % 4 == 0
//   keep = bits[col & 3] >= threshold;                          32 bits per weight
//
// The counter is the place of the weights in P: four neighbouring columns of a row of a (batch, head). So the bits
// depend on seed and place alone, not on tile shapes, on the order of execution, or on the pass that asks.
#pragma once

#include <cstdint>

#include "isa/isa.hpp"

namespace rooftile::kernels::text {

/// One block: `block` is the counter and becomes four random words. The key is the same in all lanes.
template <class B>
ROOFTILE_KERNEL void philox(typename B::u32 (&block)[4], B& b, std::uint32_t key0, std::uint32_t key1) {
  using u32 = typename B::u32;
  constexpr int rounds = 10;
  constexpr std::uint32_t multiplier0 = 0xd2511f53u, multiplier1 = 0xcd9e8d57u;
  constexpr std::uint32_t step0 = 0x9e3779b9u, step1 = 0xbb67ae85u;  // golden ratio, sqrt(3) - 1
  ROOFTILE_UNROLL for (int round = 0; round < rounds; ++round) {
    const u32 high0 = b.mul_hi(block[0], u32(multiplier0)), low0 = block[0] * multiplier0;
    const u32 high1 = b.mul_hi(block[2], u32(multiplier1)), low1 = block[2] * multiplier1;
    block[0] = high1 ^ block[1] ^ key0;
    block[1] = low1;
    block[2] = high0 ^ block[3] ^ key1;
    block[3] = low0;
    key0 += step0;
    key1 += step1;
  }
}

/// The bits of four neighbouring weights of P: those of `quad`, columns 4·quad to 4·quad + 3, in each lane's row.
/// `head` counts over batch and query heads.
template <class B>
ROOFTILE_KERNEL void weight_bits(typename B::u32 (&bits)[4], B& b, std::uint64_t seed, std::uint32_t head,
                                 typename B::u32 row, typename B::u32 quad) {
  using u32 = typename B::u32;
  bits[0] = quad;
  bits[1] = row;
  bits[2] = u32(head);
  bits[3] = u32(0u);
  philox(bits, b, static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
}

}  // namespace rooftile::kernels::text
