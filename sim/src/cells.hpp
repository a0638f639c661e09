// A tensor cut into the largest blocks of which every tile of every launch consists, and up to 64 neighbouring blocks
// together into a cell: L2 keeps or evicts cells, and knows of each block whether it is there.
//
//   K [1, 8, 4096, 128], tiles of 64 keys and of 128     blocks of 64 keys, 16 KiB: each a cell
//   S [8, 4096, 4096], tiles 128 x 128, then rows        blocks of 1 x 128, cells of 8 x 8 blocks
//
// Which neighbours share a cell is chosen so that the program's accesses visit as few cells as possible.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "rooftile/model/count.hpp"
#include "rooftile/model/expand.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile::sim {

/// The part of a cell that a tile covers.
struct Covered {
  std::int64_t cell;
  std::uint64_t blocks;  ///< a bit each
  std::int64_t bytes;    ///< in whole sectors
};

/// The cells of one tensor; `first` is the number of its first one.
class Cells {
 public:
  /// Larger cells would evict too much at once.
  static constexpr std::int64_t largest_cell = std::int64_t{16} * 1024;

  /// Cells of tensor `t` of a program.
  Cells(const Program& program, const ProgramCounts& counts, std::size_t t, std::int64_t first);

  [[nodiscard]] std::int64_t count() const { return count_; }
  /// Cells that the tiles of a call cover, each as often as it is covered; tiles count as inside the tensor.
  [[nodiscard]] double visited() const { return visited_; }

  /// Calls `visit(covered)` for each cell that a tile of the tensor covers.
  template <class Visit>
  void for_each(const TileOp& op, const Indices& at, Visit visit) const;

 private:
  struct Side {
    std::int64_t extent = 1;       ///< of the tensor
    std::int64_t block = 1;        ///< elements
    std::int64_t span = 1;         ///< elements of a cell
    std::int64_t stride = 1;       ///< cells from one to the next
    std::uint32_t bit_stride = 1;  ///< bits from one block to the next
  };
  /// The tile along one side.
  struct Range {
    std::int64_t begin, end;  ///< elements
    std::int64_t cell, last;  ///< cells
  };
  static constexpr std::int64_t sector = 32;

  void find_blocks(const Program& program, std::size_t t);
  void join_blocks(const Program& program, const ProgramCounts& counts, std::size_t t);
  [[nodiscard]] double visits(const Program& program, const ProgramCounts& counts, std::size_t t,
                              const std::array<int, max_dims>& doubled) const;
  [[nodiscard]] Covered covered(std::int64_t cell, const std::array<Range, max_dims>& range) const;

  std::array<Side, max_dims> side_{};
  std::size_t dims_ = 0;
  std::int64_t element_bytes_ = 2;
  std::int64_t first_ = 0;
  std::int64_t count_ = 0;
  double visited_ = 0;
};

inline Covered Cells::covered(std::int64_t cell, const std::array<Range, max_dims>& range) const {
  std::int64_t bytes = 1;
  std::uint64_t blocks = 1;
  for (std::size_t d = 0; d < dims_; ++d) {
    const Side& side = side_[d];
    const std::int64_t origin = range[d].cell * side.span;
    const std::int64_t begin = std::max(origin, range[d].begin), end = std::min(origin + side.span, range[d].end);
    const bool innermost = d + 1 == dims_;
    bytes *= innermost ? ((end - begin) * element_bytes_ + sector - 1) / sector * sector : end - begin;
    if (side.span == side.block) continue;
    std::uint64_t along = 0;
    const std::int64_t last = (end - 1 - origin) / side.block;
    for (std::int64_t b = (begin - origin) / side.block; b <= last; ++b) {
      along |= blocks << (static_cast<std::uint32_t>(b) * side.bit_stride);
    }
    blocks = along;
  }
  return {cell, blocks, bytes};
}

template <class Visit>
void Cells::for_each(const TileOp& op, const Indices& at, Visit visit) const {
  std::array<Range, max_dims> range;
  std::int64_t cell = first_;
  std::size_t several = 0;  // sides on which the tile covers more than one cell
  for (std::size_t d = 0; d < dims_; ++d) {
    const Side& side = side_[d];
    const TileSpan tile = span_of(op.dim[d], side.extent, at);
    if (tile.extent == 0) return;
    const std::int64_t end = tile.offset + tile.extent;
    range[d] = {tile.offset, end, tile.offset / side.span, (end - 1) / side.span};
    cell += range[d].cell * side.stride;
    several += static_cast<std::size_t>(range[d].cell != range[d].last);
  }
  if (several == 0) return visit(covered(cell, range));
  const std::array<Range, max_dims> start = range;
  for (;;) {
    visit(covered(cell, range));
    std::size_t d = dims_ - 1;
    while (range[d].cell == range[d].last) {
      cell -= (range[d].cell - start[d].cell) * side_[d].stride;
      range[d].cell = start[d].cell;
      if (d == 0) return;
      --d;
    }
    ++range[d].cell;
    cell += side_[d].stride;
  }
}

}  // namespace rooftile::sim
