#include "report/cells.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "rooftile/analysis/csv.hpp"
#include "rooftile/model/format_quantity.hpp"

namespace rooftile::analysis {
namespace {

constexpr int shown_digits = 4;

/// "50.33 MB", never "48 MiB": a column is read downwards, and only rates have decimal prefixes throughout.
std::string decimal_bytes(double value) {
  std::string text = format_quantity(value, BytesPerSecond::dimension, shown_digits);
  if (text.ends_with("/s")) text.resize(text.size() - 2);
  return text;
}

std::string show_number(double value, Show show) {
  const auto quantity = [&](Dimension dimension) { return format_quantity(value, dimension, shown_digits); };
  switch (show) {
    case Show::seconds: return quantity(Seconds::dimension);
    case Show::bytes: return decimal_bytes(value);
    case Show::flop: return quantity(Flops::dimension);
    case Show::bytes_per_second: return quantity(BytesPerSecond::dimension);
    case Show::flop_per_second: return quantity(FlopsPerSecond::dimension);
    case Show::flop_per_byte: return quantity(FlopsPerByte::dimension);
    case Show::hertz: return quantity(Hertz::dimension);
    case Show::percent: return quantity(Count::dimension) + " %";
    case Show::fraction: return format_quantity(100 * value, Count::dimension, shown_digits) + " %";
    case Show::ratio: return quantity(Count::dimension) + "x";
    case Show::text:
    case Show::count:
    case Show::number:
    case Show::yes_no: return quantity(Count::dimension);
  }
  return {};
}

struct PlainText {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return std::isfinite(value) ? shortest_text(value) : std::string{}; }
  std::string operator()(const std::string& value) const { return value; }
};

}  // namespace

std::string plain_cell(const Value& cell) { return std::visit(PlainText{}, cell); }

std::string show_cell(const Value& cell, Show show) {
  if (const auto* value = std::get_if<bool>(&cell)) return *value ? "yes" : "no";
  if (const auto* value = std::get_if<double>(&cell)) {
    return std::isfinite(*value) ? show_number(*value, show) : std::string{};
  }
  const auto* whole = std::get_if<std::int64_t>(&cell);
  const bool as_written = show == Show::text || show == Show::count || show == Show::number || show == Show::yes_no;
  if (whole != nullptr && !as_written) return show_number(static_cast<double>(*whole), show);
  return plain_cell(cell);
}

bool is_absent(const Value& cell) { return plain_cell(cell).empty(); }

std::vector<std::size_t> columns_with_values(const Table& table) {
  std::vector<std::size_t> columns(table.columns.size());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  if (table.rows.empty() || table.all_columns) return columns;
  std::erase_if(columns, [&](std::size_t c) {
    return std::all_of(table.rows.begin(), table.rows.end(), [c](const auto& row) { return is_absent(row[c]); });
  });
  return columns;
}

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::size_t have = width_of(text);
  const std::string space(have < width ? width - have : 0, ' ');
  return right ? space + text : text + space;
}

std::string bold(const std::string& text, Style style) { return style.color ? "\033[1m" + text + "\033[0m" : text; }

}  // namespace rooftile::analysis
