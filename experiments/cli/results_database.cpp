#include "cli/results_database.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>
#include <utility>

#include "cli/compiler.hpp"

namespace rooftile::cli {
namespace {

using analysis::SqlValue;
using analysis::Value;

struct ToValue {
  Value operator()(std::monostate) const { return {}; }
  Value operator()(std::int64_t value) const { return value; }
  Value operator()(double value) const { return value; }
  Value operator()(const std::string& value) const { return value; }
};

bool holds_number(const SqlValue& value) {
  return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
}

}  // namespace

void add_database_option(Command& command, std::string& file) {
  command.option("--db", file, "results database (one SQLite file)").placeholder("FILE").required().files();
}

NewDatabase::NewDatabase(std::filesystem::path file)
    : file_{std::move(file)}, existed_{std::filesystem::exists(file_)} {}

NewDatabase::~NewDatabase() {
  if (existed_ || kept_) return;
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file_.string() + suffix, ignored);
}

analysis::RunInfo run_info(const std::string& command, const Context& context) {
  utsname system{};
  ::uname(&system);
  const nlohmann::json host = {{"cores", std::thread::hardware_concurrency()},
                               {"system", std::string{system.sysname} + " " + system.release},
                               {"machine", system.machine}};
  std::vector<std::string> argv{"rooftile"};
  argv.insert(argv.end(), context.arguments.begin(), context.arguments.end());
  return {.command = command,
          .argv = std::move(argv),
          .build = {.version = ROOFTILE_VERSION, .compiler = compiler, .build_type = ROOFTILE_BUILD_TYPE},
          .host = host.dump(),
          .gpu = {},
          .driver = {},
          .clocks = {},
          .source = {},
          .note = {}};
}

analysis::Table table_of(const analysis::QueryResult& result, std::string name) {
  analysis::Table table{.name = std::move(name), .all_columns = true};
  for (std::size_t c = 0; c < result.columns.size(); ++c) {
    const bool numbers =
        std::any_of(result.rows.begin(), result.rows.end(), [c](const auto& row) { return holds_number(row[c]); });
    table.columns.push_back(
        {result.columns[c], result.columns[c], numbers ? analysis::Show::number : analysis::Show::text});
  }
  for (const auto& row : result.rows) {
    std::vector<Value> values;
    values.reserve(row.size());
    for (const SqlValue& value : row) values.push_back(std::visit(ToValue{}, value));
    table.rows.push_back(std::move(values));
  }
  return table;
}

}  // namespace rooftile::cli
