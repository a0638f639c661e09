// How long the CPU will need for a call, before it begins: good to a factor of about two, which is enough to refuse an
// hour's work.
#pragma once

#include <string>

#include "rooftile/model/count.hpp"
#include "rooftile/model/program.hpp"
#include "rooftile/model/workload.hpp"

namespace rooftile::experiments {

/// Seconds on one core: the kernel by its matrix instructions, exponentials and sectors, and the float64 reference.
[[nodiscard]] double execution_seconds(const Program& program, const ProgramCounts& counts);

/// "45 s", "3 min", "2 h": for people.
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace rooftile::experiments
