// Counts the ops of one launch in one walk over its plan, in program order: how often each is executed, what it moves,
// what it adds to the part of a CTA it stands in (once, or a trip of a loop) and which tensors it uses (count.hpp).
#pragma once

#include "count_plan.hpp"

namespace rooftile {

/// Writes the totals of launch number `launch`, its ops in `counts`, and appends its uses.
void count_launch(const Program& program, std::size_t launch, const CountPlan& plan, ProgramCounts& counts);

}  // namespace rooftile
