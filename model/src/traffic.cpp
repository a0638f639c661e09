#include "rooftile/model/traffic.hpp"

#include <algorithm>
#include <numeric>

#include "tile_equality.hpp"

namespace rooftile {
namespace {

using Int = std::int64_t;

struct Interval {
  Int first;
  Int last;
  [[nodiscard]] Int size() const { return std::max<Int>(0, last - first); }
  void cover(Interval other) {
    first = std::min(first, other.first);
    last = std::max(last, other.last);
  }
};

/// The part of a tensor that an op covers, all CTAs and trips together.
struct Box {
  Interval dim[5];
  int dims;

  void cover(const Box& other) {
    for (int d = 0; d < dims; ++d) dim[d].cover(other.dim[d]);
  }
  [[nodiscard]] Int bytes(Int element_bytes) const {
    Int total = element_bytes;
    for (int d = 0; d < dims; ++d) total *= dim[d].size();
    return total;
  }
};

/// All values of a loop's index over the whole grid: limits never fall, so the ends are at the ends of their own index.
Interval hull_of(const Launch& launch, int loop);
Interval values_of(const Launch& launch, IndexId index) {
  if (index < first_loop_index) return {0, launch.axes[static_cast<std::size_t>(index)].extent};
  return hull_of(launch, index - first_loop_index);
}
Int at_end(const Launch& launch, const Bound& bound, bool upper) {
  if (bound.index == no_index) return value_at(bound, 0);
  const Interval values = values_of(launch, bound.index);
  return value_at(bound, upper ? std::max(values.first, values.last - 1) : values.first);
}
Interval hull_of(const Launch& launch, int loop) {
  const Loop& at = launch.loops[static_cast<std::size_t>(loop)];
  Interval hull{at_end(launch, at.first, false), at_end(launch, at.last, true)};
  if (at.has_cap) hull.last = std::min(hull.last, at_end(launch, at.cap, true));
  return hull;
}

Box box_of(const Launch& launch, const TileOp& op, const Tensor& tensor) {
  Box box;
  box.dims = op.dims;
  for (int d = 0; d < box.dims; ++d) {
    const TileDim& dim = op.dim[d];
    const Int size = tensor.extents[static_cast<std::size_t>(d)];
    if (dim.index == no_index) {
      box.dim[d] = {0, std::min(dim.extent, size)};
    } else if (dim.index2 != no_index) {
      box.dim[d] = {0, size};
    } else {
      const Interval values = values_of(launch, dim.index);
      box.dim[d] = {std::min(size, values.first * dim.step),
                    std::min(size, (values.last - 1) * dim.step + dim.extent)};
      if (values.size() == 0) box.dim[d] = {0, 0};
    }
  }
  return box;
}

/// Indices that place the op's tiles, as bits.
unsigned placing_indices(const TileOp& op) {
  unsigned bits = 0;
  for (int d = 0; d < op.dims; ++d) {
    if (op.dim[d].index != no_index) bits |= 1U << static_cast<unsigned>(op.dim[d].index);
    if (op.dim[d].index2 != no_index) bits |= 1U << static_cast<unsigned>(op.dim[d].index2);
  }
  return bits;
}

/// Indices that move the limits of the loops around an op, as bits.
unsigned driving_indices(const Launch& launch, int loop) {
  unsigned bits = 0;
  for (; loop >= 0; loop = launch.loops[static_cast<std::size_t>(loop)].parent) {
    const Loop& at = launch.loops[static_cast<std::size_t>(loop)];
    if (at.first.moves()) bits |= 1U << static_cast<unsigned>(at.first.index);
    if (at.last.moves()) bits |= 1U << static_cast<unsigned>(at.last.index);
    if (at.has_cap && at.cap.moves()) bits |= 1U << static_cast<unsigned>(at.cap.index);
  }
  return bits;
}

unsigned axis_bits(const Launch& launch) { return (1U << launch.axes.size()) - 1; }

Int extents_product(const Launch& launch, unsigned axes) {
  Int product = 1;
  for (std::size_t a = 0; a < launch.axes.size(); ++a) {
    if ((axes >> a & 1U) != 0) product *= launch.axes[a].extent;
  }
  return product;
}

/// Trips of the loops around an op that do not place its tiles: each is a sweep of its own.
Int repeats(const Launch& launch, const TileOp& op, unsigned placing) {
  Int total = 1;
  for (int loop = op.loop; loop >= 0; loop = launch.loops[static_cast<std::size_t>(loop)].parent) {
    const unsigned bit = 1U << static_cast<unsigned>(first_loop_index + loop);
    if ((placing & bit) == 0) total *= hull_of(launch, loop).size();
  }
  return total;
}

/// True if one loop goes on where the other ends: the masked and the unmasked key blocks of one sweep.
bool continues(const Launch& launch, int a, int b) {
  if (a < 0 || b < 0) return false;
  const Loop& x = launch.loops[static_cast<std::size_t>(a)];
  const Loop& y = launch.loops[static_cast<std::size_t>(b)];
  return x.parent == y.parent && (x.last == y.first || y.last == x.first);
}

/// A sweep whose extent is known as a box, because CTAs that share it run different parts of it.
struct BoxSweep {
  std::int8_t tensor;
  bool loads;
  std::int8_t loop;
  Int repeats;
  Box box;
};

/// Sums the ops of one launch, tensor by tensor.
class Sweeper {
 public:
  Sweeper(const Program& program, const Launch& launch, const ProgramCounts& counts, Int wave, LaunchTraffic& traffic)
      : program_{program}, launch_{launch}, counts_{counts}, wave_{wave}, traffic_{traffic} {}

