// The row-wise backward of softmax, (P, dP) -> dS = P ∘ (dP − rowsum(P ∘ dP)), in the shape of our softmaxes
// (softmax_launch.cpp): a warp has a row, four rows per CTA, up to 1024 columns; four warps share one beyond; or in
// PyTorch's (row_kernels.hpp). 32 registers per thread are assumed.
//
//   N² accesses: rows on chip 2 + 1; two sweeps 4 + 1; two sweeps over T = P ∘ dP, of which the sums need T alone, 3 +
//   1
#include "matrix_launches.hpp"
#include "rooftile/model/tile_table.hpp"
#include "row_kernels.hpp"

namespace rooftile::algorithms {
namespace {

/// The launch being written.
struct SoftmaxBackwardWriter {
  static constexpr IndexId row_tile = 0, head = 1, batch = 2;
  static constexpr std::int64_t lanes = 32, exchange_steps = 5, slot = 4;

  ProgramWriter& w;
  const SoftmaxGradient& kernel;
  std::int64_t element;
  std::int64_t br, bc;  ///< rows per CTA, columns per step
  std::int64_t warps;
  bool in_registers;

  [[nodiscard]] std::int64_t cols() const { return kernel.p.cols; }
  [[nodiscard]] std::int64_t kept_bytes() const { return kernel.two_sweeps ? 0 : 2 * br * cols() * element; }
  [[nodiscard]] TileDim rows() const { return tile(row_tile, br); }

  int load(Matrix from, int loop) const {
    return w.load(from.tensor, {at(batch), at(head), rows(), tile(loop_index(loop), bc)});
  }
  int new_loop() const {
    const int loop = w.loop(constant(0), constant(ceil_div(cols(), bc)));
    w.in(loop);
    return loop;
  }

  /// Row sums of P ∘ dP, or of T. Returns the last op.
  int sum(int loop) const {
    const bool reads_p = !kernel.is_product || !kernel.two_sweeps;  // rows on chip: P is fetched on the way
    const int gradient = load(kernel.gradient, loop);
    const int p = reads_p ? load(kernel.p, loop) : gradient;
    const int add = w.work(OpKind::fma, br * bc);
    w.after(add, {{gradient, 0}, {p, 0}});
    w.after(gradient, {{add, 1}});
    if (reads_p) w.after(p, {{add, 1}});
    return add;
  }

  /// dS, from the rows on chip or read again.
  void write() const {
    const int loop = new_loop();
    const int gradient = in_registers        ? sum(loop)
                         : kernel.two_sweeps ? load(kernel.gradient, loop)
                                             : w.work(OpKind::lds, 2 * br * bc * element);
    const int p = kernel.two_sweeps ? load(kernel.p, loop) : gradient;
    const int differ = w.work(OpKind::fma, br * bc);
    const int to_16_bit = w.work(OpKind::convert, br * bc);
    const int store = w.store(kernel.to.tensor, {at(batch), at(head), rows(), tile(loop_index(loop), bc)});
    w.after(differ, {{gradient, 0}, {p, 0}});
    w.after(to_16_bit, {{differ, 0}});
    w.after(store, {{to_16_bit, 0}});
    if (!in_registers) w.after(gradient, {{to_16_bit, 1}});
    if (kernel.two_sweeps) w.after(p, {{to_16_bit, 1}});
  }

  /// Between the sweeps: sums over lanes, and over the warps of a row.
  void once_per_cta() const {
    const std::int64_t row_warps = warps / br;
    const std::int64_t posts = row_warps > 1 ? 1 : 0;
    w.in(-1);
    w.work(OpKind::reduce, exchange_steps * lanes * warps);
    if (posts + kept_bytes() > 0) w.work(OpKind::sts, posts * warps * slot + kept_bytes());
    if (posts > 0) w.work(OpKind::lds, row_warps * lanes * warps * slot);
    if (posts > 0) w.work(OpKind::barrier, 1);
  }
};

}  // namespace

void softmax_backward_launch(ProgramWriter& w, const Heads& heads, const SoftmaxGradient& kernel, RowKernels whose,
                             DType dtype) {
  const bool short_rows = kernel.p.cols <= softmax_warp_columns;
  const bool ours = whose == RowKernels::ours;
  const RowShape rows = ours ? RowShape{short_rows ? 4 : 1, short_rows ? softmax_step : 4 * softmax_step, 4, false}
                             : pytorch_row_shape(kernel.p.cols, size_of(dtype));
  const SoftmaxBackwardWriter writer{w, kernel, size_of(dtype), rows.br, rows.bc, rows.warps, rows.in_registers};
  const std::int64_t slots = rows.br > 1 ? 0 : rows.warps * SoftmaxBackwardWriter::slot;
  Launch& launch =
      w.launch("softmax_backward",
               {.threads = static_cast<std::int32_t>(SoftmaxBackwardWriter::lanes * rows.warps),
                .registers = 32,
                .smem = slots + writer.kept_bytes()},
               {{"row_tile", ceil_div(kernel.p.rows, writer.br)}, {"head", heads.all()}, {"batch", heads.batch}},
               LaunchPart::rows);
  if (!ours) {
    launch.own_elements = (rows.in_registers ? 2 : 1) * rows.br * writer.cols() / ceil_div(writer.cols(), rows.bc);
  }
  w.role("all", static_cast<int>(rows.warps));
  if (!rows.in_registers) writer.sum(writer.new_loop());
  writer.write();
  writer.once_per_cta();
}

}  // namespace rooftile::algorithms
