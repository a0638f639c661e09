// What `rooftile execute` shows: a card and two tables for one execution, a row each for many, the batch columns for
// machines.
#pragma once

#include <iosfwd>
#include <vector>

#include "execute/execute.hpp"
#include "question/question.hpp"
#include "rooftile/analysis/report.hpp"

namespace rooftile::cli {

/// The columns of the batch interface, then relative_error, max_error, lse_error, extra_memory_bytes and counts. Faults
/// stand in the notes.
[[nodiscard]] analysis::Table execution_table(const std::vector<experiments::Question>& questions,
                                              const std::vector<experiments::Executed>& answers);

/// Only what people compare.
[[nodiscard]] analysis::Table execution_people_table(const std::vector<experiments::Question>& questions,
                                                     const std::vector<experiments::Executed>& answers);

/// One execution in full: errors, bytes per level, every count beside the Program's, faults.
void write_execution_card(std::ostream& out, const experiments::Question& question,
                          const experiments::Executed& executed, analysis::Style style);

}  // namespace rooftile::cli
