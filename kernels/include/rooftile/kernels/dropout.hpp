// Dropout of a call: P is dropped behind softmax, each weight on its own (Dao et al. 2022, arXiv 2205.14135, appendix
// B.3; Dao 2023, arXiv 2307.08691, leaves it as it is). The row sum is that of all weights; what is kept is scaled.
//
//   O = (Z P) V / (1 - p)     z_ij = 0 with probability p, else 1
//
// z_ij depends on (seed, offset, query head of the batch, query row, key column) alone, by Philox4x32-10 (Salmon et
// al., SC 2011): a block of four random words belongs to the four weights that a lane holds of an accumulator of
// m16n8k16, rows r and r + 8, columns c and c + 1, so a kernel draws no word in vain and exchanges none.
//
//   block = Philox(key = seed; counter = (col / 2, row without its bit 3, head, offset))
//   kept  = block[2 · (bit 3 of row) + col % 2] >= threshold,    threshold = p · 2^32
//
// Here for one weight at a time, in plain integers, for whoever judges a result; kernels have text/dropout.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rooftile::kernels {

/// `probability` of a weight to be dropped, [0, 1). `seed` is the key; calls with the same seed differ by `offset`.
struct Dropout {
  double probability = 0;
  std::uint64_t seed = 0;
  std::uint32_t offset = 0;

  [[nodiscard]] constexpr bool drops() const { return probability > 0; }
  /// Random words below this drop their weight.
  [[nodiscard]] constexpr std::uint32_t threshold() const {
    return static_cast<std::uint32_t>(probability * 4294967296.0);
  }
  friend constexpr bool operator==(const Dropout&, const Dropout&) = default;
};

/// The four words of a counter.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox_block(std::uint64_t key,
                                                                  std::array<std::uint32_t, 4> counter) {
  auto [c0, c1, c2, c3] = counter;
  auto low_key = static_cast<std::uint32_t>(key), high_key = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xd2511f53} * c0, second = std::uint64_t{0xcd9e8d57} * c2;
    c0 = static_cast<std::uint32_t>(second >> 32) ^ c1 ^ low_key;
    c1 = static_cast<std::uint32_t>(second);
    c2 = static_cast<std::uint32_t>(first >> 32) ^ c3 ^ high_key;
    c3 = static_cast<std::uint32_t>(first);
    low_key += 0x9e3779b9;
    high_key += 0xbb67ae85;
  }
  return {c0, c1, c2, c3};
}

/// False for a weight that is dropped. `head` counts over batch and query heads.
[[nodiscard]] constexpr bool keeps(const Dropout& dropout, std::uint32_t head, std::uint32_t row, std::uint32_t col) {
  constexpr std::uint32_t lower_row = 8;
  const auto block = philox_block(dropout.seed, {col / 2, row & ~lower_row, head, dropout.offset});
  return block[((row & lower_row) != 0 ? 2U : 0U) + col % 2] >= dropout.threshold();
}

/// z / (1 - p) of a weight: what it is multiplied by; 1 without dropout.
[[nodiscard]] constexpr double kept_share(const Dropout& dropout, std::size_t head, std::size_t row, std::size_t col) {
  if (!dropout.drops()) return 1;
  const bool kept = keeps(dropout, static_cast<std::uint32_t>(head), static_cast<std::uint32_t>(row),
                          static_cast<std::uint32_t>(col));
  return kept ? 1 / (1 - dropout.probability) : 0;
}

}  // namespace rooftile::kernels
