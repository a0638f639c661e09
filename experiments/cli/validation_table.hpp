// Validated groups as a table: one row each, and one for all.
#pragma once

#include <span>
#include <vector>

#include "rooftile/analysis/report.hpp"
#include "rooftile/analysis/validation.hpp"

namespace rooftile::cli {

/// The table "validate". The last row is that of all rows, "all" in its first column, unless there is one group only.
[[nodiscard]] analysis::Table validation_table(std::span<const analysis::ValidatedRow> rows,
                                               std::span<const analysis::ValidateBy> by);

/// Every row: its observation, its prediction, both floors and what they show.
[[nodiscard]] analysis::Table validation_row_table(std::span<const analysis::ValidatedRow> rows);

}  // namespace rooftile::cli
