// What would be done: every step and cell with the memory it takes and a guess of its time. Needs no GPU; the guesses
// only tell minutes from hours.
#pragma once

#include <memory>
#include <ostream>
#include <span>

#include "measure/cells.hpp"
#include "measure/options.hpp"
#include "measure/peers/peer.hpp"
#include "measure/result_file.hpp"

namespace rooftile::kernels::measure {

/// What a plan is made of.
struct PlanInput {
  const Options& options;
  std::span<const std::unique_ptr<Peer>> subjects;
  std::span<const Cell> cells;           ///< of --cells
  std::span<const Cell> verified_cells;  ///< those of the verify step
  const ExistingLines& existing;
  int sms;  ///< of the GPU that is planned for: a call's workspace may depend on them
};

/// Prints the plan and adds up time and memory.
void print_plan(std::ostream& out, const PlanInput& input);

}  // namespace rooftile::kernels::measure
