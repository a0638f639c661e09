// Fitted constants: kernels/calibrations/<spec>.yaml, written by `rooftile calibrate`, to a SpecCalibration.
//
//   schema: rooftile.calibration/1
//   spec: vllm_fa2
//   predictor: hierarchical 7
//   regimes:
//     prefill:
//       fitted_on: "VLLM 0.14.0 ..."
//       profiles: [a100_sxm4_80gb]
//       rows: 2731
//       error: {mape: 2.3 %, median: 1.6 %, p95: 7.1 %, bias: -0.2 %}       of rows that were not fitted
//       errors:                                                              the same by what decides, however short
//         - {gpu: a100_sxm4_80gb, bound: compute, rows: 2127, mape: 3.3 %}
//       constants:
//         trip_factor: {value: 1.046, spread: 0.003}
//         call_overhead: {value: 2.2 us, spread: 0.1 us}
//         exp2_weight: {value: 0.66, from: "..."}                            taken, not fitted
#pragma once

#include <filesystem>

#include "rooftile/model/kernel_spec.hpp"
#include "rooftile/model/profile.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::yaml {

/// Reads one file. Throws InputError.
[[nodiscard]] SpecCalibration load_calibration(const std::filesystem::path& file);

/// The constant of a key, and a value of it with its unit: what plans and calibration files write alike. InputError for
/// an unknown name, another unit, a value outside the constant's bounds.
[[nodiscard]] const CalibrationConstant& constant_named(const std::string& name, const Location& where);
[[nodiscard]] double read_value(const Node& node, const CalibrationConstant& constant);

/// The file that holds the constants of the spec `name`, for specs that lie in `spec_folder`:
/// ../calibrations/<name>.yaml.
[[nodiscard]] std::filesystem::path calibration_file(const std::filesystem::path& spec_folder, const std::string& name);

/// What decides a prediction beside the program: the numbers of the hardware and the constants.
struct Identity {
  std::string text;
  std::string hash;  ///< of the text, as Profile::hash
};
/// Those of the profile alone where nothing was fitted.
[[nodiscard]] Identity identity_of(const Profile& profile, const SpecCalibration& calibration);

}  // namespace rooftile::yaml
