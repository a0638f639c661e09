#include "cells.hpp"

#include <algorithm>
#include <numeric>

namespace rooftile::sim {
namespace {

bool touches(const TileOp& op, std::size_t tensor) {
  return moves_a_tile(op.kind) && static_cast<std::size_t>(op.tensor) == tensor;
}

std::int64_t smallest_factor(std::int64_t n) {
  for (std::int64_t factor = 2; factor * factor <= n; ++factor) {
    if (n % factor == 0) return factor;
  }
  return n;
}

constexpr int most_doublings = 6;  // 64 blocks

}  // namespace

Cells::Cells(const Program& program, const ProgramCounts& counts, std::size_t t, std::int64_t first,
             std::int64_t largest)
    : dims_{program.tensors[t].extents.size()},
      element_bytes_{program.tensors[t].element_bytes},
      first_{first},
      largest_{largest} {
  join_values(program, t);
  find_blocks(program, t);
  cut_blocks();
  join_blocks(program, counts, t);
  count_ = 1;
  for (std::size_t d = dims_; d-- > 0;) {
    side_[d].stride = count_;
    count_ *= ceil_div(side_[d].extent, side_[d].span);
  }
}

/// A tensor of rows of a few bytes that are moved as a whole, as a softmax's logsumexp: they are its elements.
void Cells::join_values(const Program& program, std::size_t t) {
  if (dims_ < 2) return;
  const std::int64_t row = program.tensors[t].extents[dims_ - 1];
  if (row * element_bytes_ >= sector || sector % (row * element_bytes_) != 0) return;
  const bool whole = std::all_of(program.ops.begin(), program.ops.end(), [&](const TileOp& op) {
    return !touches(op, t) || (op.dim[dims_ - 1].index == no_index && op.dim[dims_ - 1].extent >= row);
  });
  if (!whole) return;
  joined_ = true;
  element_bytes_ *= row;
  --dims_;
}

void Cells::find_blocks(const Program& program, std::size_t t) {
  const Tensor& tensor = program.tensors[t];
  for (std::size_t d = 0; d < dims_; ++d) {
    std::int64_t block = 0;
    for (const TileOp& op : program.ops) {
      if (!touches(op, t)) continue;
      const TileDim& dim = op.dim[d];
      if (dim.index != no_index) block = std::gcd(block, std::int64_t{dim.step});
      if (dim.index2 != no_index) block = std::gcd(block, std::int64_t{dim.step2});
      if (dim.extent < tensor.extents[d]) block = std::gcd(block, std::int64_t{dim.extent});
    }
    const std::int64_t in_a_sector = d + 1 == dims_ ? sector / element_bytes_ : 1;  // L2 knows no smaller piece
    if (block % in_a_sector != 0) block = in_a_sector;
    if (block == 0 || block > tensor.extents[d]) block = std::max<std::int64_t>(1, tensor.extents[d]);
    side_[d] = {.extent = tensor.extents[d], .block = block, .span = block};
  }
}

double Cells::visits(const Program& program, const ProgramCounts& counts, std::size_t t,
                     const std::array<int, max_dims>& doubled) const {
  double all = 0;
  for (std::size_t i = 0; i < program.ops.size(); ++i) {
    if (!touches(program.ops[i], t)) continue;
    double cells = static_cast<double>(counts.op[i].executions);
    for (std::size_t d = 0; d < dims_; ++d) {
      const std::int64_t tile = std::min<std::int64_t>(program.ops[i].dim[d].extent, side_[d].extent);
      cells *= static_cast<double>(ceil_div(tile, side_[d].block << doubled[d]));
    }
    all += cells;
  }
  return all;
}

/// Of all ways to double the sides of a cell the one with the fewest visits; of equal ones the smallest cell.
void Cells::join_blocks(const Program& program, const ProgramCounts& counts, std::size_t t) {
  std::int64_t bytes = element_bytes_;
  for (std::size_t d = 0; d < dims_; ++d) bytes *= side_[d].block;
  int doublings = 0;
  while (doublings < most_doublings && (bytes << (doublings + 1)) <= largest_) ++doublings;

  std::array<int, max_dims> best{};
  double fewest = visits(program, counts, t, best);
  std::array<int, max_dims> tried{};
  for (;;) {  // every combination, as an odometer
    std::size_t d = 0;
    for (; d < dims_; ++d) {
      const bool grows = (side_[d].block << tried[d]) < side_[d].extent;
      if (grows && std::accumulate(tried.begin(), tried.end(), 0) < doublings) {
        ++tried[d];
        break;
      }
      tried[d] = 0;
    }
    if (d == dims_) break;
    const double now = visits(program, counts, t, tried);
    if (now < fewest) {
      fewest = now;
      best = tried;
    }
  }
  visited_ = fewest;
  std::uint32_t bits = 1;
  for (std::size_t d = 0; d < dims_; ++d) {
    side_[d].span = side_[d].block << best[d];
    side_[d].bit_stride = bits;
    for (std::uint32_t b = 1; b < 1U << best[d]; ++b) side_[d].blocks |= std::uint64_t{1} << (b * bits);
    bits <<= static_cast<std::uint32_t>(best[d]);
  }
}

void Cells::cut_blocks() {
  std::int64_t bytes = element_bytes_;
  for (std::size_t d = 0; d < dims_; ++d) bytes *= side_[d].block;
  for (std::size_t d = 0; d < dims_; ++d) {
    Side& side = side_[d];
    const std::int64_t least = d + 1 == dims_ ? sector / element_bytes_ : 1;
    while (bytes > largest_ && side.block % least == 0 && side.block > least) {
      const std::int64_t part = smallest_factor(side.block / least);
      side.block /= part;
      side.span = side.block;
      bytes /= part;
    }
  }
}

std::int64_t Cells::bytes_of(std::int64_t cell) const {
  std::int64_t bytes = element_bytes_;
  for (std::size_t d = dims_; d-- > 0;) {
    const Side& side = side_[d];
    const std::int64_t cells = ceil_div(side.extent, side.span);
    bytes *= std::min(side.span, side.extent - cell % cells * side.span);
    cell /= cells;
  }
  return bytes;
}

}  // namespace rooftile::sim
