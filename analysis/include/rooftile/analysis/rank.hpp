// Whether a model puts calls in the right order: Spearman's rho, Pearson's correlation of ranks (Spearman 1904, "The
// Proof and Measurement of Association between Two Things"). Equal values share the mean of their ranks.
//
//   rank_correlation({1, 2, 3, 4}, {10, 30, 20, 40})   0.8
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace rooftile::analysis {

/// The rank of each value from 1 on, ties at the mean of theirs: {10, 20, 20} has 1, 2.5, 2.5. Values are finite.
[[nodiscard]] std::vector<double> ranks(std::span<const double> values);

/// Spearman's rho of pairs (a[i], b[i]), -1 to 1. Nothing for fewer than three pairs or where all values of one side
/// are equal. std::domain_error for lists of different length.
[[nodiscard]] std::optional<double> rank_correlation(std::span<const double> a, std::span<const double> b);

}  // namespace rooftile::analysis
