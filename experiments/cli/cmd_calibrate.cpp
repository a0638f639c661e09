// rooftile calibrate: constants that no data sheet states, fitted to measurements.
#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

#include "calibrate/calibration_writer.hpp"
#include "calibrate/family_fit.hpp"
#include "cli/commands.hpp"
#include "cli/reference_tables.hpp"
#include "rooftile/model/predictor.hpp"

namespace rooftile::cli {
namespace {

using analysis::Show;
using analysis::Table;
using calibrate::Family;
using calibrate::FamilyFit;

struct CalibrateOptions {
  std::vector<std::string> specs;
  std::string plan;
  std::string into;
  std::vector<std::string> fit_where;
  std::vector<std::string> score_where;
  OutputOptions output;
};

/// The families of the specs asked for, or all of them.
std::vector<Family> chosen_families(const CalibrateOptions& options, const std::filesystem::path& plan) {
  std::vector<Family> all = calibrate::load_plan(plan);
  if (options.specs.empty()) return all;
  std::vector<std::string_view> known;
  for (const Family& family : all) {
    if (std::find(known.begin(), known.end(), family.spec) == known.end()) known.push_back(family.spec);
  }
  std::vector<Family> chosen;
  for (const std::string& spec : options.specs) {
    if (std::find(known.begin(), known.end(), spec) == known.end()) {
      throw InputError{unknown_name_message("family", spec, known)};
    }
  }
  for (Family& family : all) {
    const bool wanted = std::find(options.specs.begin(), options.specs.end(), family.spec) != options.specs.end();
    if (wanted) chosen.push_back(std::move(family));
  }
  return chosen;
}

Table table_of(const std::vector<FamilyFit>& fits, const CalibrateOptions& options) {
  Table table{.name = "calibrate",
              .title = {},
              .columns = {{"kernel", "kernel"},
                          {"regime", "regime"},
                          {"rows", "rows", Show::count},
                          {"scored", "scored", Show::count},
                          {"before_mape_pct", "MAPE before", Show::percent},
                          {"mape_pct", "MAPE", Show::percent},
                          {"median_pct", "median", Show::percent},
                          {"p95_pct", "p95", Show::percent},
                          {"bias_pct", "bias", Show::percent},
                          {"constants", "constants"},
                          {"left_out", "not determined"}},
              .rows = {},
              .notes = {options.fit_where.empty()
                            ? "error of rows that were not fitted: five folds, grouped by batch x heads and lengths"
                            : "error of rows that were not fitted: all but those of --fit-where"}};
  for (const FamilyFit& fit : fits) {
    std::string constants;
    for (const calibrate::FittedConstant& one : fit.constants) {
      constants += (constants.empty() ? "" : " ") + std::string{one.constant->name} + "=" +
                   analysis::shortest_text(static_cast<double>(static_cast<float>(one.value)));
    }
    std::string left_out;
    for (const std::string& name : fit.left_out) left_out += (left_out.empty() ? "" : " ") + name;
    std::vector<analysis::Value> row;
    row.emplace_back(fit.family.spec);
    row.emplace_back(std::string{name_of(fit.family.regime)});
    for (const std::int64_t count : {fit.rows, fit.after.n}) row.emplace_back(count);
    const analysis::Accuracy& after = fit.after;
    for (const double fraction : {fit.before.mape, after.mape, after.median, after.p95, after.bias}) {
      row.emplace_back(100 * fraction);
    }
    row.emplace_back(constants);
    row.emplace_back(left_out);
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// As 2026-11-22, UTC.
std::string today() {
  const std::time_t now = std::time(nullptr);
  std::array<char, 16> text{};
  std::tm parts{};
  gmtime_r(&now, &parts);
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

/// One file per spec.
void write_files(const std::vector<FamilyFit>& fits, const std::string& folder, Context& context) {
  std::vector<std::string> specs;
  for (const FamilyFit& fit : fits) {
    if (std::find(specs.begin(), specs.end(), fit.family.spec) == specs.end()) specs.push_back(fit.family.spec);
  }
  const Predictor& predictor = *find_predictor("hierarchical");
  const std::string version = std::string{predictor.name()} + " " + std::to_string(predictor.version());
  const std::string date = today();
  for (const std::string& spec : specs) {
    std::vector<FamilyFit> of_spec;
    std::copy_if(fits.begin(), fits.end(), std::back_inserter(of_spec),
                 [&](const FamilyFit& fit) { return fit.family.spec == spec; });
    const std::filesystem::path file = std::filesystem::path{folder} / (spec + ".yaml");
    write_output(context, {.format = {}, .file = file.string(), .option = "--into"},
                 [&](std::ostream& out) { calibrate::write_calibration(out, of_spec, date, version); });
  }
}

int run_calibrate(const CalibrateOptions& options, Context& context) {
  (void)format_of(options.output);
  const calibrate::RowChoice fitted{options.fit_where};
  const calibrate::RowChoice scored{options.score_where};
  if (!options.into.empty() && !(fitted.empty() && scored.empty())) {
    throw InputError{"--into: calibration files are written from all rows; leave out --fit-where and --score-where"};
  }
  const std::filesystem::path shipped = context.data.experiments() / "calibration" / "plan.yaml";
  const std::vector<Family> families =
      chosen_families(options, options.plan.empty() ? shipped : std::filesystem::path{options.plan});
  const calibrate::Tables tables = reference_tables(context);
  std::map<std::string, std::vector<calibrate::Observation>> read;
  std::map<std::string, std::map<Regime, Calibration>> known;
  std::vector<FamilyFit> fits;
  for (const Family& family : families) {
    std::vector<calibrate::Observation> observations;
    for (const std::string& table : family.tables) {
      if (!read.contains(table)) read[table] = calibrate::read_observations(table, tables);
      observations.insert(observations.end(), read[table].begin(), read[table].end());
    }
    context.err << "rooftile: fitting " << family.name() << '\n';
    fits.push_back(
        calibrate::fit_family({family, observations, context.catalogues, known[family.spec], fitted, scored}));
    known[family.spec][family.regime] = fits.back().calibration;
  }
  if (!options.into.empty()) write_files(fits, options.into, context);
  write_output(context, options.output, table_of(fits, options));
  return exit_ok;
}

}  // namespace

void add_calibrate(Command& command, Context& context) {
  auto options = std::make_shared<CalibrateOptions>();
  command.option("spec", options->specs, "fit the families of these kernels only").placeholder("KERNEL").kernels();
  command.option("--plan", options->plan, "what is fitted to which tables (experiments/calibration/plan.yaml)")
      .placeholder("FILE");
  command.option("--into", options->into, "folder for the calibration files, such as kernels/calibrations")
      .placeholder("FOLDER");
  command.option("--fit-where", options->fit_where, "fit rows of this kind alone, state the error of the others")
      .placeholder("CONDITION");
  command.option("--score-where", options->score_where, "state the error of rows of this kind")
      .placeholder("CONDITION");
  add_output_options(command, options->output);
  command.examples({"rooftile calibrate fa3", "rooftile calibrate --into kernels/calibrations",
                    "rooftile calibrate fa3 --fit-where head_dim=128",
                    "rooftile calibrate vllm_fa2 --fit-where 'seq_kv<=2048' --score-where 'seq_kv>=4096'"});
  command.action([options, &context] { return run_calibrate(*options, context); });
}

}  // namespace rooftile::cli
