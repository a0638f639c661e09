#include "tile_footprint.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;

constexpr Int sector_bytes = 32;

/// All that tiles at the values of an index cover of a dimension.
Interval covered(Interval values, const TileDim& dim, Int size) {
  if (values.last <= values.first) return {0, 0};
  return {std::min(size, values.first * dim.step), std::min(size, (values.last - 1) * dim.step + dim.extent)};
}

/// Sectors of a row of n elements, which begins at one.
Int sectors_of(Int n, Int element) {
  return static_cast<Int>(static_cast<std::uint64_t>(n * element + sector_bytes - 1) / sector_bytes);
}

}  // namespace

void TileFootprint::measure(const IndexRanges& ranges, const TileOp& op, const Tensor& tensor) {
  const Int element = tensor.element_bytes;
  Int rows = 1, row = 1, elements = 1;  // of full tiles, but for the ragged dimensions; the last dimension is a row
  inside = element;
  placing = 0;
  ragged.clear();
  box.dims = op.dims;
  for (int d = 0; d < op.dims; ++d) {
    const TileDim& dim = op.dim[d];
    const Int size = tensor.extents.begin()[d];
    rows = elements;
    if (dim.index == no_index) {
      row = std::min<Int>(dim.extent, size);
      inside *= row;
      elements *= row;
      box.dim[d] = {0, row};
      continue;
    }
    row = dim.extent;
    placing |= bit_of(dim.index);
    const bool one_index = dim.index2 == no_index;
    if (one_index) {
      box.dim[d] = covered(ranges.of(dim.index), dim, size);
    } else {
      placing |= bit_of(dim.index2);
      box.dim[d] = {0, size};
    }
    if (row == 1) continue;  // a single row or column, never clipped
    inside *= std::min(row, size);
    if (const Int rest = one_index ? size % row : 0; rest != 0) {
      const auto in_sectors = [&](Int n) { return d + 1 == op.dims ? sectors_of(n, element) : n; };
      ragged.push_back(
          {dim.index, size / row, {row, in_sectors(row)}, {row - rest, in_sectors(row) - in_sectors(rest)}});
      row = 1;
    }
    elements *= row;
  }
  factor[0] = elements * element;
  factor[1] = rows * sectors_of(row, element);
}

}  // namespace rooftile
