#include "store/migrate.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <string>
#include <system_error>

#include "rooftile/model/error.hpp"

namespace rooftile::analysis {
namespace {

int version_of(SQLite::Database& db) { return db.execAndGet("PRAGMA user_version").getInt(); }

/// The copy of a file as it was; gone again unless it is needed.
class Copy {
 public:
  Copy(const std::filesystem::path& path, int version) : copy_{path.string() + ".bak-v" + std::to_string(version)} {
    if (std::filesystem::exists(copy_)) {
      throw InputError({path.string()}, "has schema version " + std::to_string(version) + " and would be copied to " +
                                            copy_ + " before migrating, but that file exists; move it away");
    }
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  ~Copy() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove(copy_, ignored);
  }
  void write(SQLite::Database& db) const {
    SQLite::Statement statement{db, "VACUUM INTO ?"};
    statement.bind(1, copy_);
    statement.exec();
  }
  void keep() { kept_ = true; }

 private:
  std::string copy_;
  bool kept_ = false;
};

/// Runs scripts in one transaction; none if another process was first.
void run_scripts(SQLite::Database& db, std::span<const Migration> scripts) {
  SQLite::Transaction transaction{db, SQLite::TransactionBehavior::IMMEDIATE};
  if (version_of(db) >= scripts.front().version) return;
  for (const Migration& script : scripts) db.exec(std::string{script.sql});
  db.exec("PRAGMA user_version = " + std::to_string(scripts.back().version));
  transaction.commit();
}

}  // namespace

void migrate(SQLite::Database& db, const std::filesystem::path& path, std::span<const Migration> scripts) {
  const int before = version_of(db);
  if (scripts.empty() || before >= scripts.back().version) return;
  if (before == 0) run_scripts(db, scripts);  // a new file is there as a whole or not at all
  std::optional<Copy> copy;
  if (before > 0 && !path.empty()) copy.emplace(path, before).write(db);
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    run_scripts(db, scripts.subspan(i, 1));
    if (copy && version_of(db) > before) copy->keep();  // the file is no longer what it was
  }
}

}  // namespace rooftile::analysis
