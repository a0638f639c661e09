// The page of reports without its data: markup, style, libraries and script (analysis/report/).
#pragma once

#include <string_view>

namespace rooftile::analysis {

struct PageText {
  std::string_view before_data;
  std::string_view behind_data;
};
[[nodiscard]] PageText page_text();

}  // namespace rooftile::analysis
