#include "rooftile/analysis/fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlopt.hpp>
#include <stdexcept>

namespace rooftile::analysis {
namespace {

constexpr int most_evaluations = 4000;  // of each of the searches
constexpr double close_enough = 1e-8;  // relative, of the cost and of the constants: valleys between constants that the
                                       // rows hardly tell apart are flat
constexpr double step = 0.1;           // of a constant's size, for its effect on the rows

/// The rows, asked with constants in units of their size, from their least value on.
class Problem {
 public:
  Problem(std::span<const FitConstant> constants, std::size_t rows, const Residuals& residuals)
      : constants_{constants}, residuals_{residuals}, row_(rows) {}

  [[nodiscard]] std::vector<double> values(const std::vector<double>& scaled) const {
    std::vector<double> values;
    for (std::size_t c = 0; c < scaled.size(); ++c) {
      const FitConstant& constant = constants_[c];
      values.push_back(std::min(constant.least + size(c) * std::max(scaled[c], 0.0), constant.most));
    }
    return values;
  }
  [[nodiscard]] double size(std::size_t c) const {
    constexpr double of_range = 0.1;
    const FitConstant& constant = constants_[c];
    return constant.size > 0 ? constant.size : of_range * (constant.most - constant.least);
  }
  [[nodiscard]] std::vector<double> scaled_starts() const {
    std::vector<double> scaled;
    for (std::size_t c = 0; c < constants_.size(); ++c) {
      scaled.push_back((constants_[c].start - constants_[c].least) / size(c));
    }
    return scaled;
  }
  /// The upper bounds; the lower ones are 0.
  [[nodiscard]] std::vector<double> scaled_most() const {
    std::vector<double> scaled;
    for (std::size_t c = 0; c < constants_.size(); ++c) {
      scaled.push_back((constants_[c].most - constants_[c].least) / size(c));
    }
    return scaled;
  }
  const std::vector<double>& rows(const std::vector<double>& scaled) {
    residuals_(values(scaled), row_);
    return row_;
  }
  double cost(const std::vector<double>& scaled) {
    double sum = 0;
    for (const double residual : rows(scaled)) {
      const double z = residual / fit_scale;
      sum += 2 * (std::sqrt(1 + z * z) - 1);
    }
    return sum / static_cast<double>(row_.size());
  }

  static double ask(const std::vector<double>& scaled, std::vector<double>& /*gradient*/, void* problem) {
    return static_cast<Problem*>(problem)->cost(scaled);
  }

