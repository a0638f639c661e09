// A chart as a gnuplot script: its tables as data blocks, its marks as plots. What is painted in a browser by the
// report is painted here without one.
//
//   $tr_0 << EOD ... EOD                   rows of one series of a table
//   plot $tr_0 using 1:2 with lines ...    one plot per mark and series
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <ostream>
#include <set>
#include <stdexcept>

#include "rooftile/analysis/chart.hpp"

namespace rooftile::analysis {
namespace {

/// Told apart without colour, too. Okabe and Ito, "Color Universal Design" (2008).
constexpr const char* colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                   "#E69F00", "#56B4E9", "#000000", "#8C8C00"};
constexpr int symbols[] = {7, 5, 9, 13, 11, 6, 4, 8};
constexpr const char* fills[] = {"solid 0.9", "pattern 2", "pattern 1", "solid 0.4", "pattern 4"};
constexpr std::size_t looks = std::size(colours);
constexpr const char* points = "points pt @symbol ps 0.8 lc rgb '@colour'";

/// In single quotes, where gnuplot reads nothing but a quote.
std::string single_quoted(const std::string& text) {
  std::string safe = "'";
  for (const char c : text) {
    if (c == '\'') safe += '\'';
    safe += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return safe + "'";
}

std::size_t column_of(const Table& table, const std::string& name) {
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].name == name) return c;
  }
  throw std::invalid_argument{"no column '" + name + "' in table '" + table.name + "'"};
}

double number_of(const Value& value) {
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  return std::nan("");
}

/// Writes one chart.
class Script {
 public:
  Script(std::ostream& out, const Chart& chart) : out_{out}, chart_{chart} {}

  void write(int width, int height) {
    out_ << "set terminal svg size " << width << ',' << height
         << " font 'Helvetica,13' background rgb 'white' noenhanced\n"
         << "set title " << single_quoted(chart_.title) << " noenhanced\n"
         << "set grid lc rgb '#dddddd'\nset border 3\nset tics nomirror\nset key below noenhanced\n";
    if (has_roofs()) frame_roofs(width, height);
    collect_categories();
    axis("x", chart_.x, x_categories_);
    axis("y", chart_.y, y_categories_);
    for (const Mark& mark : chart_.marks) add(mark);
    if (plots_.empty()) throw std::invalid_argument{"'" + chart_.id + "' is a table: nothing to draw"};
    out_ << "plot ";
    for (std::size_t n = 0; n < plots_.size(); ++n) out_ << (n > 0 ? ", \\\n     " : "") << plots_[n];
    out_ << '\n';
  }

 private:
  using Categories = std::vector<std::string>;

  /// What gnuplot writes at a tick; it knows the prefixes.
  [[nodiscard]] static const char* ticks_of(Show show) {
    switch (show) {
      case Show::seconds: return "%.0s %cs";
      case Show::bytes: return "%.0s %cB";
      case Show::flop_per_second: return "%.0s %cFLOP/s";
      case Show::bytes_per_second: return "%.0s %cB/s";
      case Show::percent: return "%g %%";
      default: return "%g";
    }
  }

  void collect_categories() {
    for (const Mark& mark : chart_.marks) {
      const Table& table = chart_.tables[mark.table];
      if (chart_.x.scale == Scale::category && !mark.x.empty()) gather(table, mark.x, x_categories_);
      if (chart_.y.scale == Scale::category && !mark.y.empty()) gather(table, mark.y, y_categories_);
    }
    for (Categories* categories : {&x_categories_, &y_categories_}) {
      const bool numbers = std::all_of(categories->begin(), categories->end(), [](const std::string& text) {
        return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
      });
      if (numbers) {
        std::sort(categories->begin(), categories->end(),
                  [](const std::string& x, const std::string& y) { return std::stoll(x) < std::stoll(y); });
      }
    }
  }
  static void gather(const Table& table, const std::string& column, Categories& into) {
    const std::size_t c = column_of(table, column);
    for (const auto& row : table.rows) {
      const std::string text = plain_cell(row[c]);
      if (std::find(into.begin(), into.end(), text) == into.end()) into.push_back(text);
    }
  }

