// Two results of one call, tile by tile: the device's and the host's. A wrong fragment layout or a missed barrier shows
// in whole tiles, and which tile it is says where to look.
//
//   O of both is the sum of the same products in another order, rounded once to 16 bits (and P once before PV): their
//   difference stays within about one unit of rounding, u = 2^-11 (fp16) or 2^-8 (bf16). A tile whose
//   ‖device - host‖ / ‖host‖ exceeds 2 u differs.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::measure {

struct TileComparison {
  std::int64_t tiles = 0;
  std::int64_t differing = 0;
  double largest = 0;  ///< ‖device - host‖ / ‖host‖ of the worst tile; NaN if a tile holds a NaN
  std::string first;   ///< "batch 0 head 1 rows 128..255: 0.031"; empty if none differs
};

/// ‖difference‖ / ‖host‖ above which a tile differs.
[[nodiscard]] double tile_limit(Element element);

/// O of both as bits, [batch, heads, seq_q, head_dim]; a tile is `tile_rows` rows of one head.
[[nodiscard]] TileComparison compare_tiles(const AttentionCall& call, std::span<const std::uint16_t> device,
                                           std::span<const float> host, int tile_rows);

/// Rows of O that one CTA of `kernel` writes, as the tile table has them.
[[nodiscard]] int tile_rows(std::string_view kernel, int head_dim);

}  // namespace rooftile::kernels::measure