  void run() {
    for (std::size_t t = 0; t < program_.tensors.size(); ++t) traffic_[t] = {};
    for (std::int16_t i = launch_.first_op; i < launch_.last_op; ++i) {
      if (!moves_a_tile(program_.ops[static_cast<std::size_t>(i)].kind)) continue;
      if (!repeats_previous_tile(program_, launch_, i)) place(static_cast<std::size_t>(i));
      add(static_cast<std::size_t>(i));
    }
    for (const BoxSweep& sweep : sweeps_) finish(sweep);
    for (std::size_t t = 0; t < program_.tensors.size(); ++t) close(t);
  }

 private:
  /// Where the op's tiles stand; kept for the ops that repeat them.
  void place(std::size_t index) {
    const TileOp& op = program_.ops[index];
    placing_ = placing_indices(op);
    sharing_ = axis_bits(launch_) & ~placing_;
    box_ = box_of(launch_, op, program_.tensors[static_cast<std::size_t>(op.tensor)]);
    note_sets(placing_ & axis_bits(launch_));
  }

  void add(std::size_t index) {
    const TileOp& op = program_.ops[index];
    const auto t = static_cast<std::size_t>(op.tensor);
    const bool loads = op.kind == OpKind::load;
    const Int bytes = counts_.op[index].bytes;
    (loads ? traffic_[t].loaded : traffic_[t].stored) += bytes;
    traffic_[t].shared = traffic_[t].shared || sharers_ > 1;
    anew_[t] = touched_[t] ? std::max(anew_[t], anew_of_set_) : anew_of_set_;
    if (bytes > 0) note_box(t, box_);
    if ((sharing_ & driving_indices(launch_, op.loop)) == 0) {
      swept(t, loads) += bytes / sharers_;
    } else if (bytes > 0) {
      add_box_sweep({op.tensor, loads, op.loop, repeats(launch_, op, placing_), box_});
    }
  }

  void add_box_sweep(const BoxSweep& sweep) {
    for (BoxSweep& earlier : sweeps_) {
      if (earlier.tensor != sweep.tensor || earlier.loads != sweep.loads) continue;
      if (!continues(launch_, earlier.loop, sweep.loop)) continue;
      earlier.box.cover(sweep.box);
      return;
    }
    sweeps_.push_back(sweep);
  }

  void finish(const BoxSweep& sweep) {
    const auto t = static_cast<std::size_t>(sweep.tensor);
    swept(t, sweep.loads) += sweep.repeats * sweep.box.bytes(program_.tensors[t].element_bytes);
  }

  Int& swept(std::size_t t, bool loads) { return loads ? traffic_[t].swept_loads : traffic_[t].swept_stores; }

