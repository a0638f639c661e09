#include "matrix_launches.hpp"

#include <algorithm>

#include "rooftile/model/tile_table.hpp"

namespace rooftile::algorithms {
namespace {

/// Elements that one CTA of a row-wise kernel handles per step: 128 threads x 16 bytes of 2-byte elements.
constexpr std::int64_t step_elements = 1024;
/// Elements per CTA of an elementwise kernel: 256 threads x 8 elements.
constexpr std::int64_t elementwise_elements = 2048;

/// Ops of one sweep over a row, in steps of `cols` columns.
struct Sweep {
  std::int64_t exps;  ///< per element
  bool compares;      ///< looks for the maximum
  bool writes;
};

/// The sweeps of one softmax; the header of kernel_spec.hpp names their loads and stores.
struct Recipe {
  Sweep sweep[3];
  int sweeps;
};
Recipe recipe_of(SoftmaxPasses passes) {
  switch (passes) {
    case SoftmaxPasses::naive: return {{{1, false, false}, {1, false, true}, {}}, 2};
    case SoftmaxPasses::safe: return {{{0, true, false}, {1, false, false}, {1, false, true}}, 3};
    case SoftmaxPasses::online: return {{{1, true, false}, {1, false, true}, {}}, 2};
    case SoftmaxPasses::fused: return {{{1, true, true}, {}, {}}, 1};
  }
  return {};
}

}  // namespace

void gemm_launch(ProgramWriter& w, const char* name, const Heads& heads, Matrix a, Matrix b, Matrix c, bool transposed,
                 const TileRow& row, DType dtype) {
  constexpr IndexId n_tile = 0, m_tile = 1, member = 2, kv_head = 3, batch = 4;
  const std::int64_t element = size_of(dtype);
  // a narrow C (PV with d = 64) gets a narrow tile, down to 32 columns
  const std::int64_t bn = std::clamp<std::int64_t>(ceil_div(c.cols, 32) * 32, 32, row.bc);
  const std::int64_t bk = row.bk;

  w.launch(name,
           {.threads = 32 * row.warps,
            .registers = row.registers,
            .smem = gemm_smem(row.br, bn, bk, row.stages) / 2 * element},
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

  w.in(-1);
  w.work(OpKind::convert, row.br * bn);
  w.store(c.tensor, {at(batch), query_head, tile(m_tile, row.br), tile(n_tile, bn)});
}

void softmax_launch(ProgramWriter& w, const Heads& heads, Matrix from, Matrix to, SoftmaxPasses passes, DType dtype) {
  constexpr IndexId row_tile = 0, head = 1, batch = 2;
  const std::int64_t cols = std::min(from.cols, step_elements);
  const std::int64_t rows = std::max<std::int64_t>(1, step_elements / cols);  // short rows share a CTA
  const bool on_chip = passes == SoftmaxPasses::fused;

  w.launch("softmax", {.threads = 128, .registers = 40, .smem = on_chip ? rows * from.cols * size_of(dtype) : 0},
           {{"row_tile", ceil_div(from.rows, rows)}, {"head", heads.all()}, {"batch", heads.batch}});
  w.role("all", 4);

  const Recipe recipe = recipe_of(passes);
  int previous = -1;
  for (int s = 0; s < recipe.sweeps; ++s) {
    const Sweep& sweep = recipe.sweep[s];
    const int loop = w.loop(constant(0), constant(ceil_div(from.cols, cols)));
    const TileDim column = tile(loop_index(loop), cols);
    w.in(loop);
    previous = w.load(from.tensor, {at(batch), at(head), tile(row_tile, rows), column});
    const auto then = [&](OpKind kind, std::int64_t amount) {
      const int op = w.work(kind, amount);
      w.after(op, {{previous, 0}});
      previous = op;
    };
    if (sweep.compares) then(OpKind::alu, rows * cols);
    if (sweep.exps > 0) then(OpKind::fma, 2 * rows * cols);
    if (sweep.exps > 0) then(OpKind::exp2, sweep.exps * rows * cols);
    if (sweep.writes) {
      then(OpKind::convert, rows * cols);
      const int store = w.store(to.tensor, {at(batch), at(head), tile(row_tile, rows), column});
      w.after(store, {{previous, 0}});
    }
  }
}

void elementwise_launch(ProgramWriter& w, const Heads& heads, std::int64_t rows, std::int64_t cols,
                        const Elementwise& kernel) {
  constexpr IndexId col_tile = 0, row_tile = 1, head = 2, batch = 3;
  const std::int64_t wide = std::min(cols, elementwise_elements);
  const std::int64_t high = std::max<std::int64_t>(1, elementwise_elements / wide);
  w.launch(kernel.name, {.threads = 256, .registers = 32, .smem = 0},
           {{"col_tile", ceil_div(cols, wide)},
            {"row_tile", ceil_div(rows, high)},
            {"head", heads.all()},
            {"batch", heads.batch}});
  w.role("all", 8);
  for (const int tensor : kernel.reads) {
    w.load(tensor, {at(batch), at(head), tile(row_tile, high), tile(col_tile, wide)});
  }
  if (kernel.shared_read >= 0) w.load(kernel.shared_read, {tile(row_tile, high), tile(col_tile, wide)});
  if (kernel.random_numbers > 0) w.work(OpKind::rng, kernel.random_numbers * high * wide);
  w.work(OpKind::fma, high * wide);
  for (const int tensor : kernel.writes) {
    w.store(tensor, {at(batch), at(head), tile(row_tile, high), tile(col_tile, wide)});
  }
}

}  // namespace rooftile::algorithms
