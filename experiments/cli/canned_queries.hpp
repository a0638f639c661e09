// Questions that are often put to a results database, by name: SQL over its views.
#pragma once

#include <span>
#include <string_view>

namespace rooftile::cli {

struct CannedQuery {
  std::string_view name;
  std::string_view description;  ///< one line, what the rows are
  std::string_view sql;
};

/// All of them, in the order of `rooftile query --canned list`.
[[nodiscard]] std::span<const CannedQuery> canned_queries();

/// The one with this name. InputError for an unknown name, with the nearest.
[[nodiscard]] const CannedQuery& canned_query(std::string_view name);

}  // namespace rooftile::cli
