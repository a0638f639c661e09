// Bringing a results file to the schema of this rooftile: numbered SQL scripts, each in one transaction together with
// the `PRAGMA user_version` that says it was run; of a new file all in one. An interrupted migration leaves the version
// before.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

namespace SQLite {
class Database;
}

namespace rooftile::analysis {

struct Migration {
  int version;           ///< user_version afterwards; 1, 2, ... without gaps
  std::string_view sql;  ///< no BEGIN, no COMMIT
};

/// The scripts of schema/, in order.
[[nodiscard]] std::span<const Migration> migrations();

/// Runs what is missing. A file that holds data already is first copied to "<path>.bak-v<N>"; InputError if that file
/// exists. Where the first script fails, the copy is gone again. Safe against a second process doing the same.
void migrate(SQLite::Database& db, const std::filesystem::path& path, std::span<const Migration> scripts);

}  // namespace rooftile::analysis
