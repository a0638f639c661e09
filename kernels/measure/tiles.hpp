// Two results of one call, tile by tile: the device's and the host's. A wrong fragment layout or a missed barrier shows
// in whole tiles, and which tile it is says where to look.
//
//   O of both is the sum of the same products in another order, rounded once to 16 bits (and P once before PV): their
//   difference stays within about one unit of rounding, u = 2^-11 (fp16) or 2^-8 (bf16). A tile whose
//   ‖device - host‖ / ‖host‖ exceeds 2 u differs.
//
//   The gradients are such sums too (P and dS rounded once before theirs), of the same O and LSE. Where dQ grows by
//   fp32 atomics, the order of its seq_kv / Bc addends is the device's own: an error of at most seq_kv / Bc · 2^-24 of
//   the sum of their norms (2^-16 for 16k keys), far below u. So the same limit holds. (Where the rows of a tile all
//   see one key, dQ and dK are differences of equal numbers; there the comparison means nothing.)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::measure {

struct TileComparison {
  std::int64_t tiles = 0;
  std::int64_t differing = 0;
  double largest = 0;  ///< ‖device - host‖ / ‖host‖ of the worst tile; NaN if a tile holds a NaN
  std::string first;   ///< "O batch 0 head 1 rows 128..255: 0.031"; empty if none differs

  /// Another tensor's tiles beside these.
  void add(const TileComparison& other);
};

/// ‖difference‖ / ‖host‖ above which a tile differs.
[[nodiscard]] double tile_limit(Element element);

/// A 16-bit tensor of both, without pad; a tile is `tile_rows` rows of one head.
[[nodiscard]] TileComparison compare_tiles(Element element, const TensorLayout& tensor,
                                           std::span<const std::uint16_t> device, std::span<const float> host,
                                           int tile_rows);

/// Rows of O that one CTA of `kernel` writes, as the tile table has them.
[[nodiscard]] int tile_rows(std::string_view kernel, int head_dim);

/// Rows of dQ, dK or dV that one CTA of `launch`, which writes it, has: queries or keys.
[[nodiscard]] int gradient_tile_rows(std::string_view kernel, std::string_view launch, TensorIndex gradient,
                                     int head_dim);

}  // namespace rooftile::kernels::measure
