// What the four writers share.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rooftile/analysis/report.hpp"

namespace rooftile::analysis {

/// Numbers stand to the right.
[[nodiscard]] constexpr bool to_the_right(Show show) { return show != Show::text && show != Show::yes_no; }

/// True for a cell without a value: absent, NaN, infinite, empty text.
[[nodiscard]] bool is_absent(const Value& cell);

/// Columns in which at least one row has a value; all of them if there are no rows or the table says so.
[[nodiscard]] std::vector<std::size_t> columns_with_values(const Table& table);

/// Characters (not bytes) of a UTF-8 text.
[[nodiscard]] std::size_t width_of(const std::string& text);

/// The text in a field of that many characters.
[[nodiscard]] std::string padded(const std::string& text, std::size_t width, bool right);

/// ANSI bold around a text, if colour is wanted.
[[nodiscard]] std::string bold(const std::string& text, Style style);

}  // namespace rooftile::analysis