 private:
  std::span<const FitConstant> constants_;
  const Residuals& residuals_;
  std::vector<double> row_;
};

void search(nlopt::algorithm algorithm, double first_step, Problem& problem, std::vector<double>& scaled) {
  nlopt::opt search{algorithm, static_cast<unsigned>(scaled.size())};
  search.set_lower_bounds(0.0);
  search.set_upper_bounds(problem.scaled_most());
  search.set_min_objective(&Problem::ask, &problem);
  search.set_initial_step(first_step);
  search.set_ftol_rel(close_enough);
  search.set_xtol_rel(close_enough);
  search.set_maxeval(most_evaluations);
  double cost = 0;
  try {
    search.optimize(scaled, cost);
  } catch (const nlopt::roundoff_limited&) {  // as near as numbers tell: what was found stands in `scaled`
  }
}

/// How much each row moves with each constant, per unit of the scaled constant; by constant.
std::vector<std::vector<double>> effects(Problem& problem, const std::vector<double>& scaled,
                                         const std::vector<double>& rows) {
  const std::vector<double> most = problem.scaled_most();
  std::vector<std::vector<double>> effect;
  for (std::size_t c = 0; c < scaled.size(); ++c) {
    std::vector<double> moved = scaled;
    moved[c] += moved[c] + step <= most[c] ? step : -step;
    effect.push_back(problem.rows(moved));
    for (std::size_t r = 0; r < rows.size(); ++r) {
      effect[c][r] = (effect[c][r] - rows[r]) / (moved[c] - scaled[c]);
    }
  }
  return effect;
}

/// The diagonal of the inverse of a symmetric positive definite matrix, by its Cholesky factor L: Σ_k (L⁻¹)_kc². A
/// pivot that vanishes beside its diagonal leaves infinity.
std::vector<double> inverse_diagonal(std::vector<std::vector<double>> a) {
  constexpr double vanishes = 1e-12;
  const std::size_t n = a.size();
  for (std::size_t j = 0; j < n; ++j) {
    const double whole = a[j][j];
    for (std::size_t k = 0; k < j; ++k) a[j][j] -= a[j][k] * a[j][k];
    if (!(a[j][j] > vanishes * whole)) return std::vector<double>(n, std::numeric_limits<double>::infinity());
    a[j][j] = std::sqrt(a[j][j]);
    for (std::size_t i = j + 1; i < n; ++i) {
      for (std::size_t k = 0; k < j; ++k) a[i][j] -= a[i][k] * a[j][k];
      a[i][j] /= a[j][j];
    }
  }
  std::vector<double> diagonal(n, 0);
  for (std::size_t c = 0; c < n; ++c) {  // column c of L⁻¹
    std::vector<double> column(n, 0);
    for (std::size_t i = c; i < n; ++i) {
      double rest = i == c ? 1 : 0;
      for (std::size_t k = c; k < i; ++k) rest -= a[i][k] * column[k];
      column[i] = rest / a[i][i];
      diagonal[c] += column[i] * column[i];
    }
  }
  return diagonal;
}

/// Standard errors of the scaled constants: the weighted normal matrix inverted. A constant that no row moves with has
/// none, and neither have constants that only move together.
std::vector<double> standard_errors(Problem& problem, const std::vector<double>& scaled) {
  const std::size_t n = scaled.size();
  const std::vector<double> rows = problem.rows(scaled);
  const std::vector<std::vector<double>> effect = effects(problem, scaled, rows);
  std::vector<std::vector<double>> normal(n, std::vector<double>(n, 0));
  double variance = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const double z = rows[r] / fit_scale;
    const double weight = 1 / std::sqrt(1 + z * z);
    variance += weight * rows[r] * rows[r] / static_cast<double>(rows.size() - n);
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) normal[a][b] += weight * effect[a][r] * effect[b][r];
    }
  }
  // a constant without any effect must not hide how well the others are known
  std::vector<std::size_t> moving;
  for (std::size_t c = 0; c < n; ++c) {
    if (normal[c][c] > 0) moving.push_back(c);
  }
  std::vector<std::vector<double>> part(moving.size(), std::vector<double>(moving.size()));
  for (std::size_t a = 0; a < moving.size(); ++a) {
    for (std::size_t b = 0; b < moving.size(); ++b) part[a][b] = normal[moving[a]][moving[b]];
  }
  std::vector<double> error(n, std::numeric_limits<double>::infinity());
  const std::vector<double> inverse = inverse_diagonal(std::move(part));
  for (std::size_t c = 0; c < moving.size(); ++c) error[moving[c]] = std::sqrt(variance * inverse[c]);
  return error;
}

void check(std::span<const FitConstant> constants, std::size_t rows) {
  if (rows <= constants.size()) {
    throw std::invalid_argument(std::to_string(rows) + " rows cannot determine " + std::to_string(constants.size()) +
                                " constants");
  }
  for (const FitConstant& constant : constants) {
    const bool inside = constant.least <= constant.start && constant.start <= constant.most;
    if (!inside || !(constant.least < constant.most)) throw std::invalid_argument("bounds of " + constant.name);
  }
}

}  // namespace

Fit fit(std::span<const FitConstant> constants, std::size_t rows, const Residuals& residuals) {
  check(constants, rows);
  Problem problem{constants, rows, residuals};
  std::vector<double> scaled = problem.scaled_starts();
  if (constants.empty()) return {{}, {}, problem.cost(scaled)};
  if (constants.size() > 1) search(nlopt::LN_BOBYQA, 0.5, problem, scaled);  // needs two at least
  search(nlopt::LN_SBPLX, 0.2, problem, scaled);
  Fit found{problem.values(scaled), standard_errors(problem, scaled), problem.cost(scaled)};
  for (std::size_t c = 0; c < constants.size(); ++c) found.spread[c] *= problem.size(c);
  return found;
}

/// FNV-1a (Fowler, Noll, Vo 1991).
std::size_t fold_of(const std::string& group, std::size_t folds) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : group) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return static_cast<std::size_t>((hash ^ hash >> 32U) % folds);
}

}  // namespace rooftile::analysis
