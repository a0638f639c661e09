// The small kernels around a FlashAttention backward: they go through rows once, and DRAM is all they wait for.
#include "flash_backward.hpp"

namespace rooftile::algorithms {
namespace {

constexpr IndexId row_tile_axis = 0, head_axis = 1, batch_axis = 2;
constexpr std::int64_t lanes_per_row = 8, exchanges_per_row = 3;  // 16 bytes per lane, 64 columns at a time

void begin_rows(ProgramWriter& w, const AttentionShape& s, const RowKernel& kernel, std::int64_t rows,
                std::int64_t heads, std::int64_t smem) {
  w.launch(kernel.name, {.threads = 32 * kernel.warps, .registers = kernel.registers, .smem = smem},
           {{"row_tile", ceil_div(rows, kernel.br)}, {"head", heads}, {"batch", s.batch}});
  w.role("all", kernel.warps);
}

/// A tile of a sum; `split`: of one of several.
int move_sum(ProgramWriter& w, const GradientSum& sum, std::int64_t br, IndexId split, OpKind kind) {
  const TileDim rows = tile(row_tile_axis, br);
  const auto move = [&]<std::size_t N>(const TileDim(&dims)[N]) {
    return kind == OpKind::load ? w.load(sum.tensor, dims) : w.store(sum.tensor, dims);
  };
  if (sum.splits == 0) return move({at(batch_axis), at(head_axis), rows, whole(sum.cols)});
  return move({at(split), at(batch_axis), at(head_axis), rows, whole(sum.cols)});
}

}  // namespace

GradientSum gradient_sum(ProgramWriter& w, const AttentionShape& s, const char* name, std::int64_t heads,
                         std::int64_t rows, std::int64_t cols, std::int64_t splits) {
  const int tensor = splits == 0 ? w.workspace(name, fp32_bytes, {s.batch, heads, rows, cols})
                                 : w.workspace(name, fp32_bytes, {splits, s.batch, heads, rows, cols});
  return {tensor, heads, rows, cols, splits};
}

void delta_launch(ProgramWriter& w, const AttentionShape& s, const BackwardTensors& t, const RowKernel& kernel,
                  const GradientSum* zeroed, int lse_log2) {
  begin_rows(w, s, kernel, s.seq_q, s.heads, 0);
  const TileDim rows = tile(row_tile_axis, kernel.br);
  const auto load = [&](int tensor) { w.load(tensor, {at(batch_axis), at(head_axis), rows, whole(s.head_dim)}); };
  const auto row_values = [&](OpKind kind, int tensor) {
    kind == OpKind::load ? w.load(tensor, {at(batch_axis), at(head_axis), rows})
                         : w.store(tensor, {at(batch_axis), at(head_axis), rows});
  };
  load(t.o);
  load(t.grad_o);
  if (kernel.counts_widening) w.work(OpKind::convert, 2 * kernel.br * s.head_dim);
  w.work(OpKind::fma, kernel.br * s.head_dim);
  w.work(OpKind::reduce, lanes_per_row * exchanges_per_row * kernel.br);
  row_values(OpKind::store, t.delta);
  if (lse_log2 >= 0) {
    row_values(OpKind::load, t.statistics[0]);
    w.work(OpKind::fma, kernel.br);
    row_values(OpKind::store, lse_log2);
  }
  if (zeroed != nullptr) move_sum(w, *zeroed, kernel.br, no_index, OpKind::store);
}

void fill_launch(ProgramWriter& w, const AttentionShape& s, const char* name, const GradientSum& sum) {
  const RowKernel kernel{name, 16, 8};
  w.launch(name, {.threads = 256, .registers = 32, .smem = 0},
           {{"row_tile", ceil_div(sum.rows, kernel.br)},
            {"head", sum.heads},
            {"batch", s.batch},
            {"split", sum.splits > 0 ? sum.splits : 1}});
  w.role("all", kernel.warps);
  move_sum(w, sum, kernel.br, 3, OpKind::store);
}

void convert_launch(ProgramWriter& w, const AttentionShape& s, const RowKernel& kernel, const GradientSum& from,
                    int to) {
  const std::int64_t elements = kernel.br * from.cols;
  const std::int64_t staged = elements * size_of(s.dtype);
  begin_rows(w, s, kernel, from.rows, from.heads, staged);
  if (from.splits > 0) {
    const int splits = w.loop(constant(0), constant(from.splits));
    w.in(splits);
    const int load = move_sum(w, from, kernel.br, loop_index(splits), OpKind::load);
    const int add = w.work(OpKind::fma, elements);
    w.after(add, {{load, 0}, {add, 1}});
    w.in(-1);
  } else {
    move_sum(w, from, kernel.br, no_index, OpKind::load);
  }
  w.work(OpKind::fma, elements);  // the scale of the scores
  w.work(OpKind::convert, elements);
  w.work(OpKind::sts, staged);
  w.work(OpKind::barrier, 1);
  w.work(OpKind::lds, staged);
  w.store(to, {at(batch_axis), at(head_axis), tile(row_tile_axis, kernel.br), whole(s.head_dim)});
}

}  // namespace rooftile::algorithms
