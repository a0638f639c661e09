// What some work keeps busy on an SM: each unit for its own cycles, and the SM as a whole for as long as its busiest
// unit, or as those units together that exclude each other:
//
//   busy = max(busiest unit, tensor + exp2_weight · exp2 + smem_weight · smem)
//
// A warp's softmax waits for its QKᵀ and its PV for the softmax, so exponentials and products of one warp exclude each
// other (FlashAttention-3, arXiv 2407.08608, section 3.2) unless a fit says how much of them does not.
#pragma once

#include <algorithm>

#include "rooftile/model/cost_table.hpp"
#include "rooftile/model/launch_fit.hpp"

namespace rooftile {

/// Cycles of some work on one SM.
struct BusyUnits {
  UnitCycles cycles;  ///< of each unit
  double busy = 0;
  Unit busiest = Unit::memory;
};

/// `work`, and the instructions that a framework's kernel spends beside it.
[[nodiscard]] inline BusyUnits busy_units(const Work& work, const CostTable& costs, const LaunchFit& fit) {
  BusyUnits units_of{costs.on_units(work)};
  const auto at = [&units_of](Unit unit) -> double& { return units_of.cycles[static_cast<std::size_t>(unit)]; };
  at(Unit::fma) += fit.trip_fp32 * costs[OpKind::fma].cycles_per_amount;
  at(Unit::issue) += fit.tile_integer * costs[OpKind::alu].cycles_per_amount;
  const double sum = at(Unit::tensor) + fit.exp2_weight * at(Unit::exp2) + fit.smem_weight * at(Unit::smem);
  double most = units_of.cycles[0];
  std::size_t busiest = 0;
  for (std::size_t u = 0; u < units; ++u) {
    if (units_of.cycles[u] <= most) continue;
    most = units_of.cycles[u];
    busiest = u;
  }
  units_of.busy = std::max(most, sum);
  units_of.busiest = static_cast<Unit>(busiest);
  return units_of;
}

}  // namespace rooftile
