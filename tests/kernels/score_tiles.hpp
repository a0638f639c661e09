// Rows of scores that a kernel meets in tiles, chosen and not drawn: Q and K whose product is just these scores.
//
//   m, l of a tile     its maximum and Σ exp(s - m)
//   of two tiles       m = max(m1, m2),  l = l1 exp(m1 - m) + l2 exp(m2 - m)      Milakov and Gimelshein 2018, arXiv
//                                                                                 1805.02867, 3.1
//   what comes out     LSE = m + ln l, hence l = exp(LSE - m)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "rooftile/kernels/call.hpp"
#include "rooftile/kernels/element.hpp"

namespace rooftile::kernels {

/// The scores of each tile, in the order in which the kernel meets the tiles.
using ScoreTiles = std::vector<std::vector<double>>;

/// l = 2.9048 at m - 0.2, then 2.5751 at m: together 2.9048·exp(-0.2) + 2.5751 = 4.9534.
inline const ScoreTiles two_tiles{{0, 0, -0.10002}, {0.2, 0.09996, -0.19999}};
/// l = 1.3679 at 3, then 1.0183 at 5: together 1.3679·exp(-2) + 1.0183 = 1.2034. Every score is exact in 16 bits.
inline const ScoreTiles three_two_five_one{{3, 2}, {5, 1}};

/// Where tiles lie in a row of keys.
struct TilePlaces {
  int distance;        ///< keys from one tile to the next
  bool last_first;     ///< the kernel begins with the last tile
  int least_keys = 1;  ///< the row is at least so long
};

/// One query of head dim 64 whose scores are those of the tiles; keys between tiles score -65504.
inline AttentionCall call_of(const ScoreTiles& tiles, const TilePlaces& places) {
  return {.seq_kv = std::max(places.least_keys, static_cast<int>(tiles.size()) * places.distance)};
}

/// Fills what has such a call: score = (8·high + 8·low) / √64, exact to 22 bits. V is 1 at the keys of the first tile
/// and 0 elsewhere, so that O is the share of that tile.
template <class Run>
void set_scores(Run& run, const ScoreTiles& tiles, const TilePlaces& places) {
  constexpr std::size_t d = 64;
  constexpr float nothing = -65504.f;
  auto &q = run.input(tensor_q), &k = run.input(tensor_k), &v = run.input(tensor_v);
  for (auto* tensor : {&q, &k, &v}) std::ranges::fill(*tensor, std::uint16_t{0});
  q[0] = q[1] = fp16_bits(8.f);
  for (std::size_t key = 0; key < k.size() / d; ++key) k[key * d] = fp16_bits(nothing);
  for (std::size_t t = 0; t < tiles.size(); ++t) {
    const std::size_t place = places.last_first ? tiles.size() - 1 - t : t;
    for (std::size_t i = 0; i < tiles[t].size(); ++i) {
      const std::size_t row = (place * static_cast<std::size_t>(places.distance) + i) * d;
      const auto score = static_cast<float>(tiles[t][i]);
      k[row] = fp16_bits(score);
      k[row + 1] = fp16_bits(score - fp16_value(k[row]));
      if (t == 0) std::fill_n(v.begin() + static_cast<std::ptrdiff_t>(row), d, fp16_bits(1.f));
    }
  }
}

/// The largest score.
inline double maximum_of(const ScoreTiles& tiles) {
  double most = tiles[0][0];
  for (const auto& tile : tiles) most = std::max(most, *std::max_element(tile.begin(), tile.end()));
  return most;
}

/// l of a row, as its logsumexp tells.
inline double sum_of(double lse, const ScoreTiles& tiles) { return std::exp(lse - maximum_of(tiles)); }

}  // namespace rooftile::kernels
