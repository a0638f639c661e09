#include "tile_footprint.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;

constexpr Int sector_bytes = 32;

/// All that tiles at the values of an index cover of a dimension.
Interval covered(Interval values, const TileDim& dim, Int size) {
  if (values.size() == 0) return {0, 0};
  return {std::min(size, values.first * dim.step), std::min(size, (values.last - 1) * dim.step + dim.extent)};
}

}  // namespace

void TileFootprint::measure(const IndexRanges& ranges, const TileOp& op, const Tensor& tensor) {
  const Int element = tensor.element_bytes;
  factor[0] = inside = element;
  factor[1] = 1;
  placing = 0;
  ragged.clear();
  box.dims = op.dims;
  for (std::size_t d = 0; d < op.dims; ++d) {
    const TileDim& dim = op.dim[d];
    const Int size = tensor.extents[d];
    // a row of the tile fills whole sectors
    const auto in_sectors = [&](Int n) { return d + 1 == op.dims ? ceil_div(n * element, sector_bytes) : n; };
    const Int within = std::min<Int>(dim.extent, size);
    inside *= within;
    if (dim.index == no_index) {
      box.dim[d] = {0, within};
      factor[0] *= within;
      factor[1] *= in_sectors(within);
      continue;
    }
    placing |= bit_of(dim.index);
    if (dim.index2 == no_index) {
      box.dim[d] = covered(ranges.of(dim.index), dim, size);
    } else {
      placing |= bit_of(dim.index2);
      box.dim[d] = {0, size};
    }
    if (dim.extent == 1) continue;  // a single row or column, never clipped
    const Int extent = dim.extent;
    const Int tiles = ceil_div(size, extent);
    const Int rest = size - (tiles - 1) * extent;
    if (dim.index2 == no_index && rest != extent) {
      ragged.push_back(
          {dim.index, tiles - 1, {extent, in_sectors(extent)}, {extent - rest, in_sectors(extent) - in_sectors(rest)}});
    } else {
      factor[0] *= extent;
      factor[1] *= in_sectors(extent);
    }
  }
}

}  // namespace rooftile
