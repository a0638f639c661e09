// Which bytes of each tensor a launch touches, and how often it comes back for them (TensorUse in count.hpp).
//
// All closed forms: a tile loop covers an interval of each tensor dimension, a sweep covers a box.
#pragma once

#include "rooftile/model/count.hpp"

namespace rooftile {

/// Appends the uses of one launch, whose ops are counted already, to counts.uses and marks them in `totals`.
void count_uses(const Program& program, const Launch& launch, LaunchCount& totals, ProgramCounts& counts);

}  // namespace rooftile
