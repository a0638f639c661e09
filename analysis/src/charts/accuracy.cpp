// Computed beside observed times: one chart per who computed, the spread per implementation, the error by length.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>

#include "charts/fill.hpp"
#include "rooftile/analysis/charts.hpp"

namespace rooftile::analysis {
namespace {

/// More points than these are joined where they lie side by side.
constexpr std::size_t most_points = 3000;
constexpr double cells_per_decade = 20;

struct Pair {
  std::string profile;
  std::string kernel;                 ///< of published times its name alone, "rt_flash2, measured" of measured ones
  double observed = 0, computed = 0;  ///< s
  std::int64_t length = 0;            ///< keys
  std::string call, source;

  [[nodiscard]] double error_pct() const { return 100 * (computed / observed - 1); }
};

/// Who computed: method and predictor. The model that people rely on first.
using By = std::pair<std::string, std::string>;
std::string name_of_by(const By& by) { return by.first == "predicted" ? "predicted, " + by.second : by.first; }

std::map<By, std::vector<Pair>> read_pairs(const Store& store) {
  std::map<By, std::vector<Pair>> pairs;
  store.for_each(
      "SELECT method, predictor, profile, kernel, observed_ms / 1e3, predicted_ms / 1e3, seq_kv, op, pass, dtype, "
      "batch, heads, kv_heads, seq_q, head_dim, mask, source, observed FROM v_compare ORDER BY kernel, profile, "
      "result_id",
      [&](const RowCursor& row) {
        const charts::CallWords words{row.integer(10),         row.integer(11),          row.integer(12),
                                      row.integer(14),         std::string{row.text(9)}, std::string{row.text(15)},
                                      std::string{row.text(8)}};
        const bool attention = row.text(7) == "attention";
        std::string kernel{row.text(3)};
        if (row.text(17) == "measured") kernel += ", measured";
        pairs[{std::string{row.text(0)}, std::string{row.text(1)}}].push_back(
            {std::string{row.text(2)}, std::move(kernel), row.number(4), row.number(5), row.integer(6),
             attention ? words.text() : std::string{row.text(7)}, std::string{row.text(16)}});
      });
  return pairs;
}

std::vector<std::string> sources_of(const std::vector<Pair>& pairs) {
  std::vector<std::string> sources;
  for (const Pair& pair : pairs) sources.push_back(pair.source);
  std::sort(sources.begin(), sources.end());
  sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
  return sources;
}

/// Every pair, or those of one implementation that lie side by side as one, in the middle of them.
Table points_of(const std::vector<Pair>& pairs) {
  Table table{.name = "pairs",
              .columns = {{"kernel", "kernel"},
                          {"profile", "GPU"},
                          {"observed_s", "observed", Show::seconds},
                          {"computed_s", "computed", Show::seconds},
                          {"error_pct", "error", Show::percent},
                          {"results", "results", Show::count},
                          {"call", "call"}}};
  if (pairs.size() <= most_points) {
    for (const Pair& pair : pairs) {
      const std::string keys = pair.length > 0 ? ", " + std::to_string(pair.length) + " keys" : "";
      table.rows.push_back({pair.kernel, pair.profile, pair.observed, pair.computed, pair.error_pct(), std::int64_t{1},
                            pair.call + keys});
    }
    return table;
  }
  struct Sum {
    double observed = 0, computed = 0;  ///< logarithms
    std::int64_t n = 0;
  };
  std::map<std::tuple<std::string, std::string, std::int64_t, std::int64_t>, Sum> cells;
  const auto cell = [](double time) { return std::llround(std::floor(cells_per_decade * std::log10(time))); };
  for (const Pair& pair : pairs) {
    Sum& sum = cells[{pair.kernel, pair.profile, cell(pair.observed), cell(pair.computed)}];
    sum.observed += std::log(pair.observed);
    sum.computed += std::log(pair.computed);
    ++sum.n;
  }
  for (const auto& [key, sum] : cells) {
    const double n = static_cast<double>(sum.n);
    const double observed = std::exp(sum.observed / n), computed = std::exp(sum.computed / n);
    table.rows.push_back({std::get<0>(key), std::get<1>(key), observed, computed, 100 * (computed / observed - 1),
                          sum.n, std::to_string(sum.n) + " results"});
  }
  return table;
}

/// Where computed = observed, and 10 % to both sides.
Table diagonal_of(const std::vector<Pair>& pairs) {
  const auto [low, high] = std::minmax_element(pairs.begin(), pairs.end(),
                                               [](const Pair& x, const Pair& y) { return x.observed < y.observed; });
  Table table{.name = "equal",
              .columns = {{"observed_s", "observed", Show::seconds},
                          {"equal_s", "equal", Show::seconds},
                          {"low_s", "10 % less", Show::seconds},
                          {"high_s", "10 % more", Show::seconds}}};
  for (const double time : {low->observed / 1.2, high->observed * 1.2}) {
    table.rows.push_back({time, time, 0.9 * time, 1.1 * time});
  }
  return table;
}

Chart scatter(const By& by, const std::vector<Pair>& pairs) {
  const std::string who = name_of_by(by);
  Chart chart{
      .id = "against-observed-" + id_of(by.first + "-" + by.second),
      .section = "Against measurements",
      .title = "Times " + who + ", against observed ones",
      .text =
          "Each point is a call: above the diagonal, it took less than computed. The band is 10 % to both sides. "
          "Observed times are published where they are not called measured.",
      .x = {"observed time", Scale::log, Show::seconds},
      .y = {"time, " + who, Scale::log, Show::seconds},
      .tables = {diagonal_of(pairs), points_of(pairs)},
      .provenance = sources_of(pairs)};
  if (pairs.size() > most_points) {
    chart.aggregated = "calls of one kernel and GPU whose times are within 12 % of each other are one point: " +
                       std::to_string(pairs.size()) + " in all";
  }
  chart.marks = {{.kind = MarkKind::area, .table = 0, .x = "observed_s", .y1 = "low_s", .y2 = "high_s"},
                 {.kind = MarkKind::line, .table = 0, .x = "observed_s", .y = "equal_s"},
                 {.kind = MarkKind::dot,
                  .table = 1,
                  .x = "observed_s",
                  .y = "computed_s",
                  .series = "kernel",
                  .tip = {"kernel", "profile", "call", "observed_s", "computed_s", "error_pct", "results"}}};
  return chart;
}

/// Errors, sorted, by a key.
template <class Key, class KeyOf>
std::map<Key, std::vector<double>> errors_by(const std::vector<Pair>& pairs, KeyOf key_of) {
  std::map<Key, std::vector<double>> errors;
  for (const Pair& pair : pairs) errors[key_of(pair)].push_back(pair.error_pct());
  for (auto& [key, sorted] : errors) std::sort(sorted.begin(), sorted.end());
  return errors;
}

std::vector<Column> spread_columns() {
  return {{"results", "results", Show::count},
          {"p5_pct", "5 % are below", Show::percent},
          {"median_pct", "median error", Show::percent},
          {"p95_pct", "5 % are above", Show::percent}};
}
std::vector<Value> spread_cells(const std::vector<double>& sorted) {
  return {static_cast<std::int64_t>(sorted.size()), charts::quantile(sorted, 0.05), charts::quantile(sorted, 0.5),
          charts::quantile(sorted, 0.95)};
}

Chart spread(const By& by, const std::vector<Pair>& pairs) {
  Table table{.name = "spread", .columns = {{"kernel", "kernel"}}};
  for (Column& column : spread_columns()) table.columns.push_back(std::move(column));
  for (const auto& [kernel, sorted] : errors_by<std::string>(pairs, [](const Pair& pair) { return pair.kernel; })) {
    std::vector<Value> row{kernel};
    for (Value& cell : spread_cells(sorted)) row.push_back(std::move(cell));
    table.rows.push_back(std::move(row));
  }
  return {.id = "error-by-kernel-" + id_of(by.first + "-" + by.second),
          .section = "Against measurements",
          .title = "Errors of times " + name_of_by(by) + ", by implementation",
          .text = "Bars hold nine of ten errors, dots are medians; below zero, the model is too fast.",
          .x = {"error", Scale::linear, Show::percent},
          .y = {"implementation", Scale::category, Show::text},
          .tables = {std::move(table)},
          .marks = {{.kind = MarkKind::bar, .y = "kernel", .x1 = "p5_pct", .x2 = "p95_pct"},
                    {.kind = MarkKind::dot,
                     .x = "median_pct",
                     .y = "kernel",
                     .tip = {"kernel", "results", "p5_pct", "median_pct", "p95_pct"}}},
          .aggregated = "each bar stands for all results of an implementation",
          .provenance = sources_of(pairs)};
}

Chart by_length(const By& by, const std::vector<Pair>& all) {
  std::vector<Pair> pairs;
  std::copy_if(all.begin(), all.end(), std::back_inserter(pairs), [](const Pair& pair) { return pair.length > 0; });
  using Key = std::pair<std::string, std::int64_t>;
  Table table{.name = "by_length", .columns = {{"kernel", "kernel"}, {"seq_kv", "keys", Show::count}}};
  for (Column& column : spread_columns()) table.columns.push_back(std::move(column));
  for (const auto& [key, sorted] : errors_by<Key>(pairs, [](const Pair& pair) {
         return Key{pair.kernel, pair.length};
       })) {
    std::vector<Value> row{key.first, key.second};
    for (Value& cell : spread_cells(sorted)) row.push_back(std::move(cell));
    table.rows.push_back(std::move(row));
  }
  return {.id = "error-by-length-" + id_of(by.first + "-" + by.second),
          .section = "Against measurements",
          .title = "Errors of times " + name_of_by(by) + ", by sequence length",
          .text = "The median error of the calls of one implementation and length; below zero, the model is too fast.",
          .x = {"keys", Scale::log, Show::count},
          .y = {"median error", Scale::linear, Show::percent},
          .tables = {std::move(table)},
          .marks = {{.kind = MarkKind::line, .x = "seq_kv", .y = "median_pct", .series = "kernel"},
                    {.kind = MarkKind::dot,
                     .x = "seq_kv",
                     .y = "median_pct",
                     .series = "kernel",
                     .tip = {"kernel", "seq_kv", "results", "p5_pct", "median_pct", "p95_pct"}}},
          .aggregated = "each point stands for all results of an implementation and length",
          .provenance = sources_of(pairs)};
}

}  // namespace

std::vector<Chart> accuracy_charts(const Store& store) {
  std::vector<Chart> charts;
  for (const auto& [by, pairs] : read_pairs(store)) {
    charts.push_back(scatter(by, pairs));
    charts.push_back(spread(by, pairs));
    Chart lengths = by_length(by, pairs);
    if (!lengths.tables.front().rows.empty()) charts.push_back(std::move(lengths));
  }
  return charts;
}

}  // namespace rooftile::analysis
