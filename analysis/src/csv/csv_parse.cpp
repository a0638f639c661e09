// The CSV grammar, RFC 4180 section 2, read one byte at a time so that every field knows its line and column.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "rooftile/analysis/csv.hpp"

namespace rooftile::analysis {
namespace {

class Scanner {
 public:
  Scanner(std::string_view text, const std::string& name) : text_{text}, name_{name} {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text_.starts_with(byte_order_mark)) text_.remove_prefix(byte_order_mark.size());
  }

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }

  /// Skips empty lines.
  void skip_blank_lines() {
    while (!at_end() && at_line_break()) take_line_break();
  }

  /// Fields up to and including the end of the line.
  std::vector<CsvField> record() {
    std::vector<CsvField> fields{field()};
    while (!at_end() && text_[at_] == ',') {
      take();
      fields.push_back(field());
    }
    if (!at_end()) take_line_break();
    return fields;
  }

 private:
  [[noreturn]] void fail(int line, int column, const std::string& message) const {
    throw InputError({name_, line, column}, message);
  }

  [[nodiscard]] bool at_line_break() const {
    if (text_[at_] == '\n') return true;
    if (text_[at_] != '\r') return false;
    if (at_ + 1 < text_.size() && text_[at_ + 1] == '\n') return true;
    fail(line_, column_, "carriage return without line feed; lines end in LF or CRLF");
  }

  void take_line_break() {
    if (text_[at_] == '\r') take();
    take();
  }

  char take() {
    const char c = text_[at_++];
    ++column_;
    if (c == '\n') {
      ++line_;
      column_ = 1;
    }
    return c;
  }

  CsvField field() {
    CsvField result{{}, line_, column_};
    if (!at_end() && text_[at_] == '"') {
      result.text = quoted(result);
    } else {
      result.text = plain();
    }
    return result;
  }

  std::string plain() {
    std::string text;
    while (!at_end() && text_[at_] != ',' && !at_line_break()) {
      if (text_[at_] == '"')
        fail(line_, column_, "quote inside an unquoted field; quote the whole field and double it");
      text += take();
    }
    return text;
  }

  std::string quoted(const CsvField& start) {
    std::string text;
    take();
    while (true) {
      if (at_end()) fail(start.line, start.column, "quoted field is never closed");
      const char c = take();
      if (c != '"') {
        text += c;
      } else if (!at_end() && text_[at_] == '"') {
        text += take();
      } else {
        break;
      }
    }
    if (!at_end() && text_[at_] != ',' && !at_line_break()) {
      fail(line_, column_,
           std::string{"expected a comma or the end of the line after a quoted field, found '"} + text_[at_] + "'");
    }
    return text;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  int line_ = 1;
  int column_ = 1;
};

void check_header(const std::vector<CsvField>& header, const std::string& name) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    const CsvField& field = header[i];
    if (field.text.empty()) {
      throw InputError({name, field.line, field.column}, "header column " + std::to_string(i + 1) + " has no name");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (header[j].text != field.text) continue;
      throw InputError({name, field.line, field.column}, "column '" + field.text + "' appears twice in the header");
    }
  }
}

std::string count_of(std::size_t n, const char* one) { return std::to_string(n) + ' ' + one + (n == 1 ? "" : "s"); }

}  // namespace

CsvTable CsvTable::read(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw InputError({path.string()}, "is a directory, not a CSV file");
  std::ifstream in{path, std::ios::binary};
  if (!in) throw InputError({path.string()}, std::string{"cannot be read: "} + std::strerror(errno));
  std::ostringstream text;
  text << in.rdbuf();
  return parse(text.str(), path.string());
}

CsvTable CsvTable::parse(std::string_view text, std::string name) {
  CsvTable table;
  table.name_ = std::move(name);
  if (text.find('\0') != std::string_view::npos) throw InputError({table.name_}, "is not a text file");
  Scanner scanner{text, table.name_};
  scanner.skip_blank_lines();
  if (scanner.at_end()) throw InputError({table.name_}, "is empty; expected a header line with column names");
  table.header_ = scanner.record();
  check_header(table.header_, table.name_);
  for (scanner.skip_blank_lines(); !scanner.at_end(); scanner.skip_blank_lines()) {
    std::vector<CsvField> row = scanner.record();
    if (row.size() != table.header_.size()) {
      throw InputError(
          {table.name_, row.front().line},
          "row has " + count_of(row.size(), "field") + ", the header has " + count_of(table.header_.size(), "column"));
    }
    table.rows_.push_back(std::move(row));
  }
  return table;
}

}  // namespace rooftile::analysis
