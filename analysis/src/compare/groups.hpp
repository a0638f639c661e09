// Rows under their headings: what the summaries of compare and of validate have in common.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rooftile/analysis/compare.hpp"

namespace rooftile::analysis {

/// The text of one row under one heading; workload columns bear the names of the batch interface.
[[nodiscard]] std::string group_text(const Comparison& row, GroupBy by);

/// Groups in natural order: numbers by value and before words, words by alphabet.
struct GroupLess {
  [[nodiscard]] bool operator()(const std::vector<std::string>& a, const std::vector<std::string>& b) const;
};
/// What is collected for each group.
template <class T>
using Groups = std::map<std::vector<std::string>, T, GroupLess>;

/// Statistics of signed errors, of which there is at least one.
[[nodiscard]] Accuracy summarise(std::vector<std::string> group, const std::vector<double>& errors);

}  // namespace rooftile::analysis
