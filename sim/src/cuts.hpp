// Where a trip is cut: before the ops that begin to need a tile, and behind those that free its buffer.
//
//   flash2   read K, QKᵀ                       waits for K, frees K
//            softmax
//            read V, PV                        waits for V, frees V
#pragma once

#include <cstdint>
#include <span>

#include "rooftile/model/cost_table.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile::sim {

/// A part of a trip: one tile is waited for before it, one buffer is free behind it.
struct Cut {
  double part = 0;         ///< of the cycles of the trip's ops, one after the other
  std::int8_t waits = -1;  ///< which of the loads; -1: none
  std::int8_t frees = -1;
};
using Cuts = InlineVector<Cut, 25>;

/// The parts of a trip of a loop in program order, `loads` being the loads that stand in it (index into Program::ops).
/// Loads themselves take no cycles of it.
[[nodiscard]] Cuts cut_trip(const Program& program, const Launch& launch, std::size_t loop,
                            std::span<const std::int16_t> loads, const ProgramCounts& counts, const CostTable& costs);

}  // namespace rooftile::sim
