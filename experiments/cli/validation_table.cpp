#include "cli/validation_table.hpp"

#include <optional>
#include <string>

namespace rooftile::cli {
namespace {

using analysis::Show;
using analysis::Table;
using analysis::ValidateBy;
using analysis::ValidatedGroup;
using analysis::ValidatedRow;
using analysis::Value;

/// What people read above a column.
std::string heading_of(ValidateBy by) {
  return by == ValidateBy::bound_regime ? "bound regime" : std::string{name_of(by)};
}

Value number_or_nothing(std::optional<double> number, double scale = 1) {
  return number ? Value{*number * scale} : Value{};
}

std::vector<Value> row_of(const ValidatedGroup& group) {
  const analysis::Accuracy& accuracy = group.accuracy;
  std::vector<Value> row(accuracy.group.begin(), accuracy.group.end());
  row.emplace_back(accuracy.n);
  for (const double fraction : {accuracy.mape, accuracy.median, accuracy.p95, accuracy.bias}) {
    row.emplace_back(fraction * 100);
  }
  row.push_back(number_or_nothing(group.rank_correlation));
  row.emplace_back(group.bound_n);
  row.push_back(number_or_nothing(group.bound_agreement(), 100));
  return row;
}

Value name_or_nothing(std::optional<BoundRegime> regime) {
  return regime ? Value{std::string{name_of(*regime)}} : Value{};
}

}  // namespace

Table validation_table(std::span<const ValidatedRow> rows, std::span<const ValidateBy> by) {
  Table table{.name = "validate", .title = {}, .columns = {}, .rows = {}, .notes = {}};
  for (const ValidateBy column : by) table.columns.push_back({std::string{name_of(column)}, heading_of(column)});
  table.columns.push_back({"n", "n", Show::count});
  table.columns.push_back({"mape_pct", "MAPE", Show::percent});
  table.columns.push_back({"median_pct", "median", Show::percent});
  table.columns.push_back({"p95_pct", "p95", Show::percent});
  table.columns.push_back({"bias_pct", "bias", Show::percent});
  table.columns.push_back({"rank_correlation", "rank", Show::number});
  table.columns.push_back({"bound_n", "bound n", Show::count});
  table.columns.push_back({"bound_agreement_pct", "agree", Show::percent});
  const std::vector<ValidatedGroup> groups = analysis::validate(rows, by);
  for (const ValidatedGroup& group : groups) table.rows.push_back(row_of(group));
  if (groups.size() > 1) {
    ValidatedGroup all = analysis::validate(rows, {}).front();
    all.accuracy.group.assign(by.size(), "");
    all.accuracy.group.front() = "all";
    table.rows.push_back(row_of(all));
  }
  table.notes = {
      "error = (predicted - observed) / observed; bias keeps its sign: below zero, the model is too fast",
      "rank: Spearman's correlation of predicted and observed times",
      "bound n: rows whose observed time shows its bound: one sustained floor (DRAM, products) is 80 % of it or "
      "more, the other 60 % or less",
      "agree: those of them whose predicted bound is of that kind"};
  return table;
}

Table validation_row_table(std::span<const ValidatedRow> rows) {
  Table table{.name = "validate_rows",
              .title = {},
              .columns = {{"gpu", "gpu"},
                          {"kernel", "kernel"},
                          {"regime", "regime"},
                          {"bound_regime", "bound regime"},
                          {"workload", "workload"},
                          {"setting", "setting"},
                          {"printed", "printed"},
                          {"observed_s", "observed", Show::seconds},
                          {"predicted_s", "predicted", Show::seconds},
                          {"error_pct", "error", Show::percent},
                          {"bound", "bound"},
                          {"memory_floor_s", "DRAM floor", Show::seconds},
                          {"compute_floor_s", "product floor", Show::seconds},
                          {"shown_bound", "shown bound"},
                          {"source", "source"}},
              .rows = {},
              .notes = {}};
  for (const ValidatedRow& row : rows) {
    const analysis::Comparison& compared = row.comparison;
    table.rows.push_back(
        {compared.profile, compared.kernel, std::string{analysis::regime_of(compared.workload)},
         std::string{name_of(row.bound_regime)}, describe(compared.workload), compared.setting, compared.printed,
         compared.observed.value(), compared.predicted.value(), compared.error() * 100,
         compared.bound ? Value{std::string{name_of(*compared.bound)}} : Value{}, row.floors.memory.value(),
         row.floors.compute.value(), name_or_nothing(shown_bound(compared.observed, row.floors)), compared.source});
  }
  return table;
}

}  // namespace rooftile::cli
