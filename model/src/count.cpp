#include "rooftile/model/count.hpp"

#include <algorithm>

#include "nest.hpp"
#include "tensor_uses.hpp"
#include "tile_equality.hpp"

namespace rooftile {
namespace {

/// Tile size along the dimensions that end ragged: full tiles, and what the last tile lacks.
struct RaggedDim {
  IndexId index;
  std::int64_t last;                 ///< index of the clipped tile
  std::int64_t full[2], missing[2];  ///< [bytes factor, sectors factor]
};

constexpr std::int64_t sector_bytes = 32;

std::int64_t sectors_of(std::int64_t elements, std::int64_t element_bytes) {
  return ceil_div(elements * element_bytes, sector_bytes);
}

/// The shape of one op's tiles: a constant factor and up to three ragged dimensions.
struct TileShape {
  std::int64_t factor[2] = {1, 1};  ///< [bytes, sectors] of the dimensions that are never clipped
  InlineVector<RaggedDim, 3> ragged;
};

TileShape shape_of(const TileOp& op, const Tensor& tensor) {
  TileShape shape;
  shape.factor[0] = tensor.element_bytes;
  for (std::size_t d = 0; d < op.dims; ++d) {
    const TileDim& dim = op.dim[d];
    const std::int64_t size = tensor.extents[d];
    const bool innermost = d + 1 == op.dims;
    const auto in_sectors = [&](std::int64_t n) { return innermost ? sectors_of(n, tensor.element_bytes) : n; };
    const std::int64_t extent = dim.index == no_index ? std::min<std::int64_t>(dim.extent, size) : dim.extent;
    if (extent == 1 || dim.index == no_index) {  // never clipped
      shape.factor[0] *= extent;
      shape.factor[1] *= in_sectors(extent);
      continue;
    }
    const std::int64_t tiles = ceil_div(size, extent);
    const std::int64_t rest = size - (tiles - 1) * extent;
    const bool clipped = dim.index2 == no_index && rest != extent;
    if (clipped) {
      shape.ragged.push_back(
          {dim.index, tiles - 1, {extent, in_sectors(extent)}, {extent - rest, in_sectors(extent) - in_sectors(rest)}});
    } else {
      shape.factor[0] *= extent;
      shape.factor[1] *= in_sectors(extent);
    }
  }
  return shape;
}

/// Executions that nothing selects: the trips of the op's loop.
std::int64_t all_executions(const LaunchCount& totals, const TileOp& op) {
  return op.loop < 0 ? totals.ctas : totals.trips[static_cast<std::size_t>(op.loop)];
}

/// Executions selected by the op's guard and by `selection`.
std::int64_t guarded(NestCounter& nest, const TileOp& op, Selection selection) {
  if (op.guard == Guard::always) return nest.executions(op.loop, selection);
  const std::int64_t all = op.guard == Guard::not_first_trip ? nest.executions(op.loop, selection) : 0;
  selection.edge_loop = op.guard_loop;
  selection.at_last = op.guard == Guard::last_trip;
  const std::int64_t edge = nest.executions(op.loop, selection);
  return op.guard == Guard::not_first_trip ? all - edge : edge;
}

/// Sum over all executions of the clipped tile size: product over dimensions of (full - missing·[last tile]),
/// multiplied out.
OpCount count_whole_tiles(NestCounter& nest, const LaunchCount& totals, const TileOp& op, const Tensor& tensor) {
  const TileShape shape = shape_of(op, tensor);
  if (shape.ragged.empty() && op.guard == Guard::always) {
    const std::int64_t n = all_executions(totals, op);
    return {n, shape.factor[0] * n, shape.factor[1] * n};
  }
  OpCount total{};
  const unsigned subsets = 1U << shape.ragged.size();
  for (unsigned subset = 0; subset < subsets; ++subset) {
    std::int64_t term[2] = {shape.factor[0], shape.factor[1]};
    Selection selection;
    bool possible = true;
    for (std::size_t r = 0; r < shape.ragged.size(); ++r) {
      const RaggedDim& dim = shape.ragged[r];
      const bool at_edge = (subset >> r & 1U) != 0;
      for (int unit = 0; unit < 2; ++unit) term[unit] *= at_edge ? -dim.missing[unit] : dim.full[unit];
      if (at_edge) possible = selection.pin(dim.index, dim.last) && possible;
    }
    if (!possible) continue;
    const std::int64_t n = guarded(nest, op, selection);
    if (subset == 0) total.executions = n;
    total.bytes += term[0] * n;
    total.sectors += term[1] * n;
  }
  return total;
}

/// As SMs request them: the CTAs of a cluster, which make the same trips, ask for a multicast tile once.
OpCount count_tiles(NestCounter& nest, const Launch& launch, const LaunchCount& totals, const TileOp& op,
                    const Tensor& tensor) {
  OpCount total = count_whole_tiles(nest, totals, op, tensor);
  const std::int64_t served = launch.served_by(op);
  total.bytes /= served;
  total.sectors /= served;
  return total;
}

void count_launch(const Program& program, const Launch& launch, LaunchCount& totals, ProgramCounts& counts) {
  NestCounter nest{launch};
  totals = {launch.ctas(), 0, {}, {}, 0, 0};
  for (std::size_t l = 0; l < launch.loops.size(); ++l) totals.trips[l] = nest.executions(static_cast<int>(l), {});
  for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const TileOp& op = program.ops[index];
    OpCount& op_count = counts.op[index];
    if (!moves_a_tile(op.kind)) {
      op_count = {op.guard == Guard::always ? all_executions(totals, op) : guarded(nest, op, {}), 0, 0};
      totals.work[static_cast<std::size_t>(op.kind)] +=
          static_cast<double>(op_count.executions * launch.copies_of(i, op.kind)) * static_cast<double>(op.amount);
      continue;
    }
    op_count = repeats_previous_tile(program, launch, i)
                   ? counts.op[index - 1]
                   : count_tiles(nest, launch, totals, op, program.tensors[static_cast<std::size_t>(op.tensor)]);
    totals.sectors += op_count.sectors;
  }
}

/// Whole tensors, and the workspace alive at once.
void count_memory(const Program& program, ProgramCounts& counts) {
  std::array<double, max_launches> alive{};
  counts.inputs_and_outputs = Bytes{0};
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    const auto bytes = static_cast<double>(program.tensors[t].bytes());
    if (program.tensors[t].role != TensorRole::workspace) {
      counts.inputs_and_outputs += Bytes{bytes};
      continue;
    }
    std::size_t first = program.launches.size();
    std::size_t last = 0;
    for (std::size_t l = 0; l < program.launches.size(); ++l) {
      const std::span<const TensorUse> uses = counts.uses_of(l);
      const auto use = std::find_if(uses.begin(), uses.end(),
                                    [t](const TensorUse& u) { return u.tensor == static_cast<std::int8_t>(t); });
      if (use == uses.end()) continue;
      if (first == program.launches.size()) first = use->stored == 0 ? 0 : l;  // never written: left by the forward
      last = l;
    }
    for (std::size_t l = first; l <= last; ++l) alive[l] += bytes;
  }
  counts.workspace = Bytes{*std::max_element(alive.begin(), alive.end())};
}

}  // namespace

void count(const Program& program, ProgramCounts& counts) {
  counts.uses.clear();
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    count_launch(program, program.launches[l], counts.launch[l], counts);
    count_uses(program, program.launches[l], counts.launch[l], counts);
  }
  count_memory(program, counts);
}

std::int64_t compulsory_bytes(const Program& program, const ProgramCounts& counts) {
  std::array<std::int64_t, max_tensors> most{};
  for (const TensorUse& use : counts.uses) {
    std::int64_t& touched = most[static_cast<std::size_t>(use.tensor)];
    touched = std::max(touched, use.touched);
  }
  std::int64_t total = 0;
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    if (program.tensors[t].role != TensorRole::workspace) total += most[t];
  }
  return total;
}

std::int64_t entries(const Launch& launch, int loop) {
  Selection entered;
  entered.edge_loop = static_cast<std::int8_t>(loop);
  return NestCounter{launch}.executions(loop, entered);
}

}  // namespace rooftile
