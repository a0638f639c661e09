// Opening, recognising and describing a results file.
#include <sqlite3.h>

#include <fstream>
#include <system_error>

#include "rooftile/model/error.hpp"
#include "store/migrate.hpp"
#include "store/soundness.hpp"
#include "store/store_impl.hpp"

namespace rooftile::analysis {
namespace {

constexpr int application_id = 0x52465431;  // 'RFT1'
constexpr int busy_timeout_ms = 5000;

/// What can be said without SQLite.
void check_file(const std::filesystem::path& path, Access access) {
  const Location where{path.string()};
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw InputError(where, "is a directory, not a results file");
  if (!std::filesystem::exists(path, error)) {
    if (access == Access::read_only) throw InputError(where, "no such results file");
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    if (!std::filesystem::is_directory(folder, error)) {
      throw InputError(where, "cannot be created: '" + folder.string() + "' is not a directory");
    }
    return;
  }
  std::ifstream in{path, std::ios::binary};
  if (!in) throw InputError(where, "cannot be read: permission denied");
  char head[16] = {};
  in.read(head, sizeof head);
  if (in.gcount() == 0 && access == Access::read_only) throw InputError(where, "is empty, not a results file");
  if (in.gcount() > 0 && std::string_view{head, sizeof head} != std::string_view{"SQLite format 3\0", 16}) {
    throw InputError(where, "is not a SQLite database");
  }
}

/// "file:" URI that opens a file as it stands, without lock and WAL: for folders that cannot be written.
std::string immutable_uri(const std::filesystem::path& path) {
  std::string uri = "file:";
  for (const char c : path.string()) {
    switch (c) {
      case '%': uri += "%25"; break;
      case '?': uri += "%3f"; break;
      case '#': uri += "%23"; break;
      default: uri += c;
    }
  }
  return uri + "?immutable=1";
}

/// Opened for writing but never written to where that is possible: the last reader then removes the files that WAL mode
/// keeps beside the database. SQLite itself falls back to reading where the file cannot be written.
SQLite::Database connect_read_only(const std::filesystem::path& path) {
  try {
    SQLite::Database db{path.string(), SQLite::OPEN_READWRITE, busy_timeout_ms};
    db.exec("PRAGMA query_only = ON");
    db.execAndGet("SELECT count(*) FROM sqlite_schema");
    return db;
  } catch (const SQLite::Exception& error) {
    std::error_code ignored;
    const std::filesystem::path log = path.string() + "-wal";
    const bool unfinished = std::filesystem::exists(log, ignored) && std::filesystem::file_size(log, ignored) > 0;
    const bool no_room_beside = error.getErrorCode() == SQLITE_CANTOPEN || error.getErrorCode() == SQLITE_READONLY;
    if (!no_room_beside || unfinished) throw;
    return {immutable_uri(path), SQLite::OPEN_READONLY | SQLite::OPEN_URI};
  }
}

SQLite::Database connect(const std::filesystem::path& path, Access access) {
  if (access == Access::read_only) return connect_read_only(path);
  return {path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, busy_timeout_ms};
}

/// Refuses what is SQLite but not ours, not of our time, or damaged. Reads only.
void recognise(SQLite::Database& db, const std::filesystem::path& path, Access access) {
  const Location where{path.string()};
  const int id = db.execAndGet("PRAGMA application_id").getInt();
  const int version = db.execAndGet("PRAGMA user_version").getInt();
  const bool blank = db.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0 && id == 0 && version == 0;
  if (blank && access == Access::read_write_create) return;
  if (blank) throw InputError(where, "is empty, not a results file");  // its first writer was killed at once
  if (id != application_id) throw InputError(where, "is a SQLite database, but not a results file of rooftile");
  const std::string versions =
      "has schema version " + std::to_string(version) + ", this rooftile has " + std::to_string(schema_version());
  if (version > schema_version()) throw InputError(where, versions + ": it was written by a newer rooftile");
  if (version < 1) throw InputError(where, versions + ": no rooftile wrote it");
  if (version < schema_version() && access == Access::read_only) {
    throw InputError(where, versions + ": open it once for writing, which migrates it and keeps a copy");
  }
  require_sound(db, path, version);
}

}  // namespace

void rethrow(const SQLite::Exception& error, const std::filesystem::path& path) {
  const Location where{path.string()};
  switch (error.getErrorCode()) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: throw InputError(where, std::string{"is damaged: "} + error.getErrorStr());
    // The SQL is ours: what it does not find, or cannot read, is not as it was made.
    case SQLITE_ERROR: throw InputError(where, std::string{"is damaged: "} + error.what());
    case SQLITE_READONLY:
    case SQLITE_PERM: throw InputError(where, "cannot be written: it or its folder is read-only");
    case SQLITE_CANTOPEN: throw InputError(where, "cannot be opened or created: check the permissions of its folder");
    case SQLITE_CONSTRAINT: throw InputError(where, std::string{"refuses a result: "} + error.what());
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw StoreError(to_string(where) + ": another process has kept this file locked for more than 5 s");
    default: break;
  }
  if (error.getExtendedErrorCode() == SQLITE_IOERR_SHORT_READ) throw InputError(where, "is damaged: ends too early");
  throw StoreError(to_string(where) + ": " + error.what());
}

int schema_version() { return migrations().back().version; }

Store::Store(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Store Store::open(const std::filesystem::path& path, Access access) {
  check_file(path, access);
  try {
    auto impl = std::make_unique<Impl>(path, connect(path, access));
    recognise(impl->db, path, access);
    impl->db.exec("PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536");
    if (access == Access::read_write_create) {
      impl->db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
      migrate(impl->db, path, migrations());
    }
    return Store{std::move(impl)};
  } catch (const SQLite::Exception& error) {
    rethrow(error, path);
  }
}

Store Store::in_memory() {
  auto impl = std::make_unique<Impl>(std::filesystem::path{},
                                     SQLite::Database{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE});
  impl->db.exec("PRAGMA foreign_keys = ON");
  migrate(impl->db, {}, migrations());
  return Store{std::move(impl)};
}

const std::filesystem::path& Store::path() const { return impl_->path; }

StoreInfo Store::info() const {
  return impl_->guarded([&] {
    SQLite::Database& db = impl_->db;
    const std::string health = db.execAndGet("PRAGMA quick_check(1)").getString();
    if (health != "ok") throw InputError({impl_->path.string()}, "is damaged: " + health);
    const auto count = [&db](const char* sql) { return db.execAndGet(sql).getInt64(); };
    StoreInfo info;
    info.path = impl_->path;
    info.schema_version = db.execAndGet("PRAGMA user_version").getInt();
    info.size_bytes = count("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    info.runs = count("SELECT count(*) FROM run");
    info.profiles = count("SELECT count(DISTINCT name) FROM profile");
    info.workloads = count("SELECT count(*) FROM workload");
    info.kernels = count("SELECT count(DISTINCT name) FROM kernel");
    for (const Named<Method>& row : EnumNames<Method>::table) {
      SQLite::Statement statement{db, "SELECT count(*) FROM result WHERE method = ?"};
      statement.bind(1, std::string{row.name});
      statement.executeStep();
      info.results.emplace_back(row.value, statement.getColumn(0).getInt64());
    }
    return info;
  });
}

}  // namespace rooftile::analysis
