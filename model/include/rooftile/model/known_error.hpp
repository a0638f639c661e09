// How far off predictions of an implementation were where they could be checked, and which of these errors is nearest
// to a new one.
//
//   known      a100_sxm4_80gb compute 3.3 % of 2127 rows, a100_sxm4_80gb launch 5.9 % of 479
//   asked      compute on a100_sxm4_80gb   3.3 %, as it stands
//              compute on a100_sxm4_40gb   3.3 %, from another GPU
//              memory                      what the whole regime has
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/model/calibration.hpp"

namespace rooftile {

/// Mean of |error| on the rows of one GPU where one thing decides; fractions.
struct KnownError {
  std::string profile;
  BoundRegime bound = BoundRegime::compute;
  std::int64_t rows = 0;
  double mape = 0;
};

/// Fewer rows say nothing of their own.
inline constexpr std::int64_t least_known_rows = 5;

/// The error of the rows nearest to a prediction.
struct NearestError {
  double mape = 0;
  std::vector<std::string> profiles{};  ///< where it is from; empty: no row has this bound regime
};

/// Of rows with the same bound regime: those of the GPU itself, else those of all others together. `overall` where
/// there are none, or too few.
[[nodiscard]] NearestError nearest_error(std::span<const KnownError> known, std::string_view profile, BoundRegime bound,
                                         double overall);

}  // namespace rooftile