  void note_box(std::size_t t, const Box& box) {
    if (!touched_[t]) {
      boxes_[t] = box;
      touched_[t] = true;
    } else {
      boxes_[t].cover(box);
    }
  }
  /// How many CTAs share a tile, and how often a set of sharers is begun anew; neighbouring ops often ask the same.
  void note_sets(unsigned indexed) {
    if (indexed == indexed_) return;
    indexed_ = indexed;
    sharers_ = extents_product(launch_, sharing_);
    const double sets = static_cast<double>(launch_.ctas()) / static_cast<double>(sharers_);
    anew_of_set_ = sharers_ == 1 ? 1.0 : wave_incidences(launch_, indexed, wave_) / sets;
  }

  /// What a tensor costs when nothing survives from wave to wave, and what one wave touches of it.
  void close(std::size_t t) {
    if (!touched_[t]) return;
    TensorTraffic& traffic = traffic_[t];
    traffic.touched = boxes_[t].bytes(program_.tensors[t].element_bytes);
    const double anew = anew_[t];
    traffic.wave_loads = static_cast<double>(traffic.swept_loads) * anew;
    const double waves = std::max(1.0, static_cast<double>(launch_.ctas()) / static_cast<double>(wave_));
    traffic.wave_touched = std::min(1.0, anew / waves) * static_cast<double>(traffic.touched);
  }

  const Program& program_;
  const Launch& launch_;
  const ProgramCounts& counts_;
  Int wave_;
  LaunchTraffic& traffic_;
  InlineVector<BoxSweep, 8> sweeps_;
  Box boxes_[max_tensors];
  bool touched_[max_tensors] = {};
  double anew_[max_tensors];  ///< incidences / sets
  // of the tile placed last
  unsigned placing_ = 0;
  unsigned sharing_ = 0;
  Box box_;
  unsigned indexed_ = ~0U;
  Int sharers_ = 1;
  double anew_of_set_ = 1;
};

/// Neighbouring axes that all tell sets apart, or all do not.
struct Run {
  bool indexed;
  double extent;
};

}  // namespace

double wave_incidences(const Launch& launch, unsigned indexed, std::int64_t wave) {
  InlineVector<Run, max_axes> runs;
  for (std::size_t a = 0; a < launch.axes.size(); ++a) {
    const Int extent = launch.axes[a].extent;
    if (extent == 1) continue;
    const bool is_indexed = (indexed >> a & 1U) != 0;
    if (!runs.empty() && runs.back().indexed == is_indexed) {
      runs.back().extent *= static_cast<double>(extent);
    } else {
      runs.push_back({is_indexed, static_cast<double>(extent)});
    }
  }
  const Int ctas = launch.ctas();
  const auto sets = static_cast<double>(extents_product(launch, indexed));
  if (wave >= ctas || runs.empty()) return sets;
  const auto waves = static_cast<double>(ceil_div(ctas, wave));
  const bool neighbours_share = !runs[0].indexed && runs.size() <= 2;
  if (neighbours_share) {
    const auto set = static_cast<Int>(runs[0].extent);
    const auto common = static_cast<double>((ctas - 1) / std::lcm(set, wave));
    return waves + sets - 1 - common;
  }
  double distinct = 1;  // sets that one wave meets
  double stride = 1;
  for (const Run& run : runs) {
    if (run.indexed) distinct *= std::min(run.extent, 1 + static_cast<double>(wave - 1) / stride);
    stride *= run.extent;
  }
  return std::max(sets, std::min(waves * distinct, static_cast<double>(ctas)));
}

void launch_traffic(const Program& program, const Launch& launch, const ProgramCounts& counts, std::int64_t wave,
                    LaunchTraffic& traffic) {
  Sweeper{program, launch, counts, std::max<Int>(1, wave), traffic}.run();
}

std::int64_t compulsory_bytes(const Program& program, const ProgramCounts& counts) {
  std::array<Int, max_tensors> most{};
  LaunchTraffic traffic;
  for (const Launch& launch : program.launches) {
    launch_traffic(program, launch, counts, launch.ctas(), traffic);
    for (std::size_t t = 0; t < program.tensors.size(); ++t) most[t] = std::max(most[t], traffic[t].touched);
  }
  Int total = 0;
  for (std::size_t t = 0; t < program.tensors.size(); ++t) {
    if (program.tensors[t].role != TensorRole::workspace) total += most[t];
  }
  return total;
}

}  // namespace rooftile