  void axis(const char* name, const Axis& axis, const Categories& categories) {
    out_ << "set " << name << "label " << single_quoted(axis.label) << " noenhanced\n";
    if (axis.scale == Scale::log) out_ << "set logscale " << name << '\n';
    if (axis.scale != Scale::category)
      out_ << "set format " << name << ' ' << single_quoted(ticks_of(axis.show)) << '\n';
    if (categories.empty()) return;
    out_ << "set " << name << "tics (";
    for (std::size_t n = 0; n < categories.size(); ++n) {
      out_ << (n > 0 ? ", " : "") << single_quoted(categories[n]) << ' ' << n;
    }
    const double last = static_cast<double>(categories.size()) - 0.4;
    out_ << ") noenhanced\nset " << name << "range [";
    if (*name == 'y' && chart_.x.scale != Scale::category) {  // the first on top
      out_ << last << ":-0.6]\n";
    } else {
      out_ << "-0.6:" << last << "]\n";
    }
  }
  /// A value as it stands on its axis.
  [[nodiscard]] std::string place(const Value& value, bool x) const {
    const Categories& categories = x ? x_categories_ : y_categories_;
    if (!categories.empty()) {
      const auto found = std::find(categories.begin(), categories.end(), plain_cell(value));
      return std::to_string(found - categories.begin());
    }
    const double number = number_of(value);
    return std::isfinite(number) ? plain_cell(number) : std::string{"NaN"};
  }

  void add(const Mark& mark) {
    switch (mark.kind) {
      case MarkKind::dot: return mark.symbol.empty() ? each_series(mark, {&mark.x, &mark.y}, points) : shapes(mark);
      case MarkKind::line: {
        if (mark.along && !mark.label.empty()) label_roofs(mark);
        const std::string dash = mark.dashed ? " dt 2" : mark.series.empty() ? "" : " dt @dash";
        return each_series(mark, {&mark.x, &mark.y}, "lines lw 2 lc rgb '@colour'" + dash);
      }
      case MarkKind::area:
        return each_series(mark, {&mark.x, &mark.y1, &mark.y2}, "filledcurves fc rgb '#cccccc' fs solid 0.5");
      case MarkKind::bar: return bar(mark);
      case MarkKind::cell: return cell(mark);
      case MarkKind::rule: return rule(mark);
      case MarkKind::text: return each_series(mark, {&mark.x, &mark.y, &mark.label}, "labels offset 0,0.8 noenhanced");
      case MarkKind::table: return;
    }
  }

  /// Dots whose shape says one thing and whose colour another; the legend has both apart.
  void shapes(const Mark& mark) {
    const Table& table = chart_.tables[mark.table];
    const std::size_t by_shape = column_of(table, mark.symbol), by_colour = column_of(table, mark.series);
    const std::size_t x = column_of(table, mark.x), y = column_of(table, mark.y);
    Categories of_shape, of_colour;
    gather(table, mark.symbol, of_shape);
    gather(table, mark.series, of_colour);
    for (std::size_t shape = 0; shape < of_shape.size(); ++shape) {
      for (std::size_t colour = 0; colour < of_colour.size(); ++colour) {
        const std::string block = "$data_" + std::to_string(blocks_++);
        out_ << block << " << EOD\n";
        for (const auto& row : table.rows) {
          if (plain_cell(row[by_shape]) != of_shape[shape] || plain_cell(row[by_colour]) != of_colour[colour]) continue;
          out_ << place(row[x], true) << ' ' << place(row[y], false) << '\n';
        }
        out_ << "EOD\n";
        plots_.push_back(block + point(shape, colours[colour % looks]) + " notitle");
      }
    }
    for (std::size_t shape = 0; shape < of_shape.size(); ++shape) {
      plots_.push_back("NaN" + point(shape, "#555555") + " title " + single_quoted(of_shape[shape]) + " noenhanced");
    }
    for (std::size_t colour = 0; colour < of_colour.size(); ++colour) {
      plots_.push_back(std::string{"NaN with lines lw 6 lc rgb '"} + colours[colour % looks] + "' title " +
                       single_quoted(of_colour[colour]) + " noenhanced");
    }
  }
  static std::string point(std::size_t shape, const char* colour) {
    return " with points pt " + std::to_string(symbols[shape % looks]) + " ps 1 lc rgb '" + colour + "'";
  }

