// rooftile validate: today's model or simulator held against stored measurements, by what decides the time.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/percent.hpp"
#include "cli/reference_tables.hpp"
#include "cli/validation_table.hpp"
#include "question/value_list.hpp"
#include "rooftile/model/parse_quantity.hpp"
#include "rooftile/model/predictor.hpp"
#include "validate/bounds.hpp"
#include "validate/predict_observed.hpp"

namespace rooftile::cli {
namespace {

using analysis::ValidateBy;
using analysis::ValidatedGroup;
using experiments::name_list;

struct ValidateOptions {
  std::string database;
  std::string tables;
  std::string by;
  std::string profile, kernel;
  std::string predictor;
  bool simulated = false;
  std::string from = "0 s";
  std::int64_t least_seq_kv = 1;
  bool rows = false;
  std::string fail_over;
  std::string bounds;
  bool record = false;
  OutputOptions output;
};

/// Each use of a GPU and implementation, and for people what decides there.
constexpr const char* usual_groups = "gpu,kernel,regime,bound_regime";

std::vector<ValidateBy> validated_by(const std::string& list) {
  std::vector<ValidateBy> by;
  for (const std::string& name : name_list("--by", list.empty() ? usual_groups : list)) {
    const auto group = parse_name<ValidateBy>("--by", name);
    if (std::find(by.begin(), by.end(), group) != by.end()) refuse("--by", "'" + name + "' stands twice");
    by.push_back(group);
  }
  return by;
}

/// Bounds are those of all rows and of the model that everybody uses.
void refuse_beside_bounds(const ValidateOptions& options) {
  const ValidateOptions usual;
  const bool narrowed = options.profile != usual.profile || options.kernel != usual.kernel ||
                        options.predictor != usual.predictor || options.simulated || options.from != usual.from ||
                        options.least_seq_kv != usual.least_seq_kv;
  if (narrowed) {
    refuse("--bounds",
           "are of all rows; leave --profile, --kernel, --predictor, --simulated, --from and --least-seq-kv away");
  }
}

/// Bounds and where they are kept; new ones begin empty.
struct BoundsFile {
  std::filesystem::path path;
  validate::Bounds bounds;
};

std::optional<BoundsFile> bounds_of(const ValidateOptions& options, Context& context) {
  if (options.bounds.empty()) {
    if (options.record) refuse("--record", "says nothing without --bounds FILE");
    return std::nullopt;
  }
  refuse_beside_bounds(options);
  if (options.record && !std::filesystem::exists(options.bounds)) return BoundsFile{options.bounds, {}};
  return BoundsFile{options.bounds, validate::load_bounds(options.bounds, context.catalogues)};
}

/// The observed rows asked for; `bounds`, if any, say which, or are told.
std::vector<validate::Observed> observed(const ValidateOptions& options, BoundsFile* bounds, Context& context) {
  const bool has_tables = bounds != nullptr && !bounds->bounds.tables.empty();
  if (!options.database.empty()) {
    if (!options.tables.empty()) refuse("--tables", "takes the place of --db; give one of them");
    if (has_tables) refuse("--db", "the bounds of '" + options.bounds + "' are of tables");
    return validate::observed_in_store(analysis::Store::open(options.database, analysis::Access::read_only));
  }
  if (bounds != nullptr && !has_tables && !bounds->bounds.bounds.empty()) {
    refuse("--bounds", "'" + options.bounds + "' is of a database; --db is required");
  }
  const calibrate::Tables where = reference_tables(context);
  std::vector<std::string> names;
  if (!options.tables.empty()) {
    names = name_list("--tables", options.tables);
    if (has_tables && names != bounds->bounds.tables) {
      refuse("--tables", "the bounds of '" + options.bounds + "' are of " +
                             join({bounds->bounds.tables.begin(), bounds->bounds.tables.end()}));
    }
  } else {
    names = has_tables ? bounds->bounds.tables
                       : validate::tables_at_hand(context.data.experiments() / "calibration" / "plan.yaml", where);
  }
  if (bounds != nullptr) bounds->bounds.tables = names;
  return validate::observed_in_tables(names, where, context.catalogues);
}

validate::AskedOf asked_of(const ValidateOptions& options) {
  validate::AskedOf asked;
  if (options.simulated) {
    if (!options.predictor.empty()) refuse("--simulated", "takes the place of --predictor; give one of them");
    asked.method = analysis::Method::simulated;
  } else if (!options.predictor.empty()) {
    asked.predictor = options.predictor;
  }
  return asked;
}

validate::Wanted wanted_of(const ValidateOptions& options) {
  const auto from = parse<Seconds>(options.from);
  if (!from) refuse("--from", from.error());
  if (options.least_seq_kv < 1) refuse("--least-seq-kv", "is at least 1");
  return {.profile = options.profile, .kernel = options.kernel, .from = *from, .least_seq_kv = options.least_seq_kv};
}

/// Groups above the limit, in one sentence; empty: none.
std::string groups_over(const std::vector<ValidatedGroup>& groups, double limit) {
  std::string words;
  for (const ValidatedGroup& group : groups) {
    const analysis::Accuracy& accuracy = group.accuracy;
    if (accuracy.mape <= limit) continue;
    words += (words.empty() ? "" : ", ") + join({accuracy.group.begin(), accuracy.group.end()}, " ") + ' ' +
             percent_words(accuracy.mape);
  }
  return words.empty() ? words : "MAPE above " + percent_words(limit) + ": " + words;
}

void say_all(Context& context, const std::vector<std::string>& sentences) {
  for (const std::string& sentence : sentences) context.err << "rooftile: " << sentence << '\n';
}

/// Judges, records if asked to, says what is to say; the exit code.
int judge_bounds(const ValidateOptions& options, const BoundsFile& file,
                 const std::vector<analysis::ValidatedRow>& rows, Context& context) {
  const validate::Judgement judgement = validate::judge(file.bounds, analysis::validate(rows, validate::bounds_by));
  say_all(context, judgement.broken);
  if (!judgement.broken.empty()) {
    if (options.record) context.err << "rooftile: nothing is recorded: bounds only go down\n";
    return exit_threshold;
  }
  if (options.record) {
    const Predictor& predictor = *find_predictor(asked_of(options).predictor);
    const std::string version = std::string{predictor.name()} + ' ' + std::to_string(predictor.version());
    write_output(context, {.format = {}, .file = file.path.string(), .option = "--record"},
                 [&](std::ostream& out) { validate::write_bounds(out, judgement.recorded, version); });
    return exit_ok;
  }
  for (const std::string& group : judgement.unknown) {
    context.err << "rooftile: " << group << ": no bound is recorded; --record adds it\n";
  }
  say_all(context, judgement.lower);
  if (!judgement.lower.empty()) context.err << "rooftile: --record lowers " << judgement.lower.size() << " bounds\n";
  return judgement.unknown.empty() ? exit_ok : exit_threshold;
}

int run_validate(const ValidateOptions& options, Context& context) {
  (void)format_of(options.output);
  const std::vector<ValidateBy> by = validated_by(options.by);
  std::optional<double> limit;
  if (!options.fail_over.empty()) limit = percent_limit("--fail-over", options.fail_over);
  const validate::Wanted wanted = wanted_of(options);
  const validate::AskedOf asked = asked_of(options);
  std::optional<BoundsFile> bounds = bounds_of(options, context);
  const validate::Validated validated = validate::predict_observed(
      validate::chosen(observed(options, bounds ? &*bounds : nullptr, context), wanted), asked, context.catalogues);
  if (validated.rows.empty()) throw InputError{"nothing to validate: no observed time that the model can predict"};

  analysis::Table table = options.rows ? validation_row_table(validated.rows) : validation_table(validated.rows, by);
  if (validated.refused > 0) {
    table.notes.push_back("observations that cannot be predicted: " + std::to_string(validated.refused) +
                          ", the first of them " + validated.first_refusal);
  }
  const std::string over = limit ? groups_over(analysis::validate(validated.rows, by), *limit) : "";
  write_output(context, options.output, table);
  if (!over.empty()) context.err << "rooftile: " << over << '\n';
  const int judged = bounds ? judge_bounds(options, *bounds, validated.rows, context) : exit_ok;
  return over.empty() ? judged : exit_threshold;
}

}  // namespace

void add_validate(Command& command, Context& context) {
  auto options = std::make_shared<ValidateOptions>();
  command.option("--db", options->database, "observed times of this results database instead of tables")
      .placeholder("FILE");
  command
      .option(
          "--tables", options->tables,
          "published (experiments/reference) and files of ROOFTILE_REFERENCE_DIR; left out: all that calibrate reads")
      .placeholder("LIST")
      .values({"published"});
  command
      .option("--by", options->by,
              "group by " + join(all_names<ValidateBy>()) + "; left out: " + std::string{usual_groups})
      .placeholder("LIST")
      .values_of<ValidateBy>();
  command.flag("--rows", options->rows, "every observation beside its prediction and its floors instead of groups");
  command.option("-p,--profile", options->profile, "this profile only").placeholder("NAME").profiles();
  command.option("-k,--kernel", options->kernel, "this kernel only").placeholder("NAME").kernels();
  command.option("--predictor", options->predictor, "hierarchical (default) or roofline")
      .placeholder("NAME")
      .values({"hierarchical", "roofline"});
  command.flag("--simulated", options->simulated, "the errors of the simulator instead of a predictor's");
  command.option("--from", options->from, "leave shorter observed times out, as in 100us").placeholder("TIME");
  command.option("--least-seq-kv", options->least_seq_kv, "leave attention over fewer keys out").placeholder("N");
  command.option("--fail-over", options->fail_over, "exit code 3 if the MAPE of a group is above PCT per cent")
      .placeholder("PCT");
  command.option("--bounds", options->bounds, "exit code 3 if an error is above its bound in this file")
      .placeholder("FILE");
  command.flag("--record", options->record, "write lower and new bounds to the file of --bounds; raises none");
  add_output_options(command, options->output);
  command.examples({"rooftile validate --tables published", "rooftile validate --by gpu,kernel,regime --fail-over 60%",
                    "rooftile validate --db results.db --kernel fa2 --rows --format csv",
                    "rooftile validate --bounds experiments/validation/bounds.yaml",
                    "rooftile validate --simulated --tables published --kernel fa2 --from 1ms"});
  command.action([options, &context] { return run_validate(*options, context); });
}

}  // namespace rooftile::cli
