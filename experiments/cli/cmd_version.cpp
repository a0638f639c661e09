// rooftile version: what a bug report and a stored result need to name.
#include <memory>

#include "cli/commands.hpp"
#include "cli/compiler.hpp"
#include "rooftile/model/predictor.hpp"
#include "rooftile/sim/simulate.hpp"

namespace rooftile::cli {
namespace {

using analysis::Format;
using analysis::Show;
using analysis::Table;

int version(const OutputOptions& options, Context& context) {
  std::string known;
  for (const Predictor* predictor : predictors()) {
    known += (known.empty() ? "" : ", ") + std::string{predictor->name()} + ' ' + std::to_string(predictor->version());
  }
  Table table{.name = "version",
              .columns = {{"version", "rooftile", Show::text},
                          {"compiler", "compiler", Show::text},
                          {"build_type", "build type", Show::text},
                          {"predictors", "predictors", Show::text},
                          {"simulator", "simulator", Show::count},
                          {"data_directory", "data directory", Show::text}},
              .rows = {{std::string{ROOFTILE_VERSION}, std::string{compiler}, std::string{ROOFTILE_BUILD_TYPE}, known,
                        std::int64_t{sim::version}, context.data.root.string()}}};
  if (format_of(options) == Format::table) {
    write_output(context, options,
                 [&](std::ostream& out) { analysis::write_card(out, table, style_of(context, options)); });
  } else {
    write_output(context, options, table);
  }
  return exit_ok;
}

}  // namespace

void add_version(Command& command, Context& context) {
  auto options = std::make_shared<OutputOptions>();
  add_output_options(command, *options);
  command.examples({"rooftile version", "rooftile version --format json"});
  command.action([options, &context] { return version(*options, context); });
}

}  // namespace rooftile::cli
