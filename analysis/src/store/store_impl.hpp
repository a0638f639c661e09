// What the parts of Store share: the connection, its prepared statements, and how SQLite's errors become ours.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>
#include <sqlite3.h>

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "rooftile/analysis/store.hpp"

namespace rooftile::analysis {

/// InputError for what the user's file or words caused, StoreError for what the machine did.
[[noreturn]] void rethrow(const SQLite::Exception& error, const std::filesystem::path& path);

/// A transaction that writes, or a part of the one that Store::all_or_nothing() has begun.
class WriteTransaction {
 public:
  explicit WriteTransaction(SQLite::Database& db) {
    if (sqlite3_get_autocommit(db.getHandle()) != 0) own_.emplace(db, SQLite::TransactionBehavior::IMMEDIATE);
  }
  void commit() {
    if (own_) own_->commit();
  }

 private:
  std::optional<SQLite::Transaction> own_;
};

struct Store::Impl {
  std::filesystem::path path;  ///< empty: in memory
  SQLite::Database db;
  /// Prepared once; keys are string literals and compared by address.
  std::unordered_map<const char*, SQLite::Statement> statements;

  Impl(std::filesystem::path where, SQLite::Database&& connection)
      : path{std::move(where)}, db{std::move(connection)} {}

  /// The prepared statement for a literal, reset and with `args` bound.
  template <class... Args>
  SQLite::Statement& bound(const char* sql, const Args&... args) {
    const auto [at, fresh] = statements.try_emplace(sql, db, sql);
    at->second.reset();
    SQLite::bind(at->second, args...);
    return at->second;
  }

  /// First column of the first row, if there is a row.
  template <class... Args>
  std::optional<std::int64_t> find_id(const char* sql, const Args&... args) {
    SQLite::Statement& statement = bound(sql, args...);
    std::optional<std::int64_t> id;
    if (statement.executeStep()) id = statement.getColumn(0).getInt64();
    statement.reset();
    return id;
  }

  /// Runs an INSERT, UPDATE or DELETE; the last row id.
  template <class... Args>
  std::int64_t execute(const char* sql, const Args&... args) {
    SQLite::Statement& statement = bound(sql, args...);
    statement.exec();
    statement.reset();
    return db.getLastInsertRowid();
  }

  /// Runs `action`, translating SQLite's exceptions.
  template <class Action>
  auto guarded(Action&& action) {
    try {
      return action();
    } catch (const SQLite::Exception& error) {
      rethrow(error, path);
    }
  }
};

}  // namespace rooftile::analysis
