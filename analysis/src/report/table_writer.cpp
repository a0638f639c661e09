// What people read: aligned tables, cards, Markdown; and CSV.
#include <algorithm>
#include <ostream>

#include "report/cells.hpp"
#include "rooftile/analysis/csv.hpp"

namespace rooftile::analysis {
namespace {

constexpr const char* gap = "  ";

using Lines = std::vector<std::vector<std::string>>;

/// Text of the chosen columns: headings first, then the rows.
Lines shown_lines(const Table& table, const std::vector<std::size_t>& columns) {
  Lines lines(1 + table.rows.size());
  for (const std::size_t c : columns) {
    lines[0].push_back(table.columns[c].heading);
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      lines[r + 1].push_back(show_cell(table.rows[r][c], table.columns[c].show));
    }
  }
  return lines;
}

std::vector<std::size_t> widths_of(const Lines& lines) {
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  }
  return widths;
}

/// Fields side by side, without spaces at the end.
std::string aligned(const std::vector<std::string>& fields, const std::vector<std::size_t>& widths,
                    const std::vector<bool>& right) {
  std::string text;
  for (std::size_t i = 0; i < fields.size(); ++i) text += (i == 0 ? "" : gap) + padded(fields[i], widths[i], right[i]);
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

void write_title(std::ostream& out, const Table& table, Style style) {
  if (!table.title.empty()) out << bold(table.title, style) << "\n\n";
}

void write_notes(std::ostream& out, const Table& table) {
  if (!table.notes.empty()) out << '\n';
  for (const std::string& note : table.notes) out << note << '\n';
}

std::string escaped_md(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '\\') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

/// second / first of two numbers; absent if there is none.
Value ratio_of(const Value& first, const Value& second) {
  const auto number = [](const Value& cell) -> double {
    if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
    const auto* real = std::get_if<double>(&cell);
    return real != nullptr ? *real : 0.0;
  };
  const double below = number(first);
  if (below == 0.0) return {};
  return number(second) / below;
}

}  // namespace

void write_table(std::ostream& out, const Table& table, Style style) {
  const auto columns = columns_with_values(table);
  const Lines lines = shown_lines(table, columns);
  const auto widths = widths_of(lines);
  std::vector<bool> right;
  std::vector<std::string> rules;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    right.push_back(to_the_right(table.columns[columns[i]].show));
    rules.emplace_back(widths[i], '-');
  }
  write_title(out, table, style);
  for (std::size_t r = 0; r < lines.size(); ++r) {
    const std::string line = aligned(lines[r], widths, right);
    out << (r == 0 ? bold(line, style) : line) << '\n';
    if (r == 0) out << aligned(rules, widths, right) << '\n';
  }
  write_notes(out, table);
}

void write_card(std::ostream& out, const Table& table, Style style, bool ratio) {
  const bool with_ratio = ratio && table.rows.size() == 2;
  Lines lines;
  for (const std::size_t c : columns_with_values(table)) {
    std::vector<std::string> line{table.columns[c].heading};
    for (const auto& row : table.rows) line.push_back(show_cell(row[c], table.columns[c].show));
    const bool number = to_the_right(table.columns[c].show);
    const std::string text = line[0].empty() ? "ratio" : "";  // the line that names the rows names this column too
    if (with_ratio)
      line.push_back(number ? show_cell(ratio_of(table.rows[0][c], table.rows[1][c]), Show::ratio) : text);
    lines.push_back(std::move(line));
  }
  write_title(out, table, style);
  if (!lines.empty()) {
    auto widths = widths_of(lines);
    std::vector<bool> right(widths.size(), table.rows.size() > 1);
    right[0] = false;
    for (const auto& line : lines) out << gap << aligned(line, widths, right) << '\n';
  }
  write_notes(out, table);
}

void write_md(std::ostream& out, const Table& table) {
  const auto columns = columns_with_values(table);
  if (!table.title.empty()) out << "**" << escaped_md(table.title) << "**\n\n";
  bool first = true;
  for (const auto& line : shown_lines(table, columns)) {
    for (const std::string& field : line) out << "| " << escaped_md(field) << ' ';
    out << "|\n";
    if (!first) continue;
    for (const std::size_t c : columns) out << (to_the_right(table.columns[c].show) ? "|---:" : "|---");
    out << "|\n";
    first = false;
  }
  write_notes(out, table);
}

void write_csv(std::ostream& out, const Table& table) {
  CsvWriter csv{out};
  for (const Column& column : table.columns) csv.cell(column.name);
  csv.end_row();
  for (const auto& row : table.rows) {
    for (const Value& cell : row) csv.cell(plain_cell(cell));
    csv.end_row();
  }
}

void write(std::ostream& out, const Table& table, Format format, Style style) {
  switch (format) {
    case Format::table: return write_table(out, table, style);
    case Format::json: return write_json(out, table);
    case Format::csv: return write_csv(out, table);
    case Format::md: return write_md(out, table);
  }
}

}  // namespace rooftile::analysis