  /// Lines that say along themselves what they are: the chart's range is theirs.
  [[nodiscard]] bool has_roofs() const {
    return std::any_of(chart_.marks.begin(), chart_.marks.end(), [](const Mark& mark) { return mark.along; });
  }
  /// Decades of the values on an axis, the least and the most.
  [[nodiscard]] std::pair<double, double> decades(bool x) const {
    double least = 0, most = 0;
    bool any = false;
    for (const Mark& mark : chart_.marks) {
      const std::string& name = x ? mark.x : mark.y;
      if (name.empty()) continue;
      const Table& table = chart_.tables[mark.table];
      const std::size_t c = column_of(table, name);
      for (const auto& row : table.rows) {
        const double value = std::log10(number_of(row[c]));
        if (!std::isfinite(value)) continue;
        least = any ? std::min(least, value) : value;
        most = any ? std::max(most, value) : value;
        any = true;
      }
    }
    return {least, most};
  }
  /// Roofs end at the frame; above the highest there is room for its name.
  void frame_roofs(int width, int height) {
    const auto [left, right] = decades(true);
    const auto [low, high] = decades(false);
    const double bottom = low - 0.1, top = high + 0.5;
    out_ << "set xrange [" << plain_cell(std::pow(10, left)) << ':' << plain_cell(std::pow(10, right))
         << "]\nset yrange [" << plain_cell(std::pow(10, bottom)) << ':' << plain_cell(std::pow(10, top)) << "]\n";
    slope_ = slope((top - bottom) / height, (right - left) / width);
  }
  /// Degrees by which a diagonal rises where a pixel has so many decades.
  [[nodiscard]] static int slope(double of_y, double of_x) {
    constexpr double degrees = 57.3, framed = 0.9;  // titles and ticks take some of the height, less of the width
    return static_cast<int>(std::lround(degrees * std::atan2(framed * of_x, of_y)));
  }

  /// On diagonals at their begin, on level ones at their end.
  void label_roofs(const Mark& mark) {
    const Table& table = chart_.tables[mark.table];
    const std::size_t label = column_of(table, mark.label), x = column_of(table, mark.x), y = column_of(table, mark.y);
    for (std::size_t n = 0; n < table.rows.size(); ++n) {
      const auto& row = table.rows[n];
      const bool last = n + 1 == table.rows.size() || plain_cell(table.rows[n + 1][label]) != plain_cell(row[label]);
      if (!last) continue;
      const bool rises = n > 0 && number_of(table.rows[n - 1][y]) < number_of(row[y]);
      const auto& at = rises ? table.rows[n - 1] : row;
      out_ << "set label " << single_quoted(plain_cell(row[label])) << " at " << place(at[x], true) << ','
           << place(at[y], false) << (rises ? " left rotate by " + std::to_string(slope_) : " right") << " offset "
           << (rises ? "0.4," : "0,") << (mark.dashed ? "-0.8" : "0.7") << " font ',10' noenhanced front\n";
    }
  }

  void bar(const Mark& mark) {
    if (mark.x1.empty()) {
      return each_series(mark, {&mark.x, &mark.y1, &mark.y1, &mark.y2, &mark.y2},
                         "candlesticks fc rgb '@colour' fs solid 0.6 lc rgb '@colour'");
    }
    each_series(mark, {&mark.x1, &mark.y, &mark.x1, &mark.x2},
                mark.series.empty() ? "boxxyerror fc rgb '#a6cbe8' fs solid 1 border lc rgb 'white'"
                                    : "boxxyerror fc rgb '@colour' fs @fill border lc rgb 'white'",
                "using 1:2:3:4:($2-0.36):($2+0.36)");
  }
  void cell(const Mark& mark) {
    out_ << "set palette defined (0 '#f7fbff', 1 '#6baed6')\nset cblabel 'of the best' noenhanced\n";
    each_series(mark, {&mark.x, &mark.y, &mark.fill}, "boxxyerror fc palette fs solid 1 border lc rgb 'white'",
                "using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3");
    each_series(mark, {&mark.x, &mark.y, &mark.label}, "labels font ',9' noenhanced");
  }
  void rule(const Mark& mark) {
    const Table& table = chart_.tables[mark.table];
    const bool x = !mark.x.empty();
    const std::size_t c = column_of(table, x ? mark.x : mark.y);
    for (const auto& row : table.rows) {
      const std::string at = place(row[c], x);
      out_ << "set arrow from ";
      if (x) {
        out_ << at << ", graph 0 to " << at << ", graph 1";
      } else {
        out_ << "graph 0, " << at << " to graph 1, " << at;
      }
      out_ << " nohead dt 2 lc rgb '#555555'\n";
      if (mark.label.empty()) continue;
      out_ << "set label " << single_quoted(plain_cell(row[column_of(table, mark.label)])) << " at "
           << (x ? at + ", graph 0.03 rotate by 90 offset 0.8,0" : "graph 0.02, " + at) << " noenhanced\n";
    }
  }

