// The row-wise softmax of standard attention, S -> P, as kernels/text/softmax.hpp does it: a warp has a row, four rows
// per CTA, up to 1024 columns; four warps share one beyond. They go through a row in steps of 16 bytes per lane, once
// per sweep; maximum and sum are exchanged between lanes after the last step, between warps through shared memory.
// PyTorch's kernels have shapes of their own (row_kernels.hpp).
#include <algorithm>

#include "matrix_launches.hpp"
#include "rooftile/model/tile_table.hpp"
#include "row_kernels.hpp"

namespace rooftile::algorithms {
namespace {

constexpr std::int64_t lanes = 32, exchange_steps = 5;  // of a warp that reduces to one value
constexpr std::int64_t slot = 4;                        // bytes of a maximum or a sum

enum class Source : std::uint8_t { none, global, kept };

/// One way over the rows.
struct Sweep {
  Source from = Source::none;
  bool compares = false;  ///< looks for the maximum
  bool exps = false;      ///< of every element
  bool rescales = false;  ///< brings each lane's sum to its new maximum
  bool writes = false;
};

/// One of the four softmaxes: sweeps, numbers that the lanes of a row reduce (maximum, sum), the compiled shapes.
struct Recipe {
  Sweep sweep[3];
  std::int64_t reductions;
  bool keeps_rows;  ///< in shared memory
  OwnTile short_rows, long_rows;
};
constexpr Sweep find_maximum{Source::global, true, false, false, false}, add{Source::global, false, true, false, false},
    find_and_add{Source::global, true, true, true, false}, write{Source::global, false, true, false, true},
    write_kept{Source::kept, false, true, false, true};

constexpr Recipe recipe(std::string_view name, std::int64_t reductions, Sweep first, Sweep second, Sweep third = {}) {
  const bool keeps = second.from == Source::kept;
  return {{first, second, third}, reductions, keeps, own_tile(name, softmax_step), own_tile(name, 4 * softmax_step)};
}
/// By SoftmaxPasses.
constexpr Recipe recipes[] = {
    recipe("softmax_naive", 1, add, write), recipe("softmax_safe", 2, find_maximum, add, write),
    recipe("softmax_online", 2, find_and_add, write), recipe("softmax_fused", 2, find_and_add, write_kept)};
/// A row that comes into registers whole.
constexpr Sweep whole_row{Source::global, true, true, false, true};
constexpr int pytorch_registers = 32;  // per thread, of CTAs; a warp's row stands in 32 more at most. Assumed

/// The launch being written.
struct Softmax {
  static constexpr IndexId row_tile = 0, head = 1, batch = 2;

  ProgramWriter& w;
  const Recipe& recipe;
  const OwnTile& shape;
  Matrix from, to;
  std::int64_t element;

  [[nodiscard]] std::int64_t elements() const { return std::int64_t{1} * shape.br * shape.bc; }  // of a step
  [[nodiscard]] std::int64_t threads() const { return lanes * shape.warps; }
  [[nodiscard]] std::int64_t smem() const {
    const std::int64_t slots = softmax_smem(shape.br, from.cols, false);
    return slots + (softmax_smem(shape.br, from.cols, recipe.keeps_rows) - slots) / 2 * element;
  }

  /// Steps over the rows; a step begins when the one before is done with its registers.
  void sweep(const Sweep& s) const {
    const int loop = w.loop(constant(0), constant(ceil_div(from.cols, shape.bc)));
    const TileDim rows = tile(row_tile, shape.br), columns = tile(loop_index(loop), shape.bc);
    w.in(loop);
    const int first = s.from == Source::kept ? w.work(OpKind::lds, elements() * element)
                                             : w.load(from.tensor, {at(batch), at(head), rows, columns});
    int previous = first;
    const auto then = [&](int op) {
      w.after(op, {{previous, 0}});
      previous = op;
    };
    if (s.compares) then(w.work(OpKind::alu, elements()));
    if (s.exps) then(w.work(OpKind::fma, 2 * elements()));
    if (s.exps) then(w.work(OpKind::exp2, elements() + (s.rescales ? threads() : 0)));
    if (s.writes) then(w.work(OpKind::convert, elements()));
    w.after(first, {{previous, 1}});
    if (s.writes) then(w.store(to.tensor, {at(batch), at(head), rows, columns}));
  }

