// Store::query: the user's own SQL, which may read everything and write nothing.
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <limits>
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

/// The first column of an answer.
std::vector<std::string> names(sqlite3* db, const char* sql) {
  std::vector<std::string> found;
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db, sql, -1, &raw, nullptr) != SQLITE_OK) return found;
  const StatementHandle statement{raw, &sqlite3_finalize};
  const RowCursor row{raw};
  while (sqlite3_step(raw) == SQLITE_ROW) found.emplace_back(row.text(0));
  return found;
}

/// "; did you mean 'v_accuracy'?" where SQLite's message names a table or column that does not exist.
std::string nearest_in_schema(sqlite3* db, std::string_view message) {
  struct Missing {
    std::string_view message;
    const char* candidates;
  };
  constexpr Missing missing[] = {
      {"no such table: ", "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"},
      {"no such column: ",
       "SELECT DISTINCT c.name FROM sqlite_schema s, pragma_table_xinfo(s.name) c "
       "WHERE s.type IN ('table', 'view')"},
  };
  for (const Missing& kind : missing) {
    if (!message.starts_with(kind.message)) continue;
    message.remove_prefix(kind.message.size());
    if (const std::size_t dot = message.rfind('.'); dot != std::string_view::npos) message.remove_prefix(dot + 1);
    const std::vector<std::string> known = names(db, kind.candidates);
    if (const auto near = nearest_name(message, {known.begin(), known.end()}))
      return "; did you mean '" + std::string{*near} + "'?";
  }
  return {};
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
  const std::string message = sqlite3_errmsg(db);
  throw InputError(offset < 0 ? Location{"query"} : place_in(sql, static_cast<std::size_t>(offset)),
                   message + nearest_in_schema(db, message));
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

/// Runs one statement; `begin(statement)` before the first row, `row` for each.
template <class Begin, class Row>
void run(Store::Impl& store, const std::string& sql, const Begin& begin, const Row& row) {
  sqlite3* db = store.db.getHandle();
  const ReadingOnly guard{db};
  const StatementHandle statement = prepare(db, sql, store.path);
  begin(statement.get());
  const RowCursor cursor{statement.get()};
  int code = sqlite3_step(statement.get());
  for (; code == SQLITE_ROW; code = sqlite3_step(statement.get())) row(cursor);
  if (code != SQLITE_DONE) fail(db, code, sql, store.path);
}

}  // namespace

SqlValue RowCursor::value(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_NULL: return std::monostate{};
    case SQLITE_INTEGER: return integer(column);
    case SQLITE_FLOAT: return sqlite3_column_double(statement_, column);
    default: return std::string{text(column)};
  }
}

std::string_view RowCursor::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text == nullptr ? std::string_view{}
                         : std::string_view{text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t RowCursor::integer(int column) const { return sqlite3_column_int64(statement_, column); }

double RowCursor::number(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::numeric_limits<double>::quiet_NaN();
  return sqlite3_column_double(statement_, column);
}

QueryResult Store::query(std::string_view sql) const {
  QueryResult result;
  const auto name_columns = [&result](sqlite3_stmt* statement) {
    const int columns = sqlite3_column_count(statement);
    for (int i = 0; i < columns; ++i) result.columns.emplace_back(sqlite3_column_name(statement, i));
  };
  run(*impl_, std::string{sql}, name_columns, [&result](const RowCursor& cursor) {
    std::vector<SqlValue>& row = result.rows.emplace_back();
    row.reserve(result.columns.size());
    for (std::size_t i = 0; i < result.columns.size(); ++i) row.push_back(cursor.value(static_cast<int>(i)));
  });
  return result;
}

void Store::for_each(std::string_view sql, const std::function<void(const RowCursor&)>& row) const {
  run(
      *impl_, std::string{sql}, [](sqlite3_stmt*) {}, row);
}

}  // namespace rooftile::analysis
