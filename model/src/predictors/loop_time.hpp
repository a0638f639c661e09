// How long one trip of a loop takes, alone on an SM and beside other CTAs.
//
//   busy       trip_factor · max(busiest unit, sum of omega·unit)
//   alone      max(dependence cycle / lag, busy + trip_wait)
//   with k     max(k · busy, dependence cycle / lag, busy + trip_wait)
//
// A dependence cycle is a chain of ops that leads back to itself `lag` trips later: with K double-buffered the chain
// load K -> QKᵀ -> load K of the next trip has lag 1. Units work side by side unless omega says they do not: omega is 1
// for matrix products by definition, fitted for exp2 and shared memory (calibration.hpp), 0 for the others. Where
// nobody has fitted, it is 1 for exp2 and 0 for shared memory: a warp's softmax waits for its QKᵀ and its PV for the
// softmax, so exponentials and products of one warp exclude each other (FlashAttention-3, arXiv 2407.08608,
// section 3.2).
#pragma once

#include <array>

#include "l2_reuse.hpp"
#include "rooftile/model/cost_table.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/launch_fit.hpp"

namespace rooftile {

/// One trip of a group of loops that run in step (or the once-per-CTA part: group -1).
struct TripTime {
  double cycle = 0;  ///< cycles of the slowest dependence cycle, per trip
  double busy = 0;   ///< cycles of the busiest unit or of the weighted sum, whichever is longer
  double again =
      0;  ///< cycles of `cycle` that pass between two CTAs, not before the first; only of the once-per-CTA part
  double wait = 0;  ///< cycles until the loads of a CTA's first tile are there; only of the once-per-CTA part
  Unit busiest = Unit::memory;

  [[nodiscard]] double alone() const { return cycle > busy ? cycle : busy; }
  [[nodiscard]] double shared(double residents) const { return cycle > residents * busy ? cycle : residents * busy; }
  /// What decides with that many residents.
  [[nodiscard]] Limit bound(double residents) const {
    return residents * busy >= cycle ? limit_of(busiest) : Limit::latency;
  }
};

/// Time of a trip through the loops of a group.
/// Loads wait for DRAM as often as L2 misses: a buffer that is filled from DRAM is empty for longer, and
/// with lag buffers of b bytes in flight per CTA no more than lag·b per DRAM latency arrive (Little's law).
[[nodiscard]] TripTime trip_time(const Program& program, const Launch& launch, const TripCount& trip,
                                 const ProgramCounts& counts, const CostTable& costs, const MissedShares& missed,
                                 const LaunchFit& fit);

/// Time of what a CTA does once, one after the other. Its loads wait together, for DRAM if the launch reads any of it:
/// unlike the blocks of a loop, which other CTAs have fetched, a CTA's own tile is new.
[[nodiscard]] TripTime once_per_cta(const Launch& launch, const OnceCount& once, const CostTable& costs, bool from_dram,
                                    const LaunchFit& fit);

}  // namespace rooftile
