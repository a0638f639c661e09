// Counts the ops of one launch in one walk, in program order: how often each is executed, what it moves, what it adds
// to the part of a CTA it stands in (once, or a trip of a loop), which tensors it uses and what it waits for
// (count.hpp).
#pragma once

#include "rooftile/model/count.hpp"

namespace rooftile {

/// Writes `totals`, the launch's ops in `counts`, and appends its uses and dependence cycles.
void count_launch(const Program& program, const Launch& launch, LaunchCount& totals, ProgramCounts& counts);

}  // namespace rooftile
