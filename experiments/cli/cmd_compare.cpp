// rooftile compare: how far predictions and simulations are from what was observed, grouped or row by row; and what
// every method answers, side by side.
#include <algorithm>
#include <cmath>
#include <memory>

#include "cli/commands.hpp"
#include "cli/percent.hpp"
#include "cli/results_database.hpp"
#include "question/value_list.hpp"
#include "rooftile/analysis/compare.hpp"
#include "rooftile/analysis/side_by_side.hpp"

namespace rooftile::cli {
namespace {

using analysis::Accuracy;
using analysis::Comparison;
using analysis::GroupBy;
using analysis::Show;
using analysis::SideBySide;
using analysis::Table;

struct CompareOptions {
  std::string database;
  std::string by = "gpu,kernel,predictor";
  std::string profile, kernel, predictor, observed;
  std::string fail_over;
  bool rows = false;
  bool side_by_side = false;
  OutputOptions output;
};

std::vector<GroupBy> groups_of(const std::string& list) {
  std::vector<GroupBy> groups;
  for (const std::string& name : experiments::name_list("--by", list)) {
    const auto group = parse_name<GroupBy>("--by", name);
    if (std::find(groups.begin(), groups.end(), group) != groups.end()) refuse("--by", "'" + name + "' stands twice");
    groups.push_back(group);
  }
  return groups;
}

analysis::CompareFilter filter_of(const CompareOptions& options) {
  analysis::CompareFilter filter{.profile = options.profile,
                                 .kernel = options.kernel,
                                 .predictor = options.predictor,
                                 .method = {},
                                 .observed_method = {}};
  if (options.observed.empty()) return filter;
  filter.observed_method = parse_name<analysis::Method>("--observed", options.observed);
  if (!analysis::is_observed(*filter.observed_method)) {
    refuse("--observed", "'" + options.observed + "' results are computed; allowed: measured, published");
  }
  return filter;
}

Table grouped_table(const std::vector<Accuracy>& groups, const std::vector<GroupBy>& by) {
  Table table{.name = "compare", .title = {}, .columns = {}, .rows = {}, .notes = {}};
  for (const GroupBy group : by) table.columns.push_back({std::string{name_of(group)}, std::string{name_of(group)}});
  table.columns.push_back({"n", "n", Show::count});
  table.columns.push_back({"mape_pct", "MAPE", Show::percent});
  table.columns.push_back({"median_pct", "median", Show::percent});
  table.columns.push_back({"p95_pct", "p95", Show::percent});
  table.columns.push_back({"worst_pct", "worst", Show::percent});
  table.columns.push_back({"bias_pct", "bias", Show::percent});
  for (const Accuracy& accuracy : groups) {
    std::vector<analysis::Value> row(accuracy.group.begin(), accuracy.group.end());
    row.emplace_back(accuracy.n);
    for (const double fraction : {accuracy.mape, accuracy.median, accuracy.p95, accuracy.worst, accuracy.bias}) {
      row.emplace_back(fraction * 100);
    }
    table.rows.push_back(std::move(row));
  }
  table.notes = {"error = (predicted - observed) / observed; bias keeps its sign: below zero, the model is too fast"};
  return table;
}

Table row_table(const std::vector<Comparison>& rows) {
  Table table{.name = "compare_rows",
              .title = {},
              .columns = {{"profile", "GPU"},
                          {"kernel", "kernel"},
                          {"workload", "workload"},
                          {"setting", "setting"},
                          {"observed_method", "observed by"},
                          {"printed", "printed"},
                          {"observed_s", "observed", Show::seconds},
                          {"predictor", "predictor"},
                          {"predicted_s", "predicted", Show::seconds},
                          {"error_pct", "error", Show::percent},
                          {"bound", "bound"},
                          {"source", "source"}},
              .rows = {},
              .notes = {}};
  for (const Comparison& row : rows) {
    table.rows.push_back(
        {row.profile, row.kernel, describe(row.workload), row.setting, std::string{name_of(row.observed_method)},
         row.printed, row.observed.value(), row.predictor, row.predicted.value(), row.error() * 100,
         row.bound ? analysis::Value{std::string{name_of(*row.bound)}} : analysis::Value{}, row.source});
  }
  return table;
}

/// The signed error in per cent; absent unless both times are known.
analysis::Value error_cell(Seconds computed, Seconds observed) {
  if (!is_known(computed) || !is_known(observed)) return {};
  return 100 * analysis::relative_error(computed, observed);
}

Table side_by_side_table(const std::vector<SideBySide>& rows) {
  Table table{.name = "compare_methods",
              .columns = {{"profile", "GPU"},
                          {"kernel", "kernel"},
                          {"workload", "workload"},
                          {"br", "Br", Show::count},
                          {"bc", "Bc", Show::count},
                          {"warps", "warps", Show::count},
                          {"stages", "stages", Show::count},
                          {"l2", "L2"},
                          {"setting", "setting"},
                          {"predictor", "predictor"},
                          {"predicted_s", "predicted", Show::seconds},
                          {"simulated_s", "simulated", Show::seconds},
                          {"observed_s", "observed", Show::seconds},
                          {"observed_method", "observed by"},
                          {"predicted_error_pct", "error predicted", Show::percent},
                          {"simulated_error_pct", "error simulated", Show::percent},
                          {"predicted_dram_bytes", "DRAM predicted", Show::bytes},
                          {"simulated_dram_bytes", "DRAM simulated", Show::bytes},
                          {"executed_dram_bytes", "DRAM executed", Show::bytes},
                          {"observed_dram_bytes", "DRAM measured", Show::bytes},
                          {"source", "source"}}};
  for (const SideBySide& row : rows) {
    std::vector<analysis::Value> cells{row.profile, row.kernel, describe(row.workload)};
    for (const std::int64_t extent : {row.tile.br, row.tile.bc, row.tile.warps, row.tile.stages})
      cells.push_back(extent > 0 ? analysis::Value{extent} : analysis::Value{});
    cells.insert(cells.end(),
                 {std::string{name_of(row.l2)}, row.setting, row.predictor, row.predicted_time.value(),
                  row.simulated_time.value(), row.observed_time.value(),
                  row.observed ? std::string{name_of(*row.observed)} : std::string{},
                  error_cell(row.predicted_time, row.observed_time), error_cell(row.simulated_time, row.observed_time),
                  row.predicted_dram.value(), row.simulated_dram.value(), row.executed_dram.value(),
                  row.observed_dram.value(), row.source});
    table.rows.push_back(std::move(cells));
  }
  table.notes = {"DRAM: bytes read and written; an execution on the CPU has bytes and no time"};
  return table;
}

/// A name that occurs nowhere in the database is a slip; one that merely has no pair is not.
void check_known(const analysis::Store& store, std::string_view option, std::string_view kind, const char* column,
                 const std::string& name) {
  if (name.empty()) return;
  std::vector<std::string> known;
  store.for_each("SELECT DISTINCT " + std::string{column} + " FROM v_result WHERE " + column + " <> '' ORDER BY 1",
                 [&known](const analysis::RowCursor& row) { known.emplace_back(row.text(0)); });
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  refuse(option, "in this database: " + unknown_name_message(kind, name, {known.begin(), known.end()}));
}

void check_known(const analysis::Store& store, const CompareOptions& options) {
  check_known(store, "--profile", "profile", "profile", options.profile);
  check_known(store, "--kernel", "kernel", "kernel", options.kernel);
  check_known(store, "--predictor", "predictor", "predictor", options.predictor);
}

/// Observations that no prediction stands beside would be missed without a word.
void note_unmatched(const analysis::Store& store, Table& table) {
  const analysis::QueryResult result = store.query(
      "SELECT count(*) FROM result WHERE observed = 1 AND latest = 1 AND status = 'ok' AND time_s IS NOT NULL "
      "AND id NOT IN (SELECT observed_id FROM pair WHERE computed_s IS NOT NULL)");
  const auto count = std::get<std::int64_t>(result.rows.at(0).at(0));
  if (count == 0) return;
  table.notes.push_back("observations in this database without any prediction beside them: " + std::to_string(count) +
                        " (not predicted yet, infeasible or unsupported)");
}

/// Every method's answer to what two or more have answered.
int compare_methods(const CompareOptions& options, Context& context) {
  const CompareOptions usual;
  const char* const says_nothing = "says nothing beside --side-by-side";
  if (options.rows) refuse("--rows", says_nothing);
  if (options.by != usual.by) refuse("--by", says_nothing);
  if (!options.fail_over.empty()) refuse("--fail-over", says_nothing);
  const analysis::CompareFilter filter = filter_of(options);
  const analysis::Store store = analysis::Store::open(options.database, analysis::Access::read_only);
  check_known(store, options);
  const std::vector<SideBySide> rows = analysis::load_side_by_side(store, filter);
  if (rows.empty()) {
    throw InputError{"nothing to compare in '" + options.database +
                     "': no two methods have answered the same profile, kernel, workload and setting"};
  }
  write_output(context, options.output, side_by_side_table(rows));
  return exit_ok;
}

int compare(const CompareOptions& options, Context& context) {
  (void)format_of(options.output);
  if (options.side_by_side) return compare_methods(options, context);
  const std::vector<GroupBy> by = groups_of(options.by);
  std::optional<double> limit;
  if (!options.fail_over.empty()) limit = percent_limit("--fail-over", options.fail_over);
  const analysis::CompareFilter filter = filter_of(options);
  const analysis::Store store = analysis::Store::open(options.database, analysis::Access::read_only);
  check_known(store, options);
  const std::vector<Comparison> rows = analysis::load_comparisons(store, filter);
  if (rows.empty()) {
    throw InputError{"nothing to compare in '" + options.database +
                     "': no observation stands beside a prediction of the same profile, kernel, workload and setting"};
  }
  const std::vector<Accuracy> groups = analysis::accuracy(rows, by);
  Table table = options.rows ? row_table(rows) : grouped_table(groups, by);
  note_unmatched(store, table);
  const bool over = limit && analysis::exceeds(groups, *limit);
  if (over) table.notes.push_back("a group's MAPE is above " + percent_words(*limit));
  write_output(context, options.output, table);
  return over ? exit_threshold : exit_ok;
}

}  // namespace

void add_compare(Command& command, Context& context) {
  auto options = std::make_shared<CompareOptions>();
  add_database_option(command, options->database);
  command.option("--by", options->by, "group by " + join(all_names<GroupBy>()))
      .placeholder("LIST")
      .values_of<GroupBy>();
  command.flag("--rows", options->rows, "every observation beside its prediction instead of groups");
  command.flag("--side-by-side", options->side_by_side,
               "predicted, simulated, executed and measured or published answers of each call in one row");
  command.option("-p,--profile", options->profile, "this profile only").placeholder("NAME").profiles();
  command.option("-k,--kernel", options->kernel, "this kernel only").placeholder("NAME").kernels();
  command.option("--predictor", options->predictor, "this predictor only; simulations are those of 'simulator'")
      .placeholder("NAME");
  command.option("--observed", options->observed, "measured or published only")
      .placeholder("METHOD")
      .values({"measured", "published"});
  command.option("--fail-over", options->fail_over, "exit code 3 if the MAPE of a group is above PCT per cent")
      .placeholder("PCT");
  add_output_options(command, options->output);
  command.examples({"rooftile compare --db results.db",
                    "rooftile compare --db results.db --predictor hierarchical --by kernel,seq_q --fail-over 20",
                    "rooftile compare --db results.db --rows --kernel fa2 --format csv",
                    "rooftile compare --db results.db --side-by-side --predictor hierarchical"});
  command.action([options, &context] { return compare(*options, context); });
}

}  // namespace rooftile::cli
