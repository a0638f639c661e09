// rooftile db merge: shards that several machines or jobs computed into one database.
#include "cli/cmd_db_merge.hpp"

#include <filesystem>
#include <memory>

#include "cli/results_database.hpp"

namespace rooftile::cli {
namespace {

namespace fs = std::filesystem;
using analysis::Show;
using analysis::Store;

struct MergeOptions {
  std::vector<std::string> shards;
  std::string database;
  OutputOptions output;
};

std::vector<analysis::PutReport> merge_into(const std::string& database, const std::vector<fs::path>& shards) {
  NewDatabase guard{database};
  // What cannot be read is refused before a database is made.
  for (const fs::path& shard : shards) (void)Store::open(shard, analysis::Access::read_only);
  std::vector<analysis::PutReport> reports = Store::open(database, analysis::Access::read_write_create).merge(shards);
  guard.keep();
  return reports;
}

int merge(const MergeOptions& options, Context& context) {
  (void)format_of(options.output);
  const std::vector<analysis::PutReport> reports =
      merge_into(options.database, {options.shards.begin(), options.shards.end()});
  analysis::Table table{.name = "merge",
                        .columns = {{"file", "file", Show::text},
                                    {"added", "added", Show::count},
                                    {"replaced", "replaced", Show::count},
                                    {"unchanged", "stored already", Show::count}}};
  for (std::size_t i = 0; i < reports.size(); ++i) {
    table.rows.push_back({options.shards[i], reports[i].added, reports[i].replaced, reports[i].unchanged});
  }
  write_output(context, options.output, table);
  return exit_ok;
}

}  // namespace

void add_merge(Command command, Context& context) {
  auto options = std::make_shared<MergeOptions>();
  command.option("SHARD", options->shards, "results databases to bring in; they stay as they are").required().files();
  add_database_option(command, options->database);
  add_output_options(command, options->output);
  command.examples({"rooftile db merge node1.db node2.db --db all.db", "rooftile db merge shard-*.db --db results.db"});
  command.action([options, &context] { return merge(*options, context); });
}

}  // namespace rooftile::cli
