// rooftile query: SQL over the results database, read only, in every output format.
#include <memory>

#include "cli/canned_queries.hpp"
#include "cli/commands.hpp"
#include "cli/results_database.hpp"

namespace rooftile::cli {
namespace {

struct QueryOptions {
  std::string database;
  std::string sql;
  std::string canned;
  OutputOptions output;
};

int list_canned(const QueryOptions& options, Context& context) {
  analysis::Table table{.name = "canned_queries",
                        .columns = {{"name", "name"}, {"description", "rows"}, {"sql", "SQL"}}};
  for (const CannedQuery& query : canned_queries()) {
    table.rows.push_back({std::string{query.name}, std::string{query.description}, std::string{query.sql}});
  }
  // People read what the rows are; the SQL is for those who build on it.
  if (format_of(options.output) == analysis::Format::table && context.verbosity == 0) {
    table.columns.pop_back();
    for (auto& row : table.rows) row.pop_back();
  }
  write_output(context, options.output, table);
  return exit_ok;
}

int query(const QueryOptions& options, Context& context) {
  (void)format_of(options.output);
  if (!options.sql.empty() && !options.canned.empty()) refuse("--canned", "takes the place of SQL; give one of them");
  if (options.sql.empty() && options.canned.empty()) throw InputError{"SQL is required, or --canned NAME"};
  if (options.canned == "list") return list_canned(options, context);
  const std::string sql = options.canned.empty() ? options.sql : std::string{canned_query(options.canned).sql};
  if (options.database.empty()) throw InputError{"--db is required"};
  const analysis::Store store = analysis::Store::open(options.database, analysis::Access::read_only);
  write_output(context, options.output, table_of(store.query(sql), "query"));
  return exit_ok;
}

std::vector<std::string> canned_names() {
  std::vector<std::string> names{"list"};
  for (const CannedQuery& query : canned_queries()) names.emplace_back(query.name);
  return names;
}

}  // namespace

void add_query(Command& command, Context& context) {
  auto options = std::make_shared<QueryOptions>();
  command.option(
      "SQL", options->sql,
      "one SELECT; views: v_result v_latest v_compare v_accuracy v_roofline v_tiles v_bytes v_micro v_verification");
  command.option("--db", options->database, "results database (one SQLite file)").placeholder("FILE").files();
  command.option("--canned", options->canned, "a query by name; `list` shows them")
      .placeholder("NAME")
      .values(canned_names());
  add_output_options(command, options->output);
  command.examples(
      {"rooftile query --db results.db --canned worst", "rooftile query --canned list",
       "rooftile query --db results.db \"select * from v_accuracy\"",
       "rooftile query --db results.db \"select kernel, seq_q, time_ms from v_latest order by time_ms desc limit 5\""});
  command.action([options, &context] { return query(*options, context); });
}

}  // namespace rooftile::cli
