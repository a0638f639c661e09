// What a framework runs over the score matrices beside the three kernels of the algorithm.
//
// Operands that all lie alike are gone through 16 bytes at a time. Where one is broadcast or permuted, each element is
// found by its indices (pytorch/pytorch aten/src/ATen/cuda/detail/OffsetCalculator.cuh: a division by multiplication
// per dimension, a multiplication and addition per operand), an element at a time: Calibration::offset_ops.
#include <algorithm>

#include "matrix_launches.hpp"

namespace rooftile::algorithms {
namespace {

/// Elements per CTA: 256 threads x 8 elements.
constexpr std::int64_t elementwise_elements = 2048;

}  // namespace

void elementwise_launch(ProgramWriter& w, const Heads& heads, std::int64_t rows, std::int64_t cols,
                        const Elementwise& kernel) {
  constexpr IndexId col_tile = 0, row_tile = 1, head = 2, batch = 3;
  const std::int64_t wide = std::min(cols, elementwise_elements);
  const std::int64_t high = std::max<std::int64_t>(1, elementwise_elements / wide);
  Launch& launch = w.launch(kernel.name, {.threads = 256, .registers = 32, .smem = 0},
                            {{"col_tile", ceil_div(cols, wide)},
                             {"row_tile", ceil_div(rows, high)},
                             {"head", heads.all()},
                             {"batch", heads.batch}},
                            LaunchPart::elementwise);
  if (kernel.by_offsets) launch.own_elements = high * wide;
  w.role("all", 8);
  for (const int tensor : kernel.reads) {
    w.load(tensor, {at(batch), at(head), tile(row_tile, high), tile(col_tile, wide)});
  }
  if (kernel.shared_read >= 0) {
    w.load(kernel.shared_read, {whole(1), whole(1), tile(row_tile, high), tile(col_tile, wide)});
  }
  if (kernel.random_numbers > 0) w.work(OpKind::rng, kernel.random_numbers * high * wide);
  w.work(OpKind::fma, high * wide);
  for (const int tensor : kernel.writes) {
    w.store(tensor, {at(batch), at(head), tile(row_tile, high), tile(col_tile, wide)});
  }
}

}  // namespace rooftile::algorithms
