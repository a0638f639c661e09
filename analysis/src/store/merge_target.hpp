// The statements that find and put rows of one table, by what merge_tables.hpp says of it.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "rooftile/analysis/store.hpp"
#include "store/merge_tables.hpp"

namespace rooftile::analysis {

/// A stored row with the key of one that comes in.
struct StoredTwin {
  std::int64_t id;
  bool same;  ///< the numbers, too
};

class MergeTarget {
 public:
  MergeTarget(SQLite::Database& db, const MergeTable& table);

  [[nodiscard]] const MergeTable& table() const { return table_; }
  /// key, numbers, rest: the order of `values` everywhere.
  [[nodiscard]] const std::vector<std::string_view>& columns() const { return columns_; }
  /// Where a column stands among the values.
  [[nodiscard]] std::size_t place(std::string_view column) const;

  [[nodiscard]] std::optional<StoredTwin> find(std::span<const SqlValue> values);
  /// The id of the new row. Rows without an id are left out where their key is stored.
  std::int64_t insert(std::span<const SqlValue> values);
  /// Writes what the stored row leaves empty: the end of a run, the text of a profile of which only the hash was known.
  void fill(std::int64_t id, std::span<const SqlValue> values);

 private:
  SQLite::Database& db_;
  const MergeTable& table_;
  std::vector<std::string_view> columns_;
  SQLite::Statement insert_;
  SQLite::Statement find_;
};

}  // namespace rooftile::analysis
