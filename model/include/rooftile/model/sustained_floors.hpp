// Two times below which no implementation gets, by what a profile says that its hardware sustains. Held against an
// observed time they tell which resource was busy in earnest, whatever a predictor says.
//
//   memory    compulsory DRAM bytes / (bandwidth x sustained fraction)
//   compute   executed FLOP / sustained rate of the kernel's instruction path: what mma.sync reaches of the
//             peak, or the rate of the best large GEMM (clock.tensor_sustained), whichever is lower
//
// Compulsory are the bytes that no cache of L2's size can save: what a launch reads beyond what L2 may hold as it
// begins (nothing where the call begins cold), and what the call writes beyond what may be left dirty.
#pragma once

#include <optional>

#include "rooftile/model/bound_regime.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/device.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

struct SustainedFloors {
  Seconds memory{0};
  Seconds compute{0};
};

/// `counts` are those of count(program). A leaf that the profile does not state limits nothing.
[[nodiscard]] SustainedFloors sustained_floors(const Device& device, const Program& program,
                                               const ProgramCounts& counts);

/// The bound that an observed time shows, memory or compute: one floor is 80 % of the time or more and the other 60 %
/// or less. Nothing where the floors do not tell.
[[nodiscard]] std::optional<BoundRegime> shown_bound(Seconds observed, const SustainedFloors& floors);

/// True if a predicted bound is of the kind that was shown: DRAM or L2 for memory, a unit of the SM (shared memory too)
/// for compute. Latency and launch are of neither.
[[nodiscard]] bool agrees(Limit predicted, BoundRegime shown);

}  // namespace rooftile
