// Which constants are fitted to which measurements: experiments/calibration/plan.yaml, one entry per family.
//
//   families:
//     - spec: vllm_fa2
//       regime: prefill
//       tables: [serving_a100.csv]             files of ROOFTILE_REFERENCE_DIR, or `published`: experiments/reference
//       fitted_on: "vLLM 0.14.0, ..."
//       shortest: 20 us                        rows that take part in the fit; all are scored
//       fit: [trip_factor, cta_cycles, ...]
//       given: {exp2_weight: {value: 0.66, from: "..."}}
//
// A family is a spec in one regime. At most eight constants are fitted for it, none of them by GPU, head dim or shape.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rooftile/model/calibration.hpp"
#include "rooftile/model/error.hpp"

namespace rooftile::calibrate {

/// The most constants that one family may fit, and all families of a plan together: constants that several share stand
/// in `given` and are fitted once.
inline constexpr std::size_t most_constants = 8;
inline constexpr std::size_t most_constants_in_all = 64;

/// A constant that a family takes instead of fitting it, and where it is from.
struct GivenConstant {
  const CalibrationConstant* constant = nullptr;
  double value = 0;
  std::string from;
};

struct Family {
  std::string spec;
  Regime regime = Regime::prefill;
  std::vector<std::string> tables;
  std::string fitted_on;
  Seconds shortest{0};            ///< rows below take no part in the fit
  Seconds scored_from{0};         ///< nor in the error that is stated
  std::int64_t least_seq_kv = 1;  ///< shorter rows of keys take part in neither
  std::vector<const CalibrationConstant*> fit;
  std::vector<GivenConstant> given;
  Location where;

  /// "vllm_fa2 prefill"
  [[nodiscard]] std::string name() const;
};

/// Reads a plan. Throws InputError: an unknown constant, one that is fitted and given, more than eight of a
/// family or 64 in all, a family twice.
[[nodiscard]] std::vector<Family> load_plan(const std::filesystem::path& file);

}  // namespace rooftile::calibrate
