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
  /// Larger ones would evict too much at once.
  static constexpr std::int64_t largest_cell = std::int64_t{16} * 1024;

  /// Cells of tensor `t` of a program, of at most `largest` bytes if its tiles can be cut into such.
  Cells(const Program& program, const ProgramCounts& counts, std::size_t t, std::int64_t first,
        std::int64_t largest = largest_cell);

  [[nodiscard]] std::int64_t count() const { return count_; }
  /// Bytes of the tensor in its cell number `cell`.
  [[nodiscard]] std::int64_t bytes_of(std::int64_t cell) const;
  /// Cells that the tiles of a call cover, each as often as it is covered; tiles count as inside the tensor.
  [[nodiscard]] double visited() const { return visited_; }

  /// Several rows of a tile can lie in one sector.
  [[nodiscard]] bool share_sectors() const { return joined_; }
  /// Bytes that an SM moves for a tile, each of its rows in whole sectors; where rows share sectors.
  [[nodiscard]] std::int64_t asked(const TileOp& op, const Indices& at) const {
    std::int64_t bytes = sector;
    for (std::size_t d = 0; d < dims_; ++d) bytes *= span_of(op.dim[d], side_[d].extent, at).extent;
    return bytes;
  }

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
    std::uint64_t blocks = 1;      ///< a bit for each of a cell, bit_stride apart

    /// Most sides have cells of one element, or a single cell: no division.
    [[nodiscard]] std::int64_t cell_of(std::int64_t element) const {
      if (span == 1) return element;
      return element < span ? 0 : element / span;
    }
  };
  /// What a tile covers of a cell along one side; the whole is the product of all sides.
  struct Part {
    std::uint64_t blocks;  ///< a bit each, bit_stride apart
    std::int64_t bytes;    ///< sectors in bytes along the innermost side, elements along the others
  };
  /// The tile along one side: its first cell, its last one, and those between, which it covers whole.
  struct Range {
    std::int64_t cells;
    Part first, between, last;

    [[nodiscard]] const Part& part(std::int64_t n) const { return n == 0 ? first : n + 1 < cells ? between : last; }
  };
  /// A cell of a tile, and the sides before and with each.
  struct Step {
    std::int64_t n;  ///< of Range::cells
    Covered covered;
  };
  static constexpr std::int64_t sector = 32;

  /// Makes rows of a few bytes elements.
  void join_values(const Program& program, std::size_t t);
  void find_blocks(const Program& program, std::size_t t);
  void join_blocks(const Program& program, const ProgramCounts& counts, std::size_t t);
  /// Cuts blocks until they are no larger than a cell may be.
  void cut_blocks();
  [[nodiscard]] double visits(const Program& program, const ProgramCounts& counts, std::size_t t,
                              const std::array<int, max_dims>& doubled) const;
  /// Elements [begin, end) of a cell along side `d`, counted from its first.
  [[nodiscard]] Part part(std::size_t d, std::int64_t begin, std::int64_t end) const;
  /// Of the tile along side `d`.
  [[nodiscard]] Range range(std::size_t d, const TileSpan& tile, std::int64_t first_cell) const;

  std::array<Side, max_dims> side_{};
  std::size_t dims_ = 0;
  bool joined_ = false;  ///< rows are smaller than a sector, and stand one after the other in it
  std::int64_t element_bytes_ = 2;
  std::int64_t first_ = 0;
  std::int64_t largest_ = largest_cell;
  std::int64_t count_ = 0;
  double visited_ = 0;
};

inline Cells::Part Cells::part(std::size_t d, std::int64_t begin, std::int64_t end) const {
  const Side& side = side_[d];
  Part part{1, end - begin};
  if (d + 1 == dims_) part.bytes = (part.bytes * element_bytes_ + sector - 1) / sector * sector;
  part.blocks = side.blocks;
  if (end - begin == side.span) return part;
  const auto first = static_cast<std::uint32_t>(begin / side.block);
  const auto behind = static_cast<std::uint32_t>((end - 1) / side.block) + 1;
  const std::uint32_t bits = (behind - first) * side.bit_stride;
  if (bits < 64) part.blocks &= (std::uint64_t{1} << bits) - 1;
  part.blocks <<= first * side.bit_stride;
  return part;
}

inline Cells::Range Cells::range(std::size_t d, const TileSpan& tile, std::int64_t first_cell) const {
  const std::int64_t span = side_[d].span;
  const std::int64_t begin = tile.offset - first_cell * span, end = begin + tile.extent;
  if (end <= span) return {1, part(d, begin, end), {}, {}};
  const std::int64_t cells = ceil_div(end, span);
  return {cells, part(d, begin, span), part(d, 0, span), part(d, 0, end - (cells - 1) * span)};
}

template <class Visit>
void Cells::for_each(const TileOp& op, const Indices& at, Visit visit) const {
  std::array<Range, max_dims> range;
  Covered covered{first_, 1, 1};     // of the cells at hand, as long as they are one
  std::array<Step, max_dims> outer;  // of the sides with several cells
  std::array<std::size_t, max_dims> side_of;
  std::size_t several = 0;
  for (std::size_t d = 0; d < dims_; ++d) {
    const Side& side = side_[d];
    const TileSpan tile = span_of(op.dim[d], side.extent, at);
    if (tile.extent == 0) return;
    const std::int64_t cell = side.cell_of(tile.offset);
    covered.cell += cell * side.stride;
    if (side.span == 1 && tile.extent == 1 && d + 1 < dims_) continue;  // a sequence, a head
    range[d] = this->range(d, tile, cell);
    if (range[d].cells > 1) {
      side_of[several++] = d;
    } else {
      covered.blocks *= range[d].first.blocks;
      covered.bytes *= range[d].first.bytes;
    }
  }
  if (several == 0) return visit(covered);
  // blocks of a side stand for bits that those of the others leave free: patterns multiply
  const auto go = [&](std::size_t k, std::int64_t n) {
    const std::size_t d = side_of[k];
    const Part& part = range[d].part(n);
    const Covered& so_far = k == 0 ? covered : outer[k - 1].covered;
    outer[k] = {n, {so_far.cell + n * side_[d].stride, so_far.blocks * part.blocks, so_far.bytes * part.bytes}};
  };
  for (std::size_t k = 0; k < several; ++k) go(k, 0);
  for (;;) {
    visit(outer[several - 1].covered);
    std::size_t k = several - 1;
    while (outer[k].n + 1 == range[side_of[k]].cells) {
      if (k == 0) return;
      --k;
    }
    go(k, outer[k].n + 1);
    while (++k < several) go(k, 0);
  }
}

}  // namespace rooftile::sim
