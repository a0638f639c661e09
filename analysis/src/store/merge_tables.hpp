// What a merge of two results files has to know of each table: by which columns a row is the same row, which are its
// numbers, and where the rest of it goes. The order is that of the foreign keys.
#pragma once

#include <span>
#include <string_view>

namespace rooftile::analysis {

/// What becomes of a row whose key is stored already.
enum class Again {
  keep,     ///< the stored row stands for both
  compare,  ///< an observation: the same numbers, or the merge is refused
  newer     ///< results: observations as above, of computed ones the newer run's
};

struct MergeTable {
  std::string_view name;
  Again again = Again::keep;
  bool has_id = true;                           ///< other rows refer to it
  std::span<const std::string_view> key{};      ///< UNIQUE in the schema
  std::span<const std::string_view> numbers{};  ///< what a second row with this key must agree on
  std::span<const std::string_view> rest{};
};

/// A column that holds the id of a row of another table.
struct MergeLink {
  std::string_view column;
  std::string_view table;
};

/// Every table but those that the schema fills by itself: pair (triggers) and bound_class (constant).
[[nodiscard]] std::span<const MergeTable> merge_tables();
/// The table that a column refers to; "" if it holds a value.
[[nodiscard]] std::string_view table_behind(std::string_view column);

}  // namespace rooftile::analysis
