#include "rooftile/model/registers.hpp"

#include <algorithm>

#include "rooftile/model/bound.hpp"

namespace rooftile {
namespace {

// fitted; registers.hpp says to what
constexpr std::int64_t flash2_rest = 35, flash3_rest = 24, gemm_rest = 16;

constexpr std::int64_t mma_rows = 16, mma_columns = 8;  // m16n8k16
constexpr std::int64_t accumulator = 4;                 // registers of a 16 x 8 result
constexpr std::int64_t fragment_a = 4, fragment_b = 2;  // of a 16 x 16 and a 16 x 8 operand
constexpr std::int64_t row_statistics = 6;              // of two rows: maximum, sum, rescale factor
constexpr std::int64_t warpgroup_rows = 64, group_threads = 128;

}  // namespace

RegisterNeed flash2_registers(std::int64_t br, std::int64_t bc, std::int64_t head_dim, std::int64_t warps) {
  const std::int64_t row_tiles = ceil_div(br, warps * mma_rows);
  const std::int64_t column_tiles = ceil_div(bc, mma_rows) * 2 + ceil_div(head_dim, mma_columns);  // S and O
  return {.accumulators = row_tiles * column_tiles * accumulator,
          .operands = row_tiles * fragment_a + 4 * fragment_b,  // ldmatrix.x4 brings two, another two are in use
          .rest = row_tiles * row_statistics + flash2_rest};
}

RegisterNeed flash3_registers(std::int64_t br, std::int64_t bc, std::int64_t head_dim, std::int64_t consumers,
                              PlaceOfP p) {
  const std::int64_t row_tiles = ceil_div(br, consumers * warpgroup_rows);
  const std::int64_t per_column = row_tiles * warpgroup_rows;  // elements of a column of S or O
  return {.accumulators = ceil_div(per_column * (bc + head_dim), group_threads),
          .operands = p == PlaceOfP::beside_s ? ceil_div(per_column * bc, 2 * group_threads) : 0,
          .rest = row_tiles * row_statistics + flash3_rest - row_statistics};
}

RegisterNeed gemm_registers(std::int64_t br, std::int64_t bc, std::int64_t warps) {
  const std::int64_t across = std::min<std::int64_t>(2, warps), down = warps / across;
  const std::int64_t row_tiles = ceil_div(br, down * mma_rows), column_tiles = ceil_div(bc, across * mma_columns);
  return {.accumulators = row_tiles * column_tiles * accumulator,
          .operands = 2 * (row_tiles * fragment_a + column_tiles * fragment_b),
          .rest = gemm_rest};
}

}  // namespace rooftile
