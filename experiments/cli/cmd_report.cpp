// rooftile report: a results database as one page of charts.
#include <memory>

#include "cli/commands.hpp"
#include "cli/results_database.hpp"
#include "report/make_report.hpp"

namespace rooftile::cli {
namespace {

struct ReportOptions {
  std::string database;
  std::string format = "html";
  OutputOptions output;
};

int report(const ReportOptions& options, Context& context) {
  if (options.format != "html" && options.format != "json") {
    const std::vector<std::string_view> formats{"html", "json"};
    refuse("--format", unknown_name_message("format", options.format, formats));
  }
  const analysis::Store store = analysis::Store::open(options.database, analysis::Access::read_only);
  const analysis::Report report = experiments::make_report(store, context.catalogues);
  write_output(context, options.output, [&](std::ostream& out) {
    if (options.format == "html") {
      write_page(out, report);
    } else {
      write_json(out, report);
    }
  });
  return exit_ok;
}

}  // namespace

void add_report(Command& command, Context& context) {
  auto options = std::make_shared<ReportOptions>();
  add_database_option(command, options->database);
  command.option("--format", options->format, "html (default): one file that opens from disk; json: what it shows")
      .placeholder("FORMAT")
      .values({"html", "json"});
  command.option("-o,--output", options->output.file, "write to this file instead of standard output")
      .placeholder("FILE")
      .files();
  command.examples({"rooftile report --db results.db -o report.html", "rooftile report --db results.db --format json"});
  command.action([options, &context] { return report(*options, context); });
}

}  // namespace rooftile::cli
