#include "report/make_report.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "report/model_charts.hpp"
#include "rooftile/analysis/charts.hpp"
#include "rooftile/model/error.hpp"

namespace rooftile::experiments {
namespace {

using analysis::Chart;
using analysis::Report;

constexpr std::size_t most_tornados = 4;

/// "12,345".
std::string with_commas(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::int64_t one_number(const analysis::Store& store, const char* sql) {
  std::int64_t number = 0;
  store.for_each(sql, [&](const analysis::RowCursor& row) { number = row.integer(0); });
  return number;
}

void add_facts(Report& report, const analysis::Store& store) {
  const analysis::StoreInfo info = store.info();
  std::int64_t computed = 0, observed = 0;
  for (const auto& [method, n] : info.results) (is_observed(method) ? observed : computed) += n;
  const std::int64_t pairs = one_number(store, "SELECT count(*) FROM pair WHERE observed_s > 0 AND computed_s > 0");
  const std::int64_t gpus = one_number(store, "SELECT count(DISTINCT name) FROM profile");
  report.facts = {{"computed results", with_commas(computed)},
                  {"observed times", with_commas(observed)},
                  {"pairs of both", with_commas(pairs)},
                  {"GPUs", with_commas(gpus)},
                  {"kernels", with_commas(info.kernels)}};
  if (computed + observed == 0) {
    report.notes.emplace_back(
        "The database is empty. `rooftile run experiments/seq_sweep.yaml --db FILE` computes something.");
  } else if (observed == 0) {
    report.notes.emplace_back(
        "Nothing here was measured or published: `rooftile db import experiments/reference --db FILE` brings published "
        "times.");
  } else if (pairs == 0) {
    report.notes.emplace_back(
        "No observed time has a computed one beside it: `rooftile run experiments/published.yaml --db FILE` computes "
        "them.");
  }
}

/// Now, or what SOURCE_DATE_EPOCH says (reproducible-builds.org: seconds since 1970), so that pages can be compared.
std::string time_of_report(const analysis::Store& store) {
  const char* const told = std::getenv("SOURCE_DATE_EPOCH");
  const std::string_view seconds = told == nullptr ? "" : told;
  if (seconds.size() > 12 || seconds.find_first_not_of("0123456789") != std::string_view::npos) {
    throw InputError{"SOURCE_DATE_EPOCH: '" + std::string{seconds} + "' is not a number of seconds since 1970"};
  }
  const std::string when = seconds.empty() ? "'now'" : std::string{seconds} + ", 'unixepoch'";
  std::string time;
  store.for_each("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', " + when + ")",
                 [&](const analysis::RowCursor& row) { time = std::string{row.text(0)}; });
  return time;
}

void append(std::vector<Chart>& to, std::vector<Chart> charts) {
  std::move(charts.begin(), charts.end(), std::back_inserter(to));
}

}  // namespace

analysis::Report make_report(const analysis::Store& store, Catalogues& catalogues) {
  Report report;
  report.database = store.path().filename().string();
  report.generated = time_of_report(store);
  add_facts(report, store);
  append(report.charts, analysis::roofline_charts(store, roofs_of(store, catalogues, report.notes)));
  append(report.charts, analysis::accuracy_charts(store));
  append(report.charts, analysis::length_charts(store));
  append(report.charts, call_charts(store, catalogues, most_tornados, report.notes));
  append(report.charts, analysis::tile_charts(store));
  append(report.charts, analysis::table_charts(store));
  return report;
}

}  // namespace rooftile::experiments
