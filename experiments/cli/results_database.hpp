// What every command that writes results says of itself in the database, and how query answers become tables.
#pragma once

#include <filesystem>
#include <string>

#include "cli/command.hpp"
#include "rooftile/analysis/store.hpp"

namespace rooftile::cli {

/// Declares the required option --db FILE.
void add_database_option(Command& command, std::string& file);

/// A database that a refused command has made is gone again.
class NewDatabase {
 public:
  explicit NewDatabase(std::filesystem::path file);
  NewDatabase(const NewDatabase&) = delete;
  NewDatabase& operator=(const NewDatabase&) = delete;
  ~NewDatabase();
  void keep() { kept_ = true; }

 private:
  std::filesystem::path file_;
  bool existed_;
  bool kept_ = false;
};

/// A run of this command line: arguments, build, machine (cores and system, no names).
[[nodiscard]] analysis::RunInfo run_info(const std::string& command, const Context& context);

/// The answer of a query as a Table; a column is shown as numbers if it holds any.
[[nodiscard]] analysis::Table table_of(const analysis::QueryResult& result, std::string name);

}  // namespace rooftile::cli
