#include "store/soundness.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rooftile/model/error.hpp"
#include "store/migrate.hpp"

namespace rooftile::analysis {
namespace {

/// "table result", "view v_latest", ..., then "column result.time_s", ..., then views and triggers with their text,
/// which is as the scripts have it.
using Parts = std::vector<std::string>;

Parts parts_of(SQLite::Database& db) {
  Parts parts;
  SQLite::Statement statement{
      db,
      "SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' UNION ALL "
      "SELECT 'column ' || s.name || '.' || c.name FROM sqlite_schema s, pragma_table_xinfo(s.name) c "
      "WHERE s.type = 'table' AND s.name NOT GLOB 'sqlite_*' UNION ALL "
      "SELECT type || ' ' || name || ' as it was made: ' || sql FROM sqlite_schema WHERE type IN ('view', 'trigger')"};
  while (statement.executeStep()) parts.push_back(statement.getColumn(0).getString());
  return parts;
}

/// What the scripts up to `version` make.
Parts parts_of_version(int version) {
  SQLite::Database db{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  for (const Migration& script : migrations()) {
    if (script.version <= version) db.exec(std::string{script.sql});
  }
  return parts_of(db);
}

const Parts& parts_of_this_version() {
  static const Parts parts = parts_of_version(migrations().back().version);
  return parts;
}

/// The first thing that is wrong with the pages; empty if they are in order.
std::string page_fault(SQLite::Database& db) {
  db.exec("PRAGMA ignore_check_constraints = ON");
  std::string found = db.execAndGet("PRAGMA quick_check(1)").getString();
  db.exec("PRAGMA ignore_check_constraints = OFF");
  if (found == "ok") return {};
  // "*** in database main ***" stands above what was found.
  found.erase(0, found.starts_with("***") ? found.find('\n') + 1 : 0);
  return found.substr(0, found.find('\n'));
}

}  // namespace

void require_sound(SQLite::Database& db, const std::filesystem::path& path, int version) {
  const Location where{path.string()};
  if (const std::string fault = page_fault(db); !fault.empty()) throw InputError(where, "is damaged: " + fault);
  Parts found = parts_of(db);
  std::sort(found.begin(), found.end());
  const Parts older = version == migrations().back().version ? Parts{} : parts_of_version(version);
  for (const std::string& part : older.empty() ? parts_of_this_version() : older) {
    if (std::binary_search(found.begin(), found.end(), part)) continue;
    throw InputError(where, "is damaged: has no " + part.substr(0, part.find(": ")));
  }
}

}  // namespace rooftile::analysis