  /// A data block and a plot for each series of a mark.
  void each_series(const Mark& mark, const std::vector<const std::string*>& columns, const std::string& with,
                   const std::string& using_columns = "") {
    const Table& table = chart_.tables[mark.table];
    const std::string& by = mark.series.empty() && mark.kind == MarkKind::line ? mark.label : mark.series;
    std::vector<std::string> order;
    std::map<std::string, std::string> rows;
    for (const auto& row : table.rows) {
      const std::string series = by.empty() ? std::string{} : plain_cell(row[column_of(table, by)]);
      if (!rows.contains(series)) order.push_back(series);
      for (std::size_t n = 0; n < columns.size(); ++n) {
        const Value& value = row[column_of(table, *columns[n])];
        const bool on_x = columns[n] == &mark.x || columns[n] == &mark.x1 || columns[n] == &mark.x2;
        const bool worded = columns[n] == &mark.label;
        rows[series] += (n > 0 ? " " : "") + (worded                     ? '"' + words(table, value, *columns[n]) + '"'
                                              : columns[n] == &mark.fill ? plain_cell(number_of(value))
                                                                         : place(value, on_x));
      }
      rows[series] += '\n';
    }
    for (const std::string& series : order) {
      const std::string block = "$data_" + std::to_string(blocks_++);
      out_ << block << " << EOD\n" << rows[series] << "EOD\n";
      std::string plot = block;
      for (const std::string& part : {" " + using_columns, " with " + dressed(with, series), title(mark, series)}) {
        plot += part;
      }
      plots_.push_back(std::move(plot));
    }
  }
  static std::string words(const Table& table, const Value& value, const std::string& column) {
    std::string text = show_cell(value, table.columns[column_of(table, column)].show);
    std::erase_if(text, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' '; });
    return text;
  }
  std::string dressed(std::string with, const std::string& series) {
    const std::size_t n = series.empty() ? 0 : look_of(series) % looks;
    const std::pair<std::string, std::string> words[] = {{"@symbol", std::to_string(symbols[n])},
                                                         {"@colour", series.empty() ? "#333333" : colours[n]},
                                                         {"@dash", std::to_string(n % 4 + 1)},
                                                         {"@fill", fills[n % std::size(fills)]}};
    for (const auto& [word, value] : words) {
      for (std::size_t at = with.find(word); at != std::string::npos; at = with.find(word)) {
        with.replace(at, word.size(), value);
      }
    }
    return with;
  }
  std::size_t look_of(const std::string& series) { return looks_.try_emplace(series, looks_.size()).first->second; }
  std::string title(const Mark& mark, const std::string& series) {
    const bool in_legend = mark.label.empty() || (mark.kind == MarkKind::line && !mark.along);
    const bool named = !series.empty() && in_legend && titled_.insert(series).second;
    return named ? " title " + single_quoted(series) + " noenhanced" : " notitle";
  }

  std::ostream& out_;
  const Chart& chart_;
  Categories x_categories_, y_categories_;
  std::vector<std::string> plots_;
  std::map<std::string, std::size_t> looks_;
  std::set<std::string> titled_;
  int blocks_ = 0;
  int slope_ = 0;
};

}  // namespace

void write_gnuplot(std::ostream& out, const Chart& chart, int width, int height) {
  Script{out, chart}.write(width, height);
}

}  // namespace rooftile::analysis
