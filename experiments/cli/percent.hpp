// Limits that people give in per cent.
#pragma once

#include <string>
#include <string_view>

namespace rooftile::cli {

/// "8", "8%" and "8 %" are 0.08. InputError for anything else and for what is below zero.
[[nodiscard]] double percent_limit(std::string_view option, const std::string& text);

/// "8 %" for 0.08.
[[nodiscard]] std::string percent_words(double fraction);

}  // namespace rooftile::cli
