#include "store/merge_target.hpp"

#include <algorithm>
#include <string>

namespace rooftile::analysis {
namespace {

std::vector<std::string_view> columns_of(const MergeTable& table) {
  std::vector<std::string_view> columns;
  for (const auto part : {table.key, table.numbers, table.rest})
    columns.insert(columns.end(), part.begin(), part.end());
  return columns;
}

/// "a = ? AND b = ?"; "1" of no columns.
std::string all_of(std::span<const std::string_view> columns, std::string_view operation) {
  std::string sql;
  for (const std::string_view column : columns) {
    sql += (sql.empty() ? "" : " AND ") + std::string{column} + ' ' + std::string{operation} + " ?";
  }
  return sql.empty() ? "1" : sql;
}

std::string insert_sql(const MergeTable& table) {
  const std::vector<std::string_view> columns = columns_of(table);
  std::string marks;
  for (std::size_t i = 0; i < columns.size(); ++i) marks += i == 0 ? "?" : ", ?";
  return std::string{table.has_id ? "INSERT" : "INSERT OR IGNORE"} + " INTO " + std::string{table.name} + " (" +
         join(columns) + ") VALUES (" + marks + ")";
}

std::string find_sql(const MergeTable& table) {
  return "SELECT " + std::string{table.has_id ? "id" : "0"} + ", (" + all_of(table.numbers, "IS") + ") FROM " +
         std::string{table.name} + " WHERE " + all_of(table.key, "=");
}

void bind_value(SQLite::Statement& statement, int index, const SqlValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return statement.bind(index, *whole);
  if (const auto* real = std::get_if<double>(&value)) return statement.bind(index, *real);
  if (const auto* text = std::get_if<std::string>(&value)) return statement.bind(index, *text);
  statement.bind(index);
}

}  // namespace

MergeTarget::MergeTarget(SQLite::Database& db, const MergeTable& table)
    : db_{db}, table_{table}, columns_{columns_of(table)}, insert_{db, insert_sql(table)}, find_{db, find_sql(table)} {}

std::size_t MergeTarget::place(std::string_view column) const {
  return static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), column) - columns_.begin());
}

std::optional<StoredTwin> MergeTarget::find(std::span<const SqlValue> values) {
  find_.reset();
  int index = 0;  // the numbers stand before the key in the statement, behind it in the row
  for (const SqlValue& value : values.subspan(table_.key.size(), table_.numbers.size()))
    bind_value(find_, ++index, value);
  for (const SqlValue& value : values.first(table_.key.size())) bind_value(find_, ++index, value);
  if (!find_.executeStep()) return std::nullopt;
  const StoredTwin found{find_.getColumn(0).getInt64(), find_.getColumn(1).getInt() != 0};
  find_.reset();
  return found;
}

std::int64_t MergeTarget::insert(std::span<const SqlValue> values) {
  insert_.reset();
  int index = 0;
  for (const SqlValue& value : values) bind_value(insert_, ++index, value);
  insert_.exec();
  insert_.reset();
  return db_.getLastInsertRowid();
}

void MergeTarget::fill(std::int64_t id, std::span<const SqlValue> values) {
  for (const std::string_view name : table_.rest) {
    std::string sql = "UPDATE ";
    sql.append(table_.name).append(" SET ").append(name).append(" = ? WHERE id = ? AND (");
    sql.append(name).append(" IS NULL OR ").append(name).append(" = '')");
    SQLite::Statement statement{db_, sql};
    bind_value(statement, 1, values[place(name)]);
    statement.bind(2, id);
    statement.exec();
  }
}

}  // namespace rooftile::analysis
