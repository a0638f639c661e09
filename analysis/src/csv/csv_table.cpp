// Typed access to the fields of a parsed table.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "rooftile/analysis/csv.hpp"

namespace rooftile::analysis {
namespace {

std::vector<std::string_view> names_of(std::span<const CsvField> header) {
  std::vector<std::string_view> names;
  for (const CsvField& field : header) names.emplace_back(field.text);
  return names;
}

}  // namespace

std::optional<std::size_t> CsvTable::find(std::string_view column) const {
  const auto at = std::ranges::find(header_, column, &CsvField::text);
  if (at == header_.end()) return std::nullopt;
  return static_cast<std::size_t>(at - header_.begin());
}

void CsvTable::require(std::span<const std::string_view> columns) const {
  std::vector<std::string_view> missing;
  for (const std::string_view column : columns) {
    if (!has(column)) missing.push_back(column);
  }
  if (missing.empty()) return;
  std::string message = missing.size() == 1 ? "missing column '" : "missing columns '";
  message += join(missing, "', '") + "'; the header has: " + join(names_of(header_));
  throw InputError({name_, header_.front().line}, message);
}

void CsvTable::allow_only(std::span<const std::string_view> allowed) const {
  for (const CsvField& field : header_) {
    if (std::ranges::find(allowed, field.text) != allowed.end()) continue;
    const std::vector<std::string_view> names{allowed.begin(), allowed.end()};
    throw InputError({name_, field.line, field.column}, unknown_name_message("column", field.text, names));
  }
}

std::span<const CsvField> CsvRow::fields() const { return table_->rows_[index_]; }

int CsvRow::line() const { return fields().front().line; }

Location CsvRow::where(std::string_view column) const {
  const std::optional<std::size_t> at = table_->find(column);
  if (!at) return {table_->name_, line(), 0};
  const CsvField& field = fields()[*at];
  return {table_->name_, field.line, field.column};
}

void CsvRow::fail(std::string_view column, const std::string& message) const {
  throw InputError(where(column), "column " + std::string{column} + ": " + message);
}

bool CsvRow::states(std::string_view column) const {
  const std::optional<std::size_t> at = table_->find(column);
  return at && !fields()[*at].text.empty();
}

const std::string& CsvRow::text(std::string_view column) const {
  const std::optional<std::size_t> at = table_->find(column);
  if (!at) {
    throw InputError({table_->name_, table_->header_.front().line},
                     unknown_name_message("column", column, names_of(table_->header_)));
  }
  return fields()[*at].text;
}

std::string CsvRow::text_or(std::string_view column, std::string_view fallback) const {
  return states(column) ? text(column) : std::string{fallback};
}

const std::string& CsvRow::required_text(std::string_view column) const {
  const std::string& found = text(column);
  if (found.empty()) fail(column, "is empty");
  return found;
}

std::int64_t CsvRow::positive_integer(std::string_view column) const {
  const std::string& found = required_text(column);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(found.data(), found.data() + found.size(), value);
  if (error == std::errc::result_out_of_range) fail(column, "'" + found + "' is larger than 2^63 - 1");
  if (error != std::errc{} || end != found.data() + found.size() || value <= 0) {
    fail(column, "'" + found + "' is not a positive integer");
  }
  return value;
}

std::int64_t CsvRow::positive_integer_or(std::string_view column, std::int64_t fallback) const {
  return states(column) ? positive_integer(column) : fallback;
}

double CsvRow::number(std::string_view column) const {
  const std::string& found = required_text(column);
  double value = 0;
  const auto [end, error] = std::from_chars(found.data(), found.data() + found.size(), value);
  if (error == std::errc::result_out_of_range) fail(column, "'" + found + "' does not fit a double");
  if (error != std::errc{} || end != found.data() + found.size() || !std::isfinite(value)) {
    fail(column, "'" + found + "' is not a finite number");
  }
  return value;
}

std::optional<double> CsvRow::number_if_stated(std::string_view column) const {
  if (!states(column)) return std::nullopt;
  return number(column);
}

}  // namespace rooftile::analysis
