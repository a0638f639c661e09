#include <charconv>
#include <cmath>
#include <ostream>

#include "rooftile/analysis/csv.hpp"

namespace rooftile::analysis {

std::string csv_field(std::string_view text) {
  const bool edge_space = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (!edge_space && text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string{text};
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string shortest_text(double number) {
  if (std::isnan(number)) return {};
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return {buffer, end};
}

CsvWriter& CsvWriter::cell(std::string_view text) {
  if (!first_) *out_ << ',';
  first_ = false;
  *out_ << csv_field(text);
  return *this;
}

CsvWriter& CsvWriter::cell(double number) { return cell(shortest_text(number)); }

CsvWriter& CsvWriter::cell(std::int64_t number) { return cell(std::to_string(number)); }

void CsvWriter::end_row() {
  *out_ << '\n';
  first_ = true;
}

void CsvWriter::row(std::span<const std::string_view> cells) {
  for (const std::string_view text : cells) cell(text);
  end_row();
}

}  // namespace rooftile::analysis
