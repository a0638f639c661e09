// Everything that a report says of a results database.
//
//   database ──► charts of results (analysis/charts.hpp) ──┐
//            └─► charts that the model is asked for ───────┴─► Report ──► page, JSON, single pictures
#pragma once

#include "question/catalogues.hpp"
#include "rooftile/analysis/chart.hpp"
#include "rooftile/analysis/store.hpp"

namespace rooftile::experiments {

/// Charts in the order of the page; what is missing stands in Report::notes. InputError: SOURCE_DATE_EPOCH is set
/// and no time.
[[nodiscard]] analysis::Report make_report(const analysis::Store& store, Catalogues& catalogues);

}  // namespace rooftile::experiments
