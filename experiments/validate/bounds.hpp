// Errors that may only go down: experiments/validation/*.yaml, one entry for each GPU, implementation and use of a
// call.
//
//   schema: rooftile.validation_bounds/1
//   predictor: hierarchical 7                 of the last recording
//   tables: [published]                       what was read; left out: a database
//   bounds:
//     - {gpu: a100_sxm4_80gb, kernel: fa2, regime: backward, rows: 24, mape: 3 %, p95: 4.4 %}
//
// A recording (`rooftile validate --bounds FILE --record`) adds groups and lowers what has become better; it raises
// nothing: an error above its bound, or fewer rows than there were, is refused. Errors are rounded up to 0.1 %.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "question/catalogues.hpp"
#include "rooftile/analysis/validation.hpp"
#include "rooftile/model/error.hpp"

namespace rooftile::validate {

/// What is grouped for bounds.
inline constexpr analysis::ValidateBy bounds_by[] = {analysis::ValidateBy::gpu, analysis::ValidateBy::kernel,
                                                     analysis::ValidateBy::regime};

struct ErrorBound {
  std::vector<std::string> group{};  ///< gpu, kernel, regime
  std::int64_t rows = 0;             ///< that can be predicted
  double mape = 0;                   ///< fractions, as all errors
  double p95 = 0;
};

struct Bounds {
  std::vector<std::string> tables{};  ///< empty: rows of a database
  std::vector<ErrorBound> bounds{};
};

/// Reads a file. InputError with line, column and nearest name for unknown keys, GPUs, kernels and regimes, for a group
/// that stands twice and for errors below zero.
[[nodiscard]] Bounds load_bounds(const std::filesystem::path& file, const experiments::Catalogues& catalogues);

/// `predictor` as in "hierarchical 7".
void write_bounds(std::ostream& out, const Bounds& bounds, const std::string& predictor);

/// Today's errors held against bounds.
struct Judgement {
  std::vector<std::string> broken{};   ///< errors above their bounds, rows that are gone: one sentence each
  std::vector<std::string> unknown{};  ///< groups without a bound
  std::vector<std::string> lower{};    ///< bounds that could go down
  Bounds recorded{};                   ///< the bounds with those added and lowered
};
/// `groups` are validate(rows, bounds_by).
[[nodiscard]] Judgement judge(const Bounds& bounds, const std::vector<analysis::ValidatedGroup>& groups);

}  // namespace rooftile::validate
