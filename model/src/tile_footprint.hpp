// What the tiles of one op are: how large each is, where a tensor's edge clips it, and what all of them cover together.
#pragma once

#include <cstdint>

#include "index_ranges.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

/// Tile size along a dimension that ends ragged: full tiles, and what the last tile lacks.
struct RaggedDim {
  IndexId index;
  std::int64_t last;                 ///< index of the clipped tile
  std::int64_t full[2], missing[2];  ///< [bytes factor, sectors factor]
};

/// The part of a tensor that some tiles cover, all CTAs and trips together.
struct Box {
  Interval dim[5];
  int dims;

  void cover(const Box& other) {
    for (int d = 0; d < dims; ++d) dim[d].cover(other.dim[d]);
  }
  [[nodiscard]] std::int64_t bytes(std::int64_t element_bytes) const {
    std::int64_t total = element_bytes;
    for (int d = 0; d < dims; ++d) total *= dim[d].size();
    return total;
  }
};

struct TileFootprint {
  std::int64_t factor[2];  ///< [bytes, sectors] of a tile, but for the ragged dimensions
  InlineVector<RaggedDim, 3> ragged;
  std::int64_t inside;  ///< bytes of a tile that no edge clips, but for a tensor smaller than the tile
  unsigned placing;     ///< indices that place the tiles, as bits
  Box box;

  /// Takes the measure of an op's tiles.
  void measure(const IndexRanges& ranges, const TileOp& op, const Tensor& tensor);
};

}  // namespace rooftile
