#include "tensor_uses.hpp"

#include <algorithm>
#include <bit>

namespace rooftile {
namespace {

using Int = std::int64_t;

Int extents_product(const Launch& launch, unsigned axes) {
  Int product = 1;
  for (; axes != 0; axes &= axes - 1) product *= launch.axes[static_cast<std::size_t>(std::countr_zero(axes))].extent;
  return product;
}

/// True if one loop goes on where the other ends: the masked and the unmasked key blocks of one sweep.
bool continues(const Launch& launch, int a, int b) {
  if (a < 0 || b < 0) return false;
  const Loop& x = launch.loops[static_cast<std::size_t>(a)];
  const Loop& y = launch.loops[static_cast<std::size_t>(b)];
  return x.parent == y.parent && (x.last == y.first || y.last == x.first);
}

void add_swept(TensorUse& use, OpKind kind, Int bytes) {
  (kind == OpKind::load ? use.swept_loads : use.swept_stores) += bytes;
  if (kind == OpKind::atomic) use.swept_updates += bytes;
}

}  // namespace

TensorUses::TensorUses(const Program& program, const Launch& launch, const IndexRanges& ranges, ProgramCounts& counts)
    : program_{program},
      launch_{launch},
      ranges_{ranges},
      counts_{counts},
      axes_{(1U << launch.axes.size()) - 1},
      first_use_{counts.uses.size()} {
  use_of_.fill(-1);
}

void TensorUses::place(const TileOp& op, PlacedTiles& placed) const {
  const unsigned sharing = axes_ & ~placed.tiles.placing;
  placed.sharers = extents_product(launch_, sharing);
  placed.drives = (sharing & ranges_.driving(op.loop)) != 0;
}

void TensorUses::add(const TileOp& op, const PlacedTiles& placed, std::int64_t bytes) {
  if (bytes == 0) return;
  const std::size_t number = use_of(op.tensor, placed);
  TensorUse& use = counts_.uses[first_use_ + number];
  (op.kind == OpKind::load ? use.loaded : use.stored) += bytes;
  use.ahead |= op.kind == OpKind::load && op.loop >= 0;
  if (!placed.drives) {
    // the sharers of a multicast tile include its cluster, which asks once
    add_swept(use, op.kind, placed.sharers == 1 ? bytes : bytes * launch_.served_by(op) / placed.sharers);
  } else {
    add_box_sweep(static_cast<std::int8_t>(number), op, placed, bytes);
  }
}

void TensorUses::finish(LaunchCount& totals) {
  for (const BoxSweep& sweep : sweeps_) {
    TensorUse& use = counts_.uses[first_use_ + static_cast<std::size_t>(sweep.use)];
    add_swept(use, sweep.kind, std::min(sweep.bytes, sweep.repeats * sweep.box.bytes(element_bytes(use))));
  }
  for (std::size_t u = first_use_; u < counts_.uses.size(); ++u) {
    TensorUse& use = counts_.uses[u];
    use.touched = boxes_[u - first_use_].bytes(element_bytes(use));
  }
  totals.first_use = static_cast<std::int16_t>(first_use_);
  totals.last_use = static_cast<std::int16_t>(counts_.uses.size());
}

std::int64_t TensorUses::asking_alike(const TileOp& op, const PlacedTiles& placed) const {
  constexpr unsigned first_axis = 1;
  return extents_product(launch_, axes_ & ~(placed.tiles.placing | (ranges_.driving(op.loop) & ~first_axis)));
}

/// The use of a tensor; its box grows by that of the tiles.
std::size_t TensorUses::use_of(std::int8_t tensor, const PlacedTiles& placed) {
  std::int8_t& number = use_of_[static_cast<std::size_t>(tensor)];
  if (number >= 0) {
    const auto known = static_cast<std::size_t>(number);
    TensorUse& use = counts_.uses[first_use_ + known];
    boxes_[known].cover(placed.tiles.box);
    if (placed.sharers > use.sharers) note_sharers(use, placed);
    return known;
  }
  number = static_cast<std::int8_t>(counts_.uses.size() - first_use_);
  TensorUse& use = counts_.uses.emplace_back();
  use = {};
  use.tensor = tensor;
  note_sharers(use, placed);
  const auto added = static_cast<std::size_t>(number);
  boxes_[added] = placed.tiles.box;
  return added;
}

void TensorUses::note_sharers(TensorUse& use, const PlacedTiles& placed) const {
  use.sharers = placed.sharers;
  use.indexed = static_cast<std::uint8_t>(placed.tiles.placing & axes_);
}

/// Trips of the loops around an op that do not place its tiles: each is a sweep of its own.
std::int64_t TensorUses::repeats(const TileOp& op, const PlacedTiles& placed) const {
  Int total = 1;
  for (int loop = op.loop; loop >= 0; loop = launch_.loops[static_cast<std::size_t>(loop)].parent) {
    if ((placed.tiles.placing & bit_of(static_cast<IndexId>(first_loop_index + loop))) == 0)
      total *= ranges_.most_trips(loop);
  }
  return total;
}

void TensorUses::add_box_sweep(std::int8_t use, const TileOp& op, const PlacedTiles& placed, std::int64_t bytes) {
  for (BoxSweep& earlier : sweeps_) {
    if (earlier.use != use || earlier.kind != op.kind || !continues(launch_, earlier.loop, op.loop)) continue;
    earlier.box.cover(placed.tiles.box);
    earlier.bytes += bytes;
    return;
  }
  BoxSweep& sweep = sweeps_.emplace_back();
  sweep.use = use;
  sweep.kind = op.kind;
  sweep.loop = op.loop;
  sweep.repeats = repeats(op, placed);
  sweep.bytes = bytes;
  sweep.box = placed.tiles.box;
}

}  // namespace rooftile
