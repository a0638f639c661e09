// Store::query: the user's own SQL, which may read everything and write nothing.
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <memory>

#include "rooftile/model/error.hpp"
#include "store/store_impl.hpp"

namespace rooftile::analysis {
namespace {

using namespace std::string_view_literals;

/// PRAGMAs that only report, with or without an argument.
constexpr std::array reporting{"application_id"sv, "collation_list"sv,    "compile_options"sv,  "database_list"sv,
                               "encoding"sv,       "foreign_key_check"sv, "foreign_key_list"sv, "foreign_keys"sv,
                               "freelist_count"sv, "function_list"sv,     "index_info"sv,       "index_list"sv,
                               "index_xinfo"sv,    "integrity_check"sv,   "journal_mode"sv,     "page_count"sv,
                               "page_size"sv,      "quick_check"sv,       "table_info"sv,       "table_list"sv,
                               "table_xinfo"sv,    "user_version"sv};
/// Of these, the ones that set something when they are given an argument.
constexpr std::array settable{"application_id"sv, "encoding"sv,  "foreign_keys"sv,
                              "journal_mode"sv,   "page_size"sv, "user_version"sv};

bool only_reports(const char* pragma, const char* argument) {
  const std::string_view name = pragma == nullptr ? ""sv : pragma;
  if (std::ranges::find(reporting, name) == reporting.end()) return false;
  return argument == nullptr || std::ranges::find(settable, name) == settable.end();
}

/// https://sqlite.org/c3ref/set_authorizer.html: called for everything a statement would do, while it is compiled.
int allow_reading(void* /*unused*/, int action, const char* first, const char* second, const char* /*schema*/,
                  const char* /*view*/) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    // Setting up a table-valued PRAGMA asks for this; in earnest SQLite itself refuses it (writable_schema is off).
    case SQLITE_UPDATE: return std::string_view{first} == "sqlite_master" ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_PRAGMA: return only_reports(first, second) ? SQLITE_OK : SQLITE_DENY;
    default: return SQLITE_DENY;
  }
}

/// The authorizer stands for the time of one query.
class ReadingOnly {
 public:
  explicit ReadingOnly(sqlite3* db) : db_{db} { sqlite3_set_authorizer(db_, allow_reading, nullptr); }
  ~ReadingOnly() { sqlite3_set_authorizer(db_, nullptr, nullptr); }
  ReadingOnly(const ReadingOnly&) = delete;
  ReadingOnly& operator=(const ReadingOnly&) = delete;

 private:
  sqlite3* db_;
};

using StatementHandle = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

/// Line and column of a byte of the query.
Location place_in(std::string_view sql, std::size_t offset) {
  const std::string_view before = sql.substr(0, std::min(offset, sql.size()));
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::size_t last_break = before.rfind('\n');
  const std::size_t column = last_break == std::string_view::npos ? before.size() : before.size() - last_break - 1;
  return {"query", static_cast<int>(line), static_cast<int>(column) + 1};
}

[[noreturn]] void fail(sqlite3* db, int code, std::string_view sql, const std::filesystem::path& path) {
  if (code == SQLITE_AUTH) {
    throw InputError({"query"},
                     "would change the database; allowed: SELECT, WITH, VALUES, EXPLAIN and PRAGMAs that report");
  }
  if (code != SQLITE_ERROR && code != SQLITE_INTERRUPT && code != SQLITE_MISUSE && code != SQLITE_RANGE &&
      code != SQLITE_TOOBIG) {
    rethrow(SQLite::Exception{db, code}, path);
  }
  const int offset = sqlite3_error_offset(db);
  throw InputError(offset < 0 ? Location{"query"} : place_in(sql, static_cast<std::size_t>(offset)),
                   sqlite3_errmsg(db));
}

/// True if the text holds nothing but spaces, comments and semicolons.
bool is_blank(sqlite3* db, const char* sql) {
  while (*sql != '\0') {
    sqlite3_stmt* raw = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v2(db, sql, -1, &raw, &rest);
    const StatementHandle statement{raw, &sqlite3_finalize};
    if (code != SQLITE_OK || statement) return false;
    if (rest == sql) return true;
    sql = rest;
  }
  return true;
}

SqlValue value_at(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return std::monostate{};
    case SQLITE_INTEGER: return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_FLOAT: return sqlite3_column_double(statement, column);
    default: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      return std::string{text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
    }
  }
}

StatementHandle prepare(sqlite3* db, const std::string& sql, const std::filesystem::path& path) {
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v2(db, sql.c_str(), -1, &raw, &rest);
  if (code != SQLITE_OK) fail(db, code, sql, path);
  StatementHandle statement{raw, &sqlite3_finalize};
  if (!statement) throw InputError({"query"}, "holds no statement");
  if (!is_blank(db, rest)) {
    throw InputError(place_in(sql, static_cast<std::size_t>(rest - sql.c_str())), "one statement at a time");
  }
  return statement;
}

}  // namespace

QueryResult Store::query(std::string_view text) const {
  const std::string sql{text};
  sqlite3* db = impl_->db.getHandle();
  const ReadingOnly guard{db};
  const StatementHandle statement = prepare(db, sql, impl_->path);
  QueryResult result;
  const int columns = sqlite3_column_count(statement.get());
  for (int i = 0; i < columns; ++i) result.columns.emplace_back(sqlite3_column_name(statement.get(), i));
  int code = sqlite3_step(statement.get());
  for (; code == SQLITE_ROW; code = sqlite3_step(statement.get())) {
    std::vector<SqlValue>& row = result.rows.emplace_back();
    row.reserve(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) row.push_back(value_at(statement.get(), i));
  }
  if (code != SQLITE_DONE) fail(db, code, sql, impl_->path);
  return result;
}

}  // namespace rooftile::analysis
