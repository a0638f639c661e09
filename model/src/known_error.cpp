#include "rooftile/model/known_error.hpp"

#include <utility>

namespace rooftile {
namespace {

/// Rows of several entries as one.
struct PooledError {
  double weighted = 0;  ///< sum of errors times rows
  std::int64_t rows = 0;
  std::vector<std::string> profiles{};

  void add(const KnownError& one) {
    weighted += one.mape * static_cast<double>(one.rows);
    rows += one.rows;
    profiles.push_back(one.profile);
  }
  [[nodiscard]] NearestError mean() && { return {weighted / static_cast<double>(rows), std::move(profiles)}; }
};

}  // namespace

NearestError nearest_error(std::span<const KnownError> known, std::string_view profile, BoundRegime bound,
                           double overall) {
  PooledError here, elsewhere;
  for (const KnownError& one : known) {
    if (one.bound == bound) (one.profile == profile ? here : elsewhere).add(one);
  }
  if (here.rows >= least_known_rows) return std::move(here).mean();
  if (elsewhere.rows >= least_known_rows) return std::move(elsewhere).mean();
  return {.mape = overall};
}

}  // namespace rooftile
