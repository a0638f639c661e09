#include "store/migrate.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

#include "rooftile/model/error.hpp"

namespace rooftile::analysis {
namespace {

int version_of(SQLite::Database& db) { return db.execAndGet("PRAGMA user_version").getInt(); }

void back_up(SQLite::Database& db, const std::filesystem::path& path, int version) {
  const std::string copy = path.string() + ".bak-v" + std::to_string(version);
  if (std::filesystem::exists(copy)) {
    throw InputError({path.string()}, "has schema version " + std::to_string(version) + " and would be copied to " +
                                          copy + " before migrating, but that file exists; move it away");
  }
  SQLite::Statement statement{db, "VACUUM INTO ?"};
  statement.bind(1, copy);
  statement.exec();
}

}  // namespace

void migrate(SQLite::Database& db, const std::filesystem::path& path, std::span<const Migration> scripts) {
  const int before = version_of(db);
  if (scripts.empty() || before >= scripts.back().version) return;
  if (before > 0 && !path.empty()) back_up(db, path, before);
  for (const Migration& script : scripts) {
    SQLite::Transaction transaction{db, SQLite::TransactionBehavior::IMMEDIATE};
    if (version_of(db) >= script.version) continue;  // another process was first
    db.exec(std::string{script.sql});
    db.exec("PRAGMA user_version = " + std::to_string(script.version));
    transaction.commit();
  }
}

}  // namespace rooftile::analysis
