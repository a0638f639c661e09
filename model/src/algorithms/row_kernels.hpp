// The shapes in which PyTorch goes along the rows of a matrix: softmax and its backward (pytorch/pytorch
// aten/src/ATen/native/cuda/PersistentSoftmax.cuh and SoftMax.cu, SoftMax_getBlockSize).
//
//   up to 1024 columns   a warp has a row, or two rows up to 128 columns, four warps per CTA; all elements of a row,
//                        up to the next power of two, are on their way into registers at once: one load, one store
//                        per element
//   beyond               a CTA has a row: as many threads as the power of two that holds half of its 16-byte pieces,
//                        32 .. 512; every sweep reads the row again, 16 bytes per thread at a time
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "rooftile/model/tile_table.hpp"

namespace rooftile::algorithms {

struct RowShape {
  std::int64_t br;     ///< rows per CTA
  std::int64_t bc;     ///< columns per step
  std::int64_t warps;  ///< per CTA
  bool in_registers;   ///< one step holds the row
};

[[nodiscard]] inline RowShape pytorch_row_shape(std::int64_t cols, std::int64_t element) {
  constexpr std::int64_t lanes = 32, most_threads = 1024, two_rows = 128;
  const auto power_of_two = [](std::int64_t least) {
    return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(std::max<std::int64_t>(1, least))));
  };
  if (cols <= softmax_warp_columns) return {cols <= two_rows ? 8 : 4, power_of_two(cols), 4, true};
  const std::int64_t piece = 16 / element;
  const std::int64_t threads = std::max(lanes, power_of_two(std::min(cols / piece, most_threads) / 2));
  return {1, threads * piece, threads / lanes, false};
}

}  // namespace rooftile::algorithms
