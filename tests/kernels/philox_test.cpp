// Philox4x32-10 gives the known answers of its authors, and the bits of weights depend on their place alone.
#include "text/philox.hpp"

#include <array>
#include <set>

#include "machine_support.hpp"

namespace rooftile::kernels::host {
namespace {

using Block = std::array<std::uint32_t, 4>;

struct KnownAnswer {
  Block counter;
  std::array<std::uint32_t, 2> key;
  Block random;
};
/// The lines "philox4x32 10" of tests/kat_vectors in the Random123 distribution (DEShawResearch/random123).
constexpr KnownAnswer known_answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

TEST(Philox, GivesTheKnownAnswersInEveryLane) {
  for (const KnownAnswer& known : known_answers) {
    u32 block[4];
    for (std::size_t i = 0; i < 4; ++i) block[i] = known.counter[i];
    run_warp(0, [&](Warp& b) { text::philox(block, b, known.key[0], known.key[1]); });
    for (std::size_t i = 0; i < 4; ++i) {
      for (int lane = 0; lane < warp_size; ++lane) EXPECT_EQ(block[i][lane], known.random[i]) << "word " << i;
    }
  }
}

/// Bits of `quad` in 32 rows from `row` on.
std::array<u32, 4> weight_bits(std::uint64_t seed, std::uint32_t head, std::uint32_t row, std::uint32_t quad) {
  u32 bits[4];
  run_warp(0, [&](Warp& b) { text::weight_bits(bits, b, seed, head, u32(b.lane()) + row, u32(quad)); });
  return {bits[0], bits[1], bits[2], bits[3]};
}

TEST(Philox, BitsOfAWeightAreThoseOfItsPlace) {
  constexpr std::uint64_t seed = 0x123456789abcdef0u;
  const auto from_zero = weight_bits(seed, 3, 0, 7), from_five = weight_bits(seed, 3, 5, 7);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(from_zero[i][9], from_five[i][4]);

  u32 block[4] = {7u, 9u, 3u, 0u};  // quad, row, head: the counter that the file's header names
  run_warp(0, [&](Warp& b) { text::philox(block, b, 0x9abcdef0u, 0x12345678u); });
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(from_zero[i][9], block[i][0]);
}

TEST(Philox, BitsDifferWithEveryCoordinateAndHalfOfTheSeed) {
  std::set<std::uint32_t> seen;
  for (const auto& bits : {weight_bits(1, 0, 0, 0), weight_bits(2, 0, 0, 0), weight_bits(1ull << 32 | 1, 0, 0, 0),
                           weight_bits(1, 1, 0, 0), weight_bits(1, 0, 32, 0), weight_bits(1, 0, 0, 1)}) {
    for (const u32& word : bits) {
      for (int lane = 0; lane < warp_size; ++lane) seen.insert(word[lane]);
    }
  }
  EXPECT_EQ(seen.size(), 6u * 4 * 32);
}

}  // namespace
}  // namespace rooftile::kernels::host
