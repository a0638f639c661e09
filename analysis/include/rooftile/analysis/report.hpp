// One struct, many writers: a command fills a Table, the reader picks the form.
//
//   table   GPU            kernel   time      bound      md     | GPU | kernel | time | bound |
//           a100_sxm4_80gb fa2      1.21 ms   tensor            |---|---|---:|---|
//   csv     profile,kernel,time_s,bound                  json   {"schema": "rooftile.predict/1", "rooftile": "0.1.0",
//           a100_sxm4_80gb,fa2,0.00121,tensor                    "rows": [{"profile": "a100_sxm4_80gb", "time_s":
//           0.00121}]}
//
// People get prefixes and headings; machines get SI numbers under names that end in their unit.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rooftile/model/names.hpp"

namespace rooftile::analysis {

enum class Format : std::uint8_t { table, json, csv, md };

/// How a column's numbers are shown to people. Files always hold the plain SI number.
enum class Show : std::uint8_t {
  text,
  count,             ///< 108
  number,            ///< 4 significant digits
  seconds,           ///< 1.21 ms
  bytes,             ///< 268.4 MB (decimal prefixes)
  flop,              ///< 1.10 TFLOP
  bytes_per_second,  ///< 1.555 TB/s
  flop_per_second,   ///< 312.0 TFLOP/s
  flop_per_byte,     ///< 201.0 FLOP/B
  hertz,             ///< 1.410 GHz
  percent,           ///< the cell holds percent: 12.3 %
  fraction,          ///< the cell holds a fraction: 0.123 is 12.3 %
  ratio,             ///< 1.05x
  yes_no
};

/// Absent, or one value. A NaN or infinite double is written as absent.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

struct Column {
  std::string name;     ///< machine name, snake_case with its unit: "time_s"
  std::string heading;  ///< for people: "time"
  Show show = Show::text;
};

/// Filled with designated initialisers; the empty braces let a command leave out what it does not have.
struct Table {
  std::string name{};   ///< the JSON schema is "rooftile.<name>/1"
  std::string title{};  ///< for people; may be empty
  std::vector<Column> columns{};
  std::vector<std::vector<Value>> rows{};  ///< each as long as columns
  std::vector<std::string> notes{};        ///< for people, below the table; JSON: "notes"; not in CSV
  bool all_columns = false;                ///< people see columns without any value, too: somebody has asked for them
};

/// How people see it.
struct Style {
  bool color = false;
};

/// Writes aligned columns, numbers to the right. Columns without any value are left out unless all_columns is set.
void write_table(std::ostream& out, const Table& table, Style style = {});
/// One line per column, one value per row beside it: for a single row, or for a few rows to be held side by side.
/// With `ratio`, two rows get a third value: second / first.
void write_card(std::ostream& out, const Table& table, Style style = {}, bool ratio = false);
/// RFC 4180, header first; numbers in their shortest form that reads back as the same double; absent = empty.
void write_csv(std::ostream& out, const Table& table);
/// {"schema", "rooftile", "rows": [...], "notes": [...] if there are any}; absent = null.
void write_json(std::ostream& out, const Table& table);
/// A GitHub table; `|` in text is escaped.
void write_md(std::ostream& out, const Table& table);
/// The writer of this format.
void write(std::ostream& out, const Table& table, Format format, Style style = {});

/// One cell as people see it: "1.21 ms", "" for an absent one.
[[nodiscard]] std::string show_cell(const Value& cell, Show show);
/// One cell as a machine reads it: "0.00121", "true", "" for an absent one; text unquoted.
[[nodiscard]] std::string plain_cell(const Value& cell);

}  // namespace rooftile::analysis

namespace rooftile {
template <>
struct EnumNames<analysis::Format> {
  static constexpr std::string_view kind = "format";
  static constexpr Named<analysis::Format> table[] = {{analysis::Format::table, "table"},
                                                      {analysis::Format::json, "json"},
                                                      {analysis::Format::csv, "csv"},
                                                      {analysis::Format::md, "md"}};
};
}  // namespace rooftile
