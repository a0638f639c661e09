// Philox4x32-10 gives the known answers of its authors, in kernels and in the reference, and both keep the same
// weights.
#include "text/philox.hpp"

#include <array>
#include <cmath>

#include "machine_support.hpp"
#include "text/dropout.hpp"

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
    const std::uint64_t key = std::uint64_t{known.key[1]} << 32 | known.key[0];
    u32 block[4];
    for (std::size_t i = 0; i < 4; ++i) block[i] = known.counter[i];
    const text::RoundKeys keys = text::round_keys(key);
    run_warp(0, [&](Warp& b) { text::philox(block, b, keys); });
    for (std::size_t i = 0; i < 4; ++i) {
      for (int lane = 0; lane < warp_size; ++lane) EXPECT_EQ(block[i][lane], known.random[i]) << "word " << i;
    }
    EXPECT_EQ(philox_block(key, known.counter), known.random);
  }
}

/// Which weights of an accumulator a kernel keeps, and the reference: [row][col].
using Mask = std::array<std::array<bool, 8>, 16>;

Mask kept_by_kernel(const Dropout& dropout, int head, int row, int col) {
  const text::DropoutParams params = text::dropout_params({.dropout = dropout});
  pred kept[4];
  run_warp(0, [&](Warp& b) { text::kept_weights(kept, b, params, head, row, col); });
  Mask mask{};
  for (int lane = 0; lane < warp_size; ++lane) {
    for (int r = 0; r < 4; ++r) {  // a lane's place in an accumulator: isa/device.cuh
      const int row_of = lane / 4 + r / 2 * 8, col_of = lane % 4 * 2 + r % 2;
      mask.at(static_cast<std::size_t>(row_of)).at(static_cast<std::size_t>(col_of)) = kept[r][lane];
    }
  }
  return mask;
}
Mask kept_by_reference(const Dropout& dropout, unsigned head, unsigned row, unsigned col) {
  Mask mask{};
  for (unsigned i = 0; i < 16; ++i) {
    for (unsigned j = 0; j < 8; ++j) mask.at(i).at(j) = keeps(dropout, head, row + i, col + j);
  }
  return mask;
}

TEST(Dropout, KernelAndReferenceKeepTheSameWeights) {
  for (const double probability : {0.0, 0.1, 0.5, 0.999}) {
    const Dropout dropout{.probability = probability, .seed = 0x123456789abcdef0, .offset = 3};
    EXPECT_EQ(kept_by_kernel(dropout, 5, 48, 200), kept_by_reference(dropout, 5, 48, 200));
    EXPECT_EQ(kept_by_kernel(dropout, 0, 0, 0), kept_by_reference(dropout, 0, 0, 0));
  }
}

TEST(Dropout, TheMaskIsAnotherWithEveryCoordinateAndHalfOfTheSeed) {
  const Dropout half{.probability = 0.5, .seed = 1};
  const Mask mask = kept_by_kernel(half, 0, 0, 0);
  EXPECT_NE(mask, kept_by_kernel(half, 1, 0, 0));
  EXPECT_NE(mask, kept_by_kernel(half, 0, 16, 0));
  EXPECT_NE(mask, kept_by_kernel(half, 0, 0, 8));
  EXPECT_NE(mask, kept_by_kernel({.probability = 0.5, .seed = 2}, 0, 0, 0));
  EXPECT_NE(mask, kept_by_kernel({.probability = 0.5, .seed = 1ULL << 32 | 1}, 0, 0, 0));
  EXPECT_NE(mask, kept_by_kernel({.probability = 0.5, .seed = 1, .offset = 1}, 0, 0, 0));
}

/// The share that is kept of a matrix of weights, of its rows and columns, and of pairs side by side, below each other
/// and in the two halves of an accumulator: within five standard deviations of what independent draws give.
TEST(Dropout, TheShareOfKeptWeightsIsOneLessProbability) {
  constexpr unsigned rows = 256, cols = 512;
  for (const double probability : {0.1, 0.5, 0.9}) {
    const Dropout dropout{.probability = probability, .seed = 77};
    const auto expect_share = [](int kept, int of, double share) {
      EXPECT_NEAR(kept, share * of, 5 * std::sqrt(of * share * (1 - share)));
    };
    const auto kept = [&](unsigned i, unsigned j) { return keeps(dropout, 3, i, j); };
    const auto pairs = [&](unsigned down, unsigned right) {
      int both = 0;
      for (unsigned i = 0; i + down < rows; ++i) {
        for (unsigned j = 0; j + right < cols; ++j) both += kept(i, j) && kept(i + down, j + right) ? 1 : 0;
      }
      return both;
    };
    const double share = 1 - probability;
    expect_share(pairs(0, 0), rows * cols, share);
    for (const auto& [down, right] : {std::pair{0U, 1U}, {1U, 0U}, {8U, 0U}, {8U, 1U}, {16U, 8U}}) {
      // neighbouring pairs share a weight: at most three times the variance of independent ones
      const int of = static_cast<int>((rows - down) * (cols - right));
      EXPECT_NEAR(pairs(down, right), share * share * of, 5 * std::sqrt(3 * of * share * share));
    }
    for (const unsigned line : {0U, 7U, 8U, 255U}) {
      int of_row = 0, of_col = 0;
      for (unsigned j = 0; j < cols; ++j) of_row += kept(line, j) ? 1 : 0;
      for (unsigned i = 0; i < rows; ++i) of_col += kept(i, line) ? 1 : 0;
      expect_share(of_row, cols, share);
      expect_share(of_col, rows, share);
    }
  }
}

}  // namespace
}  // namespace rooftile::kernels::host
