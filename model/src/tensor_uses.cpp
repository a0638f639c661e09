#include "tensor_uses.hpp"

#include <algorithm>
#include <array>

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
      box.dim[d] = {0, std::min<Int>(dim.extent, size)};
    } else if (dim.index2 != no_index) {
      box.dim[d] = {0, size};
    } else {
      const Interval values = values_of(launch, dim.index);
      box.dim[d] = {std::min(size, values.first * dim.step), std::min(size, (values.last - 1) * dim.step + dim.extent)};
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

/// The most trips that one CTA makes at a stretch: the hull, or less where both limits move in step (split keys).
Int most_trips(const Launch& launch, int loop) {
  const Loop& at = launch.loops[static_cast<std::size_t>(loop)];
  const Int hull = hull_of(launch, loop).size();
  const bool in_step =
      at.first.moves() && at.first.index == at.last.index && at.first.b == at.last.b && at.first.div == at.last.div;
  return in_step ? std::min(hull, std::max<Int>(0, ceil_div(at.last.c - at.first.c, at.last.div))) : hull;
}

/// Trips of the loops around an op that do not place its tiles: each is a sweep of its own.
Int repeats(const Launch& launch, const TileOp& op, unsigned placing) {
  Int total = 1;
  for (int loop = op.loop; loop >= 0; loop = launch.loops[static_cast<std::size_t>(loop)].parent) {
    const unsigned bit = 1U << static_cast<unsigned>(first_loop_index + loop);
    if ((placing & bit) == 0) total *= most_trips(launch, loop);
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
  std::int8_t use;  ///< of this launch
  OpKind kind;      ///< load, store or atomic
  std::int8_t loop;
  Int repeats;
  Int bytes;  ///< requested: no sweep is more
  Box box;
};

/// Sums the ops of one launch, tensor by tensor.
class Sweeper {
 public:
  Sweeper(const Program& program, const Launch& launch, ProgramCounts& counts)
      : program_{program}, launch_{launch}, counts_{counts}, first_use_{counts.uses.size()} {}

  void run() {
    for (std::int16_t i = launch_.first_op; i < launch_.last_op; ++i) {
      if (!moves_a_tile(program_.ops[static_cast<std::size_t>(i)].kind)) continue;
      if (!repeats_previous_tile(program_, launch_, i)) place(static_cast<std::size_t>(i));
      add(static_cast<std::size_t>(i));
    }
    for (const BoxSweep& sweep : sweeps_) {
      TensorUse& use = counts_.uses[first_use_ + static_cast<std::size_t>(sweep.use)];
      add_swept(use, sweep.kind, std::min(sweep.bytes, sweep.repeats * sweep.box.bytes(element_bytes(use))));
    }
    for (std::size_t u = first_use_; u < counts_.uses.size(); ++u) {
      TensorUse& use = counts_.uses[u];
      use.touched = boxes_[u - first_use_].bytes(element_bytes(use));
    }
  }

 private:
  /// Where the op's tiles stand; kept for the ops that repeat them.
  void place(std::size_t index) {
    const TileOp& op = program_.ops[index];
    placing_ = placing_indices(op);
    sharing_ = axis_bits(launch_) & ~placing_;
    sharers_ = extents_product(launch_, sharing_);
    drives_ = (sharing_ & driving_indices(launch_, op.loop)) != 0;
    box_ = box_of(launch_, op, program_.tensors[static_cast<std::size_t>(op.tensor)]);
  }

  void add(std::size_t index) {
    const Int bytes = counts_.op[index].bytes;
    if (bytes == 0) return;
    const TileOp& op = program_.ops[index];
    const std::size_t number = use_of(op.tensor);
    TensorUse& use = counts_.uses[first_use_ + number];
    (op.kind == OpKind::load ? use.loaded : use.stored) += bytes;
    if (!drives_) {
      // the sharers of a multicast tile include its cluster, which asks once
      add_swept(use, op.kind, sharers_ == 1 ? bytes : bytes * launch_.served_by(op) / sharers_);
    } else {
      add_box_sweep({static_cast<std::int8_t>(number), op.kind, op.loop, repeats(launch_, op, placing_), bytes, box_});
    }
  }

  /// The use of the op placed last; its box grows by the op's.
  std::size_t use_of(std::int8_t tensor) {
    for (std::size_t u = first_use_; u < counts_.uses.size(); ++u) {
      TensorUse& use = counts_.uses[u];
      if (use.tensor != tensor) continue;
      boxes_[u - first_use_].cover(box_);
      if (sharers_ > use.sharers) note_sharers(use);
      return u - first_use_;
    }
    TensorUse& use = counts_.uses.emplace_back();
    use = {};
    use.tensor = tensor;
    note_sharers(use);
    const std::size_t number = counts_.uses.size() - 1 - first_use_;
    boxes_[number] = box_;
    return number;
  }
  void note_sharers(TensorUse& use) const {
    use.sharers = sharers_;
    use.indexed = static_cast<std::uint8_t>(placing_ & axis_bits(launch_));
  }

  void add_box_sweep(const BoxSweep& sweep) {
    for (BoxSweep& earlier : sweeps_) {
      if (earlier.use != sweep.use || earlier.kind != sweep.kind) continue;
      if (!continues(launch_, earlier.loop, sweep.loop)) continue;
      earlier.box.cover(sweep.box);
      earlier.bytes += sweep.bytes;
      return;
    }
    sweeps_.push_back(sweep);
  }

  static void add_swept(TensorUse& use, OpKind kind, Int bytes) {
    (kind == OpKind::load ? use.swept_loads : use.swept_stores) += bytes;
    if (kind == OpKind::atomic) use.swept_updates += bytes;
  }
  [[nodiscard]] Int element_bytes(const TensorUse& use) const {
    return program_.tensors[static_cast<std::size_t>(use.tensor)].element_bytes;
  }

  const Program& program_;
  const Launch& launch_;
  ProgramCounts& counts_;
  std::size_t first_use_;
  InlineVector<BoxSweep, 16> sweeps_;
  std::array<Box, max_tensors> boxes_;  ///< by use of this launch
  // of the tile placed last
  unsigned placing_ = 0;
  unsigned sharing_ = 0;
  Int sharers_ = 1;
  bool drives_ = false;  ///< an axis along which CTAs share moves the loops: they run different parts of a sweep
  Box box_;
};

}  // namespace

void count_uses(const Program& program, const Launch& launch, LaunchCount& totals, ProgramCounts& counts) {
  totals.first_use = static_cast<std::int16_t>(counts.uses.size());
  Sweeper{program, launch, counts}.run();
  totals.last_use = static_cast<std::int16_t>(counts.uses.size());
}

}  // namespace rooftile
