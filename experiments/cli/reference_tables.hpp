// Where commands look for tables of measured times: those of the repository, and the folder that the environment names.
#pragma once

#include "calibrate/observations.hpp"
#include "cli/command.hpp"

namespace rooftile::cli {

/// experiments/reference, the words of experiments/calibration/mapping.yaml, and ROOFTILE_REFERENCE_DIR if it is set.
[[nodiscard]] calibrate::Tables reference_tables(const Context& context);

}  // namespace rooftile::cli
