// One family fitted and scored: constants on all rows, their error on rows that were held back.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "calibrate/observations.hpp"
#include "calibrate/plan.hpp"
#include "calibrate/row_choice.hpp"
#include "question/catalogues.hpp"
#include "rooftile/analysis/compare.hpp"

namespace rooftile::calibrate {

inline constexpr std::size_t folds = 5;
/// Rows that a fit looks at; of more, an even choice.
inline constexpr std::size_t most_fitted_rows = 1200;

/// A constant as it was fitted or taken.
struct FittedConstant {
  const CalibrationConstant* constant = nullptr;
  double value = 0;
  double spread = 0;  ///< standard error; 0 for given ones
  std::string from;   ///< of given ones
};

struct FamilyFit {
  Family family;
  std::vector<FittedConstant> constants;
  std::vector<std::string> left_out;  ///< constants that the rows do not determine: they keep their defaults
  std::vector<std::string> profiles;  ///< measured on
  std::int64_t rows = 0;              ///< that could be predicted
  std::int64_t fitted = 0;            ///< that the fit looked at
  analysis::Accuracy before;          ///< of the rows that are scored, with the given constants alone
  analysis::Accuracy after;           ///< of rows that were not fitted: folds grouped by batch x heads and lengths
  std::vector<KnownError> errors;     ///< the same by GPU and what decides, of all rows, however short
  Calibration calibration;
};

/// What to fit with.
struct FitInput {
  const Family& family;
  const std::vector<Observation>& observations;  ///< those of other specs and regimes are passed over
  experiments::Catalogues& catalogues;
  /// Constants of the spec's other regimes: a pass of both needs them. Empty: those of its calibration file.
  std::map<Regime, Calibration> known;
  /// With conditions: the rows that are fitted, and all others scored. Without: all of both, in folds.
  RowChoice fitted;
  RowChoice scored;  ///< further conditions on the rows that are scored
};

/// Fits a family. InputError if no row is left or the rows are fewer than the constants.
[[nodiscard]] FamilyFit fit_family(const FitInput& input);

}  // namespace rooftile::calibrate
