// rooftile db: what goes into a results database and out of it as CSV.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>

#include "cli/cmd_db_merge.hpp"
#include "cli/commands.hpp"
#include "cli/import_measurements.hpp"
#include "cli/results_database.hpp"
#include "question/measured_names.hpp"
#include "rooftile/analysis/exchange.hpp"
#include "runner/published.hpp"

namespace rooftile::cli {
namespace {

using analysis::CsvTable;
using analysis::ResultRow;
using analysis::Show;
using analysis::Store;

struct ImportOptions {
  std::string database;
  std::vector<std::string> paths;
  std::string mapping;
  std::string source;
  std::string profile;
  OutputOptions output;
};

/// One file and its rows.
struct Import {
  std::string file;
  std::vector<ResultRow> rows{};
  std::vector<Location> places{};                        ///< of the rows
  std::optional<analysis::Measurements> measurements{};  ///< instead of rows

  [[nodiscard]] std::int64_t size() const {
    return measurements ? measurements->rows() : static_cast<std::int64_t>(rows.size());
  }
};

/// The CSV and JSON lines files of a folder in the order of their names, or the file itself.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{path}) {
    if (entry.path().extension() == ".csv" || is_measurement_file(entry.path())) files.push_back(entry.path());
  }
  if (files.empty()) throw InputError{"no *.csv and no *.jsonl in '" + path.string() + "'"};
  std::sort(files.begin(), files.end());
  return files;
}

Import read_published(const CsvTable& table, const std::filesystem::path& mapping_file, Context& context) {
  const runner::Mapping mapping = runner::load_mapping(mapping_file);
  Import import{table.name()};
  for (const runner::PublishedRow& row : runner::read_published(table, mapping)) {
    import.rows.push_back(runner::published_result(row, context.catalogues));
    import.places.push_back(row.where);
  }
  return import;
}

Import read_file(const std::filesystem::path& file, const ImportOptions& options, Context& context) {
  if (is_measurement_file(file)) {
    return {.file = file.string(), .measurements = read_measurement_file(file, options.profile, context)};
  }
  const CsvTable table = CsvTable::read(file);
  if (runner::is_published(table)) {
    return read_published(
        table, options.mapping.empty() ? file.parent_path() / "mapping.yaml" : std::filesystem::path{options.mapping},
        context);
  }
  const analysis::ImportOptions known{
      .method = {},
      .source = options.source,
      .profiles = context.catalogues.profiles().names(),
      .kernels = experiments::measurable_kernels(context.catalogues),
      .default_l2 = [&context](std::string_view kernel) { return context.catalogues.spec(std::string{kernel})->l2; }};
  Import import{table.name(), analysis::read_results(table, known)};
  for (const analysis::CsvRow row : table) import.places.push_back({table.name(), row.line(), 0});
  return import;
}

analysis::Table import_table(const std::vector<Import>& imports, const std::vector<analysis::PutReport>& reports) {
  analysis::Table table{.name = "import",
                        .title = {},
                        .columns = {{"file", "file", Show::text},
                                    {"rows", "rows", Show::count},
                                    {"added", "added", Show::count},
                                    {"replaced", "replaced", Show::count},
                                    {"unchanged", "stored already", Show::count}},
                        .rows = {},
                        .notes = {}};
  for (std::size_t i = 0; i < imports.size(); ++i) {
    table.rows.push_back(
        {imports[i].file, imports[i].size(), reports[i].added, reports[i].replaced, reports[i].unchanged});
    if (!imports[i].measurements) continue;
    for (std::string& note : notes_on(*imports[i].measurements)) table.notes.push_back(std::move(note));
  }
  return table;
}

/// All files, or none if a row of one of them is refused.
std::vector<analysis::PutReport> store_imports(const std::vector<Import>& imports, const std::string& database,
                                               Context& context) {
  Store store = Store::open(database, analysis::Access::read_write_create);
  std::vector<analysis::PutReport> reports;
  store.all_or_nothing([&] {
    for (const Import& import : imports) {
      if (import.measurements) {
        reports.push_back(store.put_measurements(*import.measurements));
        continue;
      }
      analysis::RunInfo info = run_info("db import", context);
      info.source = import.file;
      const analysis::RunId run = store.begin_run(info);
      reports.push_back(store.put_all(run, import.rows, import.places));
      store.end_run(run);
    }
  });
  return reports;
}

