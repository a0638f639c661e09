// A calibration file: what was fitted to a spec's measurements, from which rows, and how far off it is on others.
// model_yaml/calibration_reader.hpp shows one and reads it.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "calibrate/family_fit.hpp"

namespace rooftile::calibrate {

/// Writes the file of one spec; `fits` are its families. `date` as 2026-11-22, `predictor` as "hierarchical 7".
void write_calibration(std::ostream& out, const std::vector<FamilyFit>& fits, const std::string& date,
                       const std::string& predictor);

}  // namespace rooftile::calibrate
