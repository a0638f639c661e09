// The GEMM of standard attention: QKᵀ and PV, and the four products of its backward pass.
//
//   requested bytes   A once per tile of columns, B once per tile of rows, C once:
//                     (m·k·ceil(n/bn) + k·n·ceil(m/br) + m·n) elements; naive (br = bn = 1) 2·m·n·k + m·n
//   swept bytes       m·k + k·n + m·n elements
#include <algorithm>

#include "matrix_launches.hpp"
#include "rooftile/model/tile_table.hpp"

namespace rooftile::algorithms {
namespace {

LaunchResources gemm_resources(const TileRow& row, std::int64_t bn, std::int64_t element) {
  const bool narrow = bn == gemm_column_step && row.registers_narrow != 0;
  return {.threads = 32 * row.warps,
          .registers = narrow ? row.registers_narrow : row.registers,
          .smem = gemm_smem(row.br, bn, row.bk, row.stages) / 2 * element};
}

/// Axes behind the two of the tile of C; a product that adds up a group walks its members in a loop.
struct GemmGrid {
  IndexId member, kv_head, batch;
};
struct GemmTiles {
  std::int64_t rows, cols;
};
GemmGrid gemm_grid(ProgramWriter& w, const char* name, const LaunchResources& resources, const Heads& heads,
                   GemmTiles tiles, bool adds_group) {
  const Axis n{"n_tile", tiles.cols}, m{"m_tile", tiles.rows};
  const Axis kv_head{"kv_head", heads.kv_heads}, batch{"batch", heads.batch};
  if (adds_group) {
    w.launch(name, resources, {n, m, kv_head, batch}, LaunchPart::product);
    return {no_index, 2, 3};
  }
  w.launch(name, resources, {n, m, {"member", heads.group}, kv_head, batch}, LaunchPart::product);
  return {2, 3, 4};
}

}  // namespace

void gemm_launch(ProgramWriter& w, const char* name, const Heads& heads, Matrix a, Matrix b, Matrix c, Product product,
                 const TileRow& row, DType dtype, int key_mask) {
  constexpr IndexId n_tile = 0, m_tile = 1;
  const std::int64_t element = size_of(dtype);
  const std::int64_t bn = row.whole_tiles ? row.bc : gemm_bc(c.cols, row.bc);
  const std::int64_t bk = row.bk;
  const bool adds_group = c.per_kv_head && heads.group > 1;
  const GemmGrid grid = gemm_grid(w, name, gemm_resources(row, bn, element), heads,
                                  {ceil_div(c.rows, row.br), ceil_div(c.cols, bn)}, adds_group);
  w.role("all", row.warps);

  const int members = adds_group ? w.loop(constant(0), constant(heads.group)) : -1;
  const int k = w.loop(constant(0), constant(ceil_div(product == Product::atb ? a.rows : a.cols, bk)), members);
  const TileDim kv_head = at(grid.kv_head);
  const TileDim query_head = at(grid.kv_head, heads.group, adds_group ? loop_index(members) : grid.member);
  const auto load = [&](const Matrix& m, TileDim rows, TileDim cols) {
    return w.load(m.tensor, {at(grid.batch), m.per_kv_head ? kv_head : query_head, rows, cols});
  };
  const TileDim depth = tile(loop_index(k), bk), rows = tile(m_tile, row.br), cols = tile(n_tile, bn);
  w.in(k);
  const int load_a = product == Product::atb ? load(a, depth, rows) : load(a, rows, depth);
  const int load_b = product == Product::abt ? load(b, cols, depth) : load(b, depth, cols);
  w.work(OpKind::sts, (row.br + bn) * bk * element);
  // warps stand 2 x warps/2 on the tile of C: A is read by each column of warps, B by each row
  const int fragments = w.work(OpKind::lds, (row.br * std::max(1, row.warps / 2) + bn * 2) * bk * element);
  const int mma = w.work(OpKind::mma, 2 * row.br * bn * bk);
  w.work(OpKind::barrier, 1);
  w.after(load_a, {{mma, row.stages}});
  w.after(load_b, {{mma, row.stages}});
  w.after(fragments, {{load_a, 0}, {load_b, 0}});
  w.after(mma, {{fragments, 0}, {mma, 1}});

  // C goes out through shared memory: whole rows of 16-byte stores
  w.in(-1);
  if (key_mask >= 0) {
    for (int row_of_warps = 0; row_of_warps < 2; ++row_of_warps) w.load(key_mask, {at(grid.batch), cols});
    w.work(OpKind::alu, row.br * bn);
  }
  w.work(OpKind::convert, row.br * bn);
  w.work(OpKind::barrier, 1);  // the buffers of A and B are free
  w.work(OpKind::sts, row.br * bn * element);
  w.work(OpKind::lds, row.br * bn * element);
  w.store(c.tensor, {at(grid.batch), c.per_kv_head ? kv_head : query_head, rows, cols});
}

}  // namespace rooftile::algorithms
