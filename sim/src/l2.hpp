// L2: what it holds, tile by tile. The least recently used cells (cells.hpp) make room; reads that miss go to DRAM,
// writes take room without fetching, what was written is sent back when it leaves.
//
// It has the sets of SectoredCache, 16 ways and the same hash, which the host execution of the real kernels counts
// with. Neighbouring sets, as many as a cell has lines, make a part; a cell stands in the part of its first line, with
// tensors one after the other in memory and cells one after the other in a tensor, and makes room there.
//
// A line stands in the partition of its memory and in that of the SM which reads it: what several CTAs ask for takes
// room in each partition, as in the model (l2_reuse.hpp). Cells that a launch has asked for and that are still on their
// way are waited for, not asked for again. Pinned tensors (Placement::l2) have a part set aside, and what fits there
// stays.
#pragma once

#include <cstdint>
#include <vector>

#include "cells.hpp"
#include "dram.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/device.hpp"
#include "watch.hpp"

namespace rooftile::sim {

/// What an access leads to.
struct Answer {
  Dram::Request request = 0;  ///< brings what was missing, or takes what had to make room; 0: nothing to do
  std::int64_t bytes = 0;     ///< of the tile, inside the tensor
};

/// Bytes that moved between L2 and DRAM.
struct L2Traffic {
  std::int64_t fetched = 0;
  std::int64_t written_back = 0;
};

class L2 {
 public:
  /// For the tensors of a program; `dram` is where misses go. Both must outlive it.
  L2(const Device& device, const Program& program, const ProgramCounts& counts, Dram& dram);

  Answer load(double now, const TileOp& op, const Indices& at, Asker asker = {});
  Answer store(double now, const TileOp& op, const Indices& at, Asker asker = {});
  /// Read, changed and written in L2.
  Answer add(double now, const TileOp& op, const Indices& at, Asker asker = {});

  /// Bytes written that have not left.
  [[nodiscard]] std::int64_t unwritten() const { return dirty_; }
  /// Tells it of the tiles to come; null: nobody.
  void show_to(const Watch* watch) { watch_ = watch; }
  [[nodiscard]] const L2Traffic& traffic() const { return traffic_; }
  void reset_traffic() { traffic_ = {}; }

 private:
  static constexpr std::int32_t none = -1;
  struct Cell {
    std::uint64_t valid = 0, dirty = 0;  ///< a bit per block
    Dram::Request request = 0;           ///< for its latest bytes
    std::int32_t older = none, newer = none;
    std::int32_t held = 0;  ///< bytes it takes; 0: not here
    std::int32_t dirty_bytes = 0;
    bool pinned = false;    ///< in the part set aside
    std::int32_t part = 0;  ///< of L2, in which it stands
  };
  /// Neighbouring sets, as many as a cell has lines.
  struct Part {
    std::int32_t oldest = none, newest = none;
    double held = 0;
  };
  enum class Access : std::uint8_t { load, store, add };

  Answer touch(double now, const TileOp& op, const Indices& at, Asker asker, Access access);
  /// Bytes that the access misses.
  std::int64_t change(Cell& cell, std::size_t tensor, const Covered& covered, Access access);
  /// Puts a cell first.
  void use(std::int32_t c);
  /// Evicts what is too much; returns bytes to write back.
  std::int64_t make_room(Part& part);
  /// Gives every cell its part.
  void spread(std::int64_t largest, std::int64_t partitions);
  void link_newest(std::int32_t cell);
  void unlink(std::int32_t cell);

  const Program& program_;
  Dram& dram_;
  std::vector<Cells> cells_of_;    ///< by tensor
  std::vector<double> copies_of_;  ///< by tensor
  std::vector<Cell> cell_;
  std::vector<Cell*> asked_;  ///< of the access at hand: cells whose bytes come
  std::vector<Part> part_;
  double capacity_, room_ = 0;  ///< of all parts, of one
  double set_aside_ = 0, pinned_ = 0;
  std::int64_t dirty_ = 0;
  L2Traffic traffic_;
  const Watch* watch_ = nullptr;
};

}  // namespace rooftile::sim
