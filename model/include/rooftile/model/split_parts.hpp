// Two rules of our split-KV kernel that the model and the launch code must answer alike: how the rows of a tile are
// made up, and into how many parts the keys go.
//
//   row_box(4, 64)                four heads of a group in a tile of 64 rows: 4 members x 16 positions
//   fa2_parts(8, 216, 1024)       8 tiles of queries on 216 slots, 1024 blocks of keys: 23 parts
//
// Standard library only: the kernels build with nvcc alone.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

#include "rooftile/model/rounding.hpp"

namespace rooftile {

/// Query heads that share K and V stand in one tile, so that decoding reads the cache once: row m · positions + p is
/// query p of member m. Whole runs of positions keep their logsumexps side by side in memory.
struct RowBox {
  std::int64_t members;    ///< query heads per tile; divides the group
  std::int64_t positions;  ///< a power of two
};

/// The box of a tile of `br` rows: as many members as fit, a run of positions of each. Groups above `br` go in equal
/// shares; rows that the box leaves over stay empty (none where the group is a power of two).
[[nodiscard]] constexpr RowBox row_box(std::int64_t group, std::int64_t br) {
  std::int64_t members = std::min(group, br);
  while (group % members != 0) --members;
  return {members, static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(br / members)))};
}
static_assert(row_box(1, 64).positions == 64 && row_box(3, 64).positions == 16 && row_box(128, 64).members == 64);

/// Of both heuristics below.
inline constexpr std::int64_t most_parts = 128;

/// The fewest parts of `blocks` key blocks whose waves are 85 % as full as the best; `eligible` says which numbers are
/// tried. `tiles` query tiles of the whole grid share `slots` places for CTAs.
template <class Eligible>
[[nodiscard]] std::int64_t fullest_waves(std::int64_t tiles, std::int64_t slots, std::int64_t blocks,
                                         Eligible eligible) {
  const std::int64_t most = std::min({most_parts, slots, blocks});
  const double waves_per_part = static_cast<double>(tiles) / static_cast<double>(slots);
  std::array<double, most_parts + 1> efficiency;
  double best = 0;
  for (std::int64_t n = 1; n <= most && best < 1; ++n) {
    const double waves = static_cast<double>(n) * waves_per_part;
    double& here = efficiency[static_cast<std::size_t>(n)];
    here = eligible(n) ? waves / std::ceil(waves) : 0;
    best = std::max(best, here);
  }
  for (std::int64_t n = 1; n <= most; ++n) {
    if (efficiency[static_cast<std::size_t>(n)] >= 0.85 * best) return n;
  }
  return 1;
}

/// Tiles enough for 80 % of the slots are not split.
[[nodiscard]] constexpr bool fills(std::int64_t tiles, std::int64_t slots) {
  return static_cast<double>(tiles) >= 0.8 * static_cast<double>(slots);
}

/// FlashAttention-2's number of parts (csrc/flash_attn/flash_api.cpp, num_splits_heuristic, read at
/// Dao-AILab/flash-attention 0251105a): numbers that leave the longest part as long are skipped.
[[nodiscard]] inline std::int64_t fa2_parts(std::int64_t tiles, std::int64_t slots, std::int64_t blocks) {
  if (fills(tiles, slots)) return 1;
  std::int64_t longest = 0;  // part, with the number of parts before
  return fullest_waves(tiles, slots, blocks, [&](std::int64_t n) {
    const std::int64_t before = std::exchange(longest, div_up(blocks, n));
    return longest != before;
  });
}

}  // namespace rooftile
