// rooftile query: SQL over the results database, read only, in every output format.
#include <memory>

#include "cli/commands.hpp"
#include "cli/results_database.hpp"

namespace rooftile::cli {
namespace {

struct QueryOptions {
  std::string database;
  std::string sql;
  OutputOptions output;
};

int query(const QueryOptions& options, Context& context) {
  (void)format_of(options.output);
  const analysis::Store store = analysis::Store::open(options.database, analysis::Access::read_only);
  write_output(context, options.output, table_of(store.query(options.sql), "query"));
  return exit_ok;
}

}  // namespace

void add_query(Command& command, Context& context) {
  auto options = std::make_shared<QueryOptions>();
  command.option("SQL", options->sql, "one SELECT; views: v_result v_latest v_compare v_accuracy v_roofline")
      .required();
  add_database_option(command, options->database);
  add_output_options(command, options->output);
  command.examples(
      {"rooftile query --db results.db \"select * from v_accuracy\"",
       "rooftile query --db results.db \"select kernel, seq_q, time_ms from v_latest order by time_ms desc limit 5\""});
  command.action([options, &context] { return query(*options, context); });
}

}  // namespace rooftile::cli
