// CSV as rooftile reads and writes it: RFC 4180 with a header line, columns by name in any order.
//
//   const CsvTable table = CsvTable::read("cells.csv");
//   for (const CsvRow row : table) use(row.positive_integer("seq_q"), row.name_or<DType>("dtype", DType::fp16));
//
//   cells.csv:7:23: column seq_q: 'abc' is not a positive integer
//
// Accepted: quoted fields with commas, line breaks and doubled quotes; LF or CRLF; a UTF-8 byte-order mark; blank
// lines. Refused: duplicate, empty or missing header columns, rows longer or shorter than the header, text after a
// closing quote, a quote that is never closed. Every message says where. Columns count bytes from 1. Nothing is
// trimmed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/model/error.hpp"
#include "rooftile/model/names.hpp"

namespace rooftile::analysis {

/// One field and where it begins.
struct CsvField {
  std::string text{};
  int line = 0;
  int column = 0;
};

class CsvTable;

/// One data row; a light handle that must not outlive its table. `column` is always a header name.
/// A column that the table does not have is the InputError "no column 'x'" with the nearest name.
class CsvRow {
 public:
  CsvRow(const CsvTable& table, std::size_t index) : table_{&table}, index_{index} {}

  /// All fields, in the order of the header.
  [[nodiscard]] std::span<const CsvField> fields() const;
  /// The line the row begins on, counted from 1.
  [[nodiscard]] int line() const;
  /// Where the field of this column stands (of the row if the table has no such column).
  [[nodiscard]] Location where(std::string_view column) const;
  /// True if the column exists and the field is not empty.
  [[nodiscard]] bool states(std::string_view column) const;

  /// The field as written; may be empty.
  [[nodiscard]] const std::string& text(std::string_view column) const;
  /// The field, or `fallback` where the column is absent or the field empty.
  [[nodiscard]] std::string text_or(std::string_view column, std::string_view fallback) const;
  /// The field; empty is an error.
  [[nodiscard]] const std::string& required_text(std::string_view column) const;

  /// 1 .. 2^63-1, digits only.
  [[nodiscard]] std::int64_t positive_integer(std::string_view column) const;
  [[nodiscard]] std::int64_t positive_integer_or(std::string_view column, std::int64_t fallback) const;
  /// Any finite number; "nan" and "inf" are errors.
  [[nodiscard]] double number(std::string_view column) const;
  /// Nothing where the column is absent or the field empty.
  [[nodiscard]] std::optional<double> number_if_stated(std::string_view column) const;

  /// The enumerator with this name; an unknown name is an error that lists the names and the nearest.
  template <class E>
  [[nodiscard]] E name(std::string_view column) const {
    const std::string& found = required_text(column);
    if (const std::optional<E> value = from_name<E>(found)) return *value;
    fail(column, unknown_name_message(EnumNames<E>::kind, found, all_names<E>()));
  }
  template <class E>
  [[nodiscard]] E name_or(std::string_view column, E fallback) const {
    return states(column) ? name<E>(column) : fallback;
  }

  /// Throws InputError at the field: "file:line:column: column seq_q: <message>".
  [[noreturn]] void fail(std::string_view column, const std::string& message) const;

 private:
  const CsvTable* table_;
  std::size_t index_;
};

/// A whole file in memory: header and rows of equal length.
class CsvTable {
 public:
  /// Reads a file; InputError if it cannot be read or is not well-formed CSV.
  [[nodiscard]] static CsvTable read(const std::filesystem::path& path);
  /// Parses text; `name` stands in messages ("cells.csv", "<stdin>").
  [[nodiscard]] static CsvTable parse(std::string_view text, std::string name);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::span<const CsvField> header() const { return header_; }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] CsvRow operator[](std::size_t row) const { return {*this, row}; }
  [[nodiscard]] bool has(std::string_view column) const { return find(column).has_value(); }
  /// Position of a column in the header.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view column) const;

  /// InputError for the first of `columns` that the header lacks: "missing column 'seq_q'; ...".
  void require(std::span<const std::string_view> columns) const;
  /// InputError for a header column that is not in `allowed`, with the nearest name.
  void allow_only(std::span<const std::string_view> allowed) const;

  class Iterator {
   public:
    Iterator(const CsvTable& table, std::size_t index) : table_{&table}, index_{index} {}
    CsvRow operator*() const { return {*table_, index_}; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }

   private:
    const CsvTable* table_;
    std::size_t index_;
  };
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, rows_.size()}; }

 private:
  friend class CsvRow;
  std::string name_;
  std::vector<CsvField> header_;
  std::vector<std::vector<CsvField>> rows_;
};

/// Writes CSV: LF, quotes only where needed, numbers as the shortest text that reads back as the same double.
class CsvWriter {
 public:
  explicit CsvWriter(std::ostream& out) : out_{&out} {}
  CsvWriter& cell(std::string_view text);
  CsvWriter& cell(const char* text) { return cell(std::string_view{text}); }
  CsvWriter& cell(const std::string& text) { return cell(std::string_view{text}); }
  /// NaN (an unknown quantity) is written as an empty field.
  CsvWriter& cell(double number);
  CsvWriter& cell(std::int64_t number);
  CsvWriter& cell(int number) { return cell(std::int64_t{number}); }
  void end_row();
  /// One row of names or of text.
  void row(std::span<const std::string_view> cells);

 private:
  std::ostream* out_;
  bool first_ = true;
};

/// The text as one CSV field: quoted if it holds a comma, a quote, a line break, or begins or ends with a space.
[[nodiscard]] std::string csv_field(std::string_view text);

/// The shortest text that reads back as the same double; "" for NaN.
[[nodiscard]] std::string shortest_text(double number);

}  // namespace rooftile::analysis
