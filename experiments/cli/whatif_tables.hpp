// What `whatif` found, as tables: the profile as it is beside the changed ones.
#pragma once

#include <iosfwd>
#include <vector>

#include "question/question.hpp"
#include "question/sensitivity.hpp"
#include "rooftile/analysis/report.hpp"

namespace rooftile::cli {

/// A question on one changed profile.
struct Changed {
  experiments::Question question;  ///< with the settings
  experiments::Answer answer;
};

/// A question on the profile as it is, and on each combination of settings in turn.
struct Whatif {
  experiments::Question question;  ///< without settings
  experiments::Answer base;
  std::vector<Changed> changed;
};

/// One row for the profile as it is and one for each change; each changed number has a column in SI units, changed rows
/// a time_ratio. All `whatifs` are about the same numbers, one at least.
[[nodiscard]] analysis::Table machine_table(const std::vector<Whatif>& whatifs);
/// One change of one question, side by side.
void write_comparison(std::ostream& out, const Whatif& whatif, analysis::Style style);
/// One change of many questions, one row each.
[[nodiscard]] analysis::Table people_questions(const std::vector<Whatif>& whatifs);
/// Many changes, one row each.
[[nodiscard]] analysis::Table people_changes(const std::vector<Whatif>& whatifs);

/// One row for each number with an effect; those without are counted in a note.
[[nodiscard]] analysis::Table sensitivity_table(const std::vector<experiments::Sensitivity>& found, bool for_people);

/// "memory.dram.bandwidth_bytes_per_s": the name of a column with a leaf's SI values.
[[nodiscard]] std::string si_name(const DeviceLeaf& leaf);

}  // namespace rooftile::cli
