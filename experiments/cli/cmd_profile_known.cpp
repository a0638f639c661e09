// rooftile profile known: how many numbers of each profile are known how, and which are assumed.
#include <memory>
#include <ostream>

#include "cli/cmd_profile.hpp"

namespace rooftile::cli {
namespace {

using analysis::Show;
using analysis::Table;

struct KnownOptions {
  std::vector<std::string> names;
  OutputOptions output;
};

std::int64_t number(std::size_t count) { return static_cast<std::int64_t>(count); }

int known(const KnownOptions& options, Context& context) {
  Table table{.name = "profile_known",
              .columns = {{"profile", "profile", Show::text},
                          {"spec", "spec", Show::count},
                          {"device", "device", Show::count},
                          {"measured", "measured", Show::count},
                          {"derived", "derived", Show::count},
                          {"assumed", "assumed", Show::count},
                          {"unstated", "unstated", Show::count},
                          {"assumed_paths", "which are assumed", Show::text}}};
  const auto names = options.names.empty() ? context.catalogues.profiles().names() : options.names;
  for (const std::string& name : names) {
    const auto profile = context.catalogues.profile(name);
    const Knowledge knows = knowledge(*profile);
    table.rows.push_back({profile->name, number(knows.of(Kind::spec)), number(knows.of(Kind::device)),
                          number(knows.of(Kind::measured)), number(knows.of(Kind::derived)),
                          number(knows.of(Kind::assumed)), number(knows.unstated.size()), join(knows.assumed)});
  }
  // On a terminal the paths are too wide for an overview; a named profile's are what was asked for.
  const bool overview = options.names.empty() && format_of(options.output) == analysis::Format::table;
  for (auto& row : table.rows) {
    if (overview) row.back() = analysis::Value{};
  }
  write_output(context, options.output, table);
  return exit_ok;
}

}  // namespace

void add_profile_known(Command command, Context& context) {
  auto options = std::make_shared<KnownOptions>();
  command.option("name", options->names, "profiles: names or YAML files (default: all)")
      .placeholder("NAME...")
      .profiles();
  add_output_options(command, options->output);
  command.examples({"rooftile profile known a100_sxm4_80gb a10g", "rooftile profile known --format md"});
  command.action([options, &context] { return known(*options, context); });
}

}  // namespace rooftile::cli