  void store_lse(int lse) const { w.store(lse, {at(batch), at(head), tile(row_tile, shape.br), whole(1)}); }

  /// What happens between sweeps.
  void once_per_cta() const {
    const std::int64_t row_warps = shape.warps / shape.br;
    const std::int64_t posts = row_warps > 1 ? recipe.reductions : 0;  // a slot per warp, which all lanes read
    const std::int64_t kept = recipe.keeps_rows ? shape.br * from.cols * element : 0;
    w.in(-1);
    w.work(OpKind::reduce, recipe.reductions * exchange_steps * threads());
    if (recipe.sweep[0].rescales) w.work(OpKind::exp2, threads());  // each lane's sum to the row's maximum
    if (posts > 0 || kept > 0) w.work(OpKind::sts, posts * shape.warps * slot + kept);
    if (posts > 0) w.work(OpKind::lds, posts * row_warps * threads() * slot);
    if (posts > 0) w.work(OpKind::barrier, posts);
  }
};

void take_pytorch_shape(std::int64_t cols, std::int64_t element, Recipe& recipe, OwnTile& shape) {
  const RowShape rows = pytorch_row_shape(cols, element);
  shape.br = static_cast<int>(rows.br);
  shape.bc = static_cast<int>(rows.bc);
  shape.warps = static_cast<int>(rows.warps);
  shape.registers_sm80 = shape.registers_sm90 = pytorch_registers;
  if (!rows.in_registers) return;
  const int kept = static_cast<int>(rows.br / rows.warps * rows.bc / lanes);
  shape.registers_sm80 = shape.registers_sm90 = pytorch_registers + kept;
  recipe = {{whole_row, {}, {}}, 2, false, shape, shape};
}

}  // namespace

void softmax_launch(ProgramWriter& w, const Heads& heads, Matrix from, Matrix to, int lse, const Call& call,
                    DType dtype) {
  const bool ours = call.spec.row_kernels == RowKernels::ours;
  Recipe recipe = recipes[static_cast<std::size_t>(call.spec.softmax)];
  OwnTile shape = from.cols <= softmax_warp_columns ? recipe.short_rows : recipe.long_rows;
  if (!ours) take_pytorch_shape(from.cols, size_of(dtype), recipe, shape);
  const Softmax softmax{w, recipe, shape, from, to, size_of(dtype)};
  const bool sm90 = call.device.compute_capability >= ComputeCapability{9, 0};

  Launch& launch = w.launch(
      "softmax",
      {.threads = static_cast<std::int32_t>(softmax.threads()),
       .registers = sm90 ? shape.registers_sm90 : shape.registers_sm80,
       .smem = softmax.smem()},
      {{"row_tile", ceil_div(from.rows, shape.br)}, {"head", heads.all()}, {"batch", heads.batch}}, LaunchPart::rows);
  // maximum, sum, result: whether from memory or from registers
  const std::int64_t sweeps_of_a_trip = recipe.sweep[1].from == Source::none ? 3 : 1;
  if (!ours) launch.own_elements = sweeps_of_a_trip * shape.br * from.cols / ceil_div(from.cols, shape.bc);
  w.role("all", shape.warps);
  for (const Sweep& sweep : recipe.sweep) {
    if (sweep.from != Source::none) softmax.sweep(sweep);
  }
  softmax.once_per_cta();
  if (lse >= 0) softmax.store_lse(lse);
}

}  // namespace rooftile::algorithms
