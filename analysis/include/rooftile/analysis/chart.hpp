// A picture as data: tables, and marks that say which columns stand for what. Whoever draws takes the same struct: the
// report (an HTML page), gnuplot, and a reader who wants the numbers as a table.
//
//   Chart {id "crossover-a100", x {"sequence length", log}, y {"time", log, seconds},
//          tables {{kernel, seq, time_s}, ...}, marks {{line, x "seq", y "time_s", series "kernel"}}}
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "rooftile/analysis/report.hpp"

namespace rooftile::analysis {

enum class Scale : std::uint8_t { linear, log, category };

struct Axis {
  std::string label{};
  Scale scale = Scale::linear;
  Show show = Show::number;  ///< how its ticks are written
};

/// How rows of a table are drawn.
enum class MarkKind : std::uint8_t {
  dot,
  line,  ///< through the rows of a series in their order
  area,  ///< between y1 and y2
  bar,   ///< from y1 to y2 above x, or from x1 to x2 beside y
  cell,  ///< one field of a grid of categories, coloured by `fill`, with `label` in it
  rule,  ///< across the chart at x, or at y
  text,  ///< `label` at (x, y)
  table  ///< no picture: the table itself
};

/// Names of columns; empty: not used.
struct Mark {
  MarkKind kind = MarkKind::dot;
  std::size_t table = 0;  ///< index into Chart::tables
  std::string x{}, y{}, x1{}, x2{}, y1{}, y2{};
  std::string series{};  ///< colour, and a second sign beside it: the symbol, the dash
  std::string symbol{};  ///< of dots, where it is not the series'
  std::string fill{};    ///< of cells
  std::string label{};   ///< at the end of a line, in a cell
  bool along = false;    ///< the label is turned as its line is
  bool dashed = false;
  std::vector<std::string> tip{};  ///< what is told of a row that somebody points at
};

struct Chart {
  std::string id{};       ///< [a-z0-9_-]+, one of its kind in a report
  std::string section{};  ///< charts of one section stand together
  std::string title{};
  std::string text{};  ///< in a sentence: what it shows
  Axis x{}, y{};
  std::vector<Table> tables{};
  std::vector<Mark> marks{};              ///< drawn in this order
  std::string aggregated{};               ///< what one row stands for; empty: every result is shown
  std::vector<std::string> provenance{};  ///< where its numbers are from
};

/// Several charts, and what stands above them.
struct Report {
  std::string database{};                                    ///< file name
  std::string generated{};                                   ///< "2026-11-22T23:59:00Z"
  std::vector<std::pair<std::string, std::string>> facts{};  ///< "results", "1,234"
  std::vector<std::string> notes{};                          ///< what is missing, and how to get it
  std::vector<Chart> charts{};
};

/// The text with everything but letters and digits as "-": part of an id.
[[nodiscard]] std::string id_of(std::string_view text);

/// {"schema": "rooftile.report/1", ...}: what the page reads. "<" is written as \u003c, so that no name of a database
/// can end the element that it stands in. Numbers that are not finite are null.
void write_json(std::ostream& out, const Report& report);
/// One HTML file that asks for nothing else: style, libraries (with their licences) and data stand in it.
void write_page(std::ostream& out, const Report& report);
/// The script with which gnuplot writes a chart to its standard output as SVG of this size (pixels); the data stands in
/// the script. Charts that are tables alone: std::invalid_argument.
void write_gnuplot(std::ostream& out, const Chart& chart, int width, int height);

}  // namespace rooftile::analysis

template <>
struct rooftile::EnumNames<rooftile::analysis::MarkKind> {
  using Kind = analysis::MarkKind;
  static constexpr std::string_view kind = "mark";
  static constexpr Named<Kind> table[] = {{Kind::dot, "dot"},   {Kind::line, "line"},  {Kind::area, "area"},
                                          {Kind::bar, "bar"},   {Kind::cell, "cell"},  {Kind::rule, "rule"},
                                          {Kind::text, "text"}, {Kind::table, "table"}};
};
template <>
struct rooftile::EnumNames<rooftile::analysis::Scale> {
  using enum analysis::Scale;
  static constexpr std::string_view kind = "scale";
  static constexpr Named<analysis::Scale> table[] = {{linear, "linear"}, {log, "log"}, {category, "category"}};
};
