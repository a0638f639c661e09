// Which bytes of each tensor a launch touches, and how often it comes back for them (TensorUse in count.hpp).
//
// All closed forms: a tile loop covers an interval of each tensor dimension, a sweep covers a box.
#pragma once

#include <array>

#include "rooftile/model/count.hpp"
#include "tile_footprint.hpp"

namespace rooftile {

/// The tiles of an op, and who shares them.
struct PlacedTiles {
  TileFootprint tiles;
  std::int64_t sharers;  ///< CTAs that ask for the same tiles
  bool drives;           ///< an axis along which CTAs share moves the loops: they run different parts of a sweep
};

/// Sums the tile movements of one launch, tensor by tensor, into counts.uses.
class TensorUses {
 public:
  TensorUses(const Program& program, const Launch& launch, const IndexRanges& ranges, ProgramCounts& counts);

  /// Says who shares the tiles of an op.
  void place(const TileOp& op, PlacedTiles& placed) const;
  /// Adds an op that requests that many bytes in all.
  void add(const TileOp& op, const PlacedTiles& placed, std::int64_t bytes);
  /// Sums up; the uses are those of the launch that `totals` speaks of.
  void finish(LaunchCount& totals);
  /// CTAs that ask for an op's tile, or walk over the same tiles from another one on: those along axis 0, and along
  /// axes that neither place it nor move the loops around it.
  [[nodiscard]] std::int64_t asking_alike(const TileOp& op, const PlacedTiles& placed) const;

 private:
  /// A sweep whose extent is known as a box, because CTAs that share it run different parts of it.
  struct BoxSweep {
    std::int8_t use;  ///< of this launch
    OpKind kind;      ///< load, store or atomic
    std::int8_t loop;
    std::int64_t repeats;
    std::int64_t bytes;  ///< requested: no sweep is more
    Box box;
  };

  [[nodiscard]] std::size_t use_of(std::int8_t tensor, const PlacedTiles& placed);
  void note_sharers(TensorUse& use, const PlacedTiles& placed) const;
  [[nodiscard]] std::int64_t repeats(const TileOp& op, const PlacedTiles& placed) const;
  void add_box_sweep(std::int8_t use, const TileOp& op, const PlacedTiles& placed, std::int64_t bytes);
  [[nodiscard]] std::int64_t element_bytes(const TensorUse& use) const {
    return program_.tensors[static_cast<std::size_t>(use.tensor)].element_bytes;
  }

  const Program& program_;
  const Launch& launch_;
  const IndexRanges& ranges_;
  ProgramCounts& counts_;
  unsigned axes_;  ///< of the launch, as bits
  std::size_t first_use_;
  std::array<std::int8_t, max_tensors> use_of_;  ///< by tensor: its use of this launch; -1: none yet
  std::array<Box, max_tensors> boxes_;           ///< by use of this launch
  InlineVector<BoxSweep, 16> sweeps_;
};

}  // namespace rooftile