int import_files(const ImportOptions& options, Context& context) {
  (void)format_of(options.output);
  std::vector<Import> imports;  // all files are read before the first row is written
  for (const std::string& path : options.paths) {
    for (const std::filesystem::path& file : files_of(path)) imports.push_back(read_file(file, options, context));
  }
  NewDatabase guard{options.database};
  const std::vector<analysis::PutReport> reports = store_imports(imports, options.database, context);
  guard.keep();
  write_output(context, options.output, import_table(imports, reports));
  return exit_ok;
}

struct ExportOptions {
  std::string database;
  std::string method;
  OutputOptions output;
};

int export_results(const ExportOptions& options, Context& context) {
  std::optional<analysis::Method> method;
  if (!options.method.empty()) method = parse_name<analysis::Method>("--method", options.method);
  const Store store = Store::open(options.database, analysis::Access::read_only);
  write_output(context, options.output, [&](std::ostream& out) { analysis::export_csv(store, out, method); });
  return exit_ok;
}

struct InfoOptions {
  std::string database;
  OutputOptions output;
};

int info(const InfoOptions& options, Context& context) {
  (void)format_of(options.output);
  const analysis::StoreInfo info = Store::open(options.database, analysis::Access::read_only).info();
  analysis::Table table{.name = "db_info",
                        .title = {},
                        .columns = {{"file", "file", Show::text},
                                    {"schema_version", "schema version", Show::count},
                                    {"size_bytes", "size", Show::bytes},
                                    {"runs", "runs", Show::count},
                                    {"profiles", "profiles", Show::count},
                                    {"workloads", "workloads", Show::count},
                                    {"kernels", "kernels", Show::count}},
                        .rows = {{options.database, std::int64_t{info.schema_version}, info.size_bytes, info.runs,
                                  info.profiles, info.workloads, info.kernels}},
                        .notes = {}};
  for (const auto& [method, count] : info.results) {
    table.columns.push_back({std::string{name_of(method)}, std::string{name_of(method)} + " results", Show::count});
    table.rows[0].emplace_back(count);
  }
  write_output(context, options.output, [&](std::ostream& out) {
    const analysis::Format format = format_of(options.output);
    if (format == analysis::Format::table) return analysis::write_card(out, table, style_of(context, options.output));
    analysis::write(out, table, format);
  });
  return exit_ok;
}

void add_import(Command command, Context& context) {
  auto options = std::make_shared<ImportOptions>();
  command.option("PATH", options->paths, "CSV files, JSON lines of rooftile-measure (*.jsonl), or folders of them")
      .required()
      .files();
  add_database_option(command, options->database);
  command
      .option("--mapping", options->mapping,
              "what the words of published tables mean; without it, the mapping.yaml beside the file")
      .placeholder("FILE")
      .files();
  command.option("--source", options->source, "where result rows that state no source come from").placeholder("TEXT");
  command.option("--profile", options->profile, "GPU profile of JSON lines; without it, the one that names the device")
      .placeholder("NAME")
      .profiles();
  add_output_options(command, options->output);
  command.examples({"rooftile db import experiments/reference --db results.db",
                    "rooftile db import a100_timings.csv --db results.db --source \"my A100, 2026-05\"",
                    "rooftile db import build/visit/*.jsonl --db results.db"});
  command.action([options, &context] { return import_files(*options, context); });
}

void add_export(Command command, Context& context) {
  auto options = std::make_shared<ExportOptions>();
  add_database_option(command, options->database);
  command.option("--method", options->method, "results of this method only")
      .placeholder("METHOD")
      .values_of<analysis::Method>();
  command.option("-o,--output", options->output.file, "write to this file instead of standard output")
      .placeholder("FILE")
      .files();
  command.examples(
      {"rooftile db export --db results.db -o results.csv", "rooftile db export --db results.db --method published"});
  command.action([options, &context] { return export_results(*options, context); });
}

void add_info(Command command, Context& context) {
  auto options = std::make_shared<InfoOptions>();
  add_database_option(command, options->database);
  add_output_options(command, options->output);
  command.examples({"rooftile db info --db results.db", "rooftile db info --db results.db --format json"});
  command.action([options, &context] { return info(*options, context); });
}

}  // namespace

void add_db(Command& command, Context& context) {
  add_import(command.subcommand("import", "published or measured results: CSV, JSON lines of a measuring program"),
             context);
  add_export(command.subcommand("export", "all results as CSV"), context);
  command.examples({"rooftile db import experiments/reference --db results.db", "rooftile db info --db results.db"});
  add_info(command.subcommand("info", "what a database holds"), context);
  add_merge(command.subcommand("merge", "several databases into one"), context);
}

}  // namespace rooftile::cli
