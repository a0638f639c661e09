// Constants of a model fitted to measurements: bounded least squares on log time with a robust loss.
//
//   minimise   Σ 2·(√(1 + (r/s)²) − 1),  r = log(predicted / observed),  s = 4 %
//
// (soft-L1: rows that no value of the constants explains count by their distance, not by its square; Charbonnier et al.
// 1994.) The makespan is piecewise linear in the constants, so no derivative is asked of it: BOBYQA (Powell 2009)
// goes near the minimum, Sbplx (Rowan 1990) leaves the corners. Both are NLopt's.
//
//   Fit found = fit({{"trip_factor", 1, 0.25, 4}, ...}, rows, residuals);
//   found.spread[0]      standard error; infinite where the rows do not tell
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace rooftile::analysis {

/// A constant to be fitted, where it starts and between what it may lie.
struct FitConstant {
  std::string name;
  double start = 0;
  double least = 0;
  double most = 0;
  double size = 0;  ///< by which it usually differs from the start: the unit of the search; 0: a tenth of its range
};

/// log(predicted / observed) of every row for some values of the constants.
using Residuals = std::function<void(std::span<const double> values, std::span<double> residuals)>;

struct Fit {
  std::vector<double> values;  ///< by constant
  std::vector<double> spread;  ///< standard error of each, from the curvature of the loss; infinity: undetermined
  double cost = 0;             ///< mean loss per row
};

/// The relative error from which on a row counts by its distance.
inline constexpr double fit_scale = 0.04;

/// Fits the constants to `rows` residuals. std::invalid_argument if there are no more rows than constants, a start
/// outside its bounds or bounds that do not leave room. Deterministic.
[[nodiscard]] Fit fit(std::span<const FitConstant> constants, std::size_t rows, const Residuals& residuals);

/// The fold of a group of rows, 0 .. folds-1: the same for the same text on every machine.
[[nodiscard]] std::size_t fold_of(const std::string& group, std::size_t folds);

}  // namespace rooftile::analysis
