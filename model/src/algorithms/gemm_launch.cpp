// The GEMM of standard attention: QKᵀ and PV.
#include <algorithm>

#include "matrix_launches.hpp"
#include "rooftile/model/tile_table.hpp"

namespace rooftile::algorithms {
namespace {

/// Columns of C per CTA: gemm_bc() for any widest tile.
std::int64_t width(std::int64_t cols, std::int64_t widest) {
  constexpr std::int64_t step = gemm_column_step;
  return std::max(step, std::min(ceil_div(cols, step), widest / step) * step);
}
static_assert(gemm_bc(64) == 64 && gemm_bc(65) == 128);

LaunchResources resources(const TileRow& row, std::int64_t bn, std::int64_t element) {
  const bool narrow = bn == gemm_column_step && row.registers_narrow != 0;
  return {.threads = 32 * row.warps,
          .registers = narrow ? row.registers_narrow : row.registers,
          .smem = gemm_smem(row.br, bn, row.bk, row.stages) / 2 * element};
}

}  // namespace

void gemm_launch(ProgramWriter& w, const char* name, const Heads& heads, Matrix a, Matrix b, Matrix c, bool transposed,
                 const TileRow& row, DType dtype) {
  constexpr IndexId n_tile = 0, m_tile = 1, member = 2, kv_head = 3, batch = 4;
  const std::int64_t element = size_of(dtype);
  const std::int64_t bn = width(c.cols, row.bc);
  const std::int64_t bk = row.bk;

  w.launch(name, resources(row, bn, element),
           {{"n_tile", ceil_div(c.cols, bn)},
            {"m_tile", ceil_div(c.rows, row.br)},
            {"member", heads.group},
            {"kv_head", heads.kv_heads},
            {"batch", heads.batch}});
  w.role("all", row.warps);

  const int k = w.loop(constant(0), constant(ceil_div(a.cols, bk)));
  const IndexId depth = loop_index(k);
  const TileDim query_head = at(kv_head, heads.group, member);
  const TileDim b_head = b.per_kv_head ? at(kv_head) : query_head;
  w.in(k);
  const int load_a = w.load(a.tensor, {at(batch), query_head, tile(m_tile, row.br), tile(depth, bk)});
  const int load_b = transposed ? w.load(b.tensor, {at(batch), b_head, tile(n_tile, bn), tile(depth, bk)})
                                : w.load(b.tensor, {at(batch), b_head, tile(depth, bk), tile(n_tile, bn)});
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
  w.work(OpKind::convert, row.br * bn);
  w.work(OpKind::barrier, 1);  // the buffers of A and B are free
  w.work(OpKind::sts, row.br * bn * element);
  w.work(OpKind::lds, row.br * bn * element);
  w.store(c.tensor, {at(batch), query_head, tile(m_tile, row.br), tile(n_tile, bn)});
}

}  // namespace rooftile::algorithms
