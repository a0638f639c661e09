// Calls that differ in their length alone: bytes per level and time of each kernel, and where one overtakes another.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "charts/fill.hpp"
#include "rooftile/analysis/charts.hpp"

namespace rooftile::analysis {
namespace {

struct Point {
  double time = 0, dram = 0, l2 = 0;
};
/// Points by kernel and length.
struct Family {
  std::string profile;
  charts::CallWords words;
  std::map<std::string, std::map<std::int64_t, Point>> kernels;

  [[nodiscard]] std::size_t results() const {
    std::size_t n = 0;
    for (const auto& [kernel, points] : kernels) n += points.size();
    return n;
  }
  [[nodiscard]] std::string name() const { return profile + ": " + words.text(); }
};

constexpr std::size_t least_lengths = 3;

/// Those with two kernels of some lengths at least, those with the most results first.
std::vector<Family> families(const Store& store) {
  std::map<std::string, Family> found;
  store.for_each(
      "SELECT profile, kernel, batch, heads, kv_heads, head_dim, dtype, mask, pass, l2, dropout, seq_q, time_s, "
      "dram_read_bytes + dram_write_bytes, l2_read_bytes + l2_write_bytes FROM v_result WHERE latest = 1 AND "
      "status = 'ok' AND method = 'predicted' AND predictor <> 'roofline' AND op = 'attention' AND setting = '' AND "
      "br IS NULL AND seq_q = seq_kv AND time_s IS NOT NULL",
      [&](const RowCursor& row) {
        const charts::CallWords words{row.integer(2),          row.integer(3),           row.integer(4),
                                      row.integer(5),          std::string{row.text(6)}, std::string{row.text(7)},
                                      std::string{row.text(8)}};
        const std::string profile{row.text(0)};
        Family& family =
            found[profile + '\n' + words.text() + '\n' + std::string{row.text(9)} + std::string{row.text(10)}];
        family.profile = profile;
        family.words = words;
        family.kernels[std::string{row.text(1)}][row.integer(11)] = {row.number(12), row.number(13), row.number(14)};
      });
  std::vector<Family> all;
  for (auto& [key, family] : found) {
    std::erase_if(family.kernels, [](const auto& entry) { return entry.second.size() < least_lengths; });
    if (family.kernels.size() >= 2) all.push_back(std::move(family));
  }
  std::stable_sort(all.begin(), all.end(), [](const Family& x, const Family& y) { return x.results() > y.results(); });
  return all;
}

Chart traffic(const Family& family, std::size_t n) {
  Table table{.name = "traffic",
              .columns = {{"series", "kernel and level"},
                          {"kernel", "kernel"},
                          {"level", "level"},
                          {"seq", "sequence length", Show::count},
                          {"bytes", "bytes", Show::bytes}}};
  for (const auto& [kernel, points] : family.kernels) {
    for (const bool dram : {true, false}) {
      const std::string level = dram ? "DRAM" : "L2";
      std::string series = kernel;
      series += ", " + level;
      for (const auto& [length, point] : points) {
        table.rows.push_back({series, kernel, level, length, dram ? point.dram : point.l2});
      }
    }
  }
  const std::vector<std::string> tip{"kernel", "level", "seq", "bytes"};
  return {
      .id = "traffic-" + std::to_string(n),
      .section = "Bytes by length",
      .title = "Bytes per level, " + family.name(),
      .text =
          "What goes through DRAM and L2 in one call, as predicted: with the square of the length where the scores go "
          "through memory.",
      .x = {"sequence length", Scale::log, Show::count},
      .y = {"bytes", Scale::log, Show::bytes},
      .tables = {std::move(table)},
      .marks = {{.kind = MarkKind::line, .x = "seq", .y = "bytes", .series = "series", .label = "series"},
                {.kind = MarkKind::dot, .x = "seq", .y = "bytes", .series = "series", .tip = tip}},
      .provenance = {"latest predictions"}};
}

/// Where the times of two kernels cross: between two lengths, on straight lines between their logarithms.
struct Crossing {
  double length = 0;
  std::string faster_before, faster_behind;
};
std::vector<Crossing> crossings(const std::string& a, const std::map<std::int64_t, Point>& of_a, const std::string& b,
                                const std::map<std::int64_t, Point>& of_b) {
  std::vector<Crossing> found;
  double last_length = 0, last = 0;
  for (const auto& [length, point] : of_a) {
    const auto other = of_b.find(length);
    if (other == of_b.end()) continue;
    const double here = std::log(point.time / other->second.time);  // below zero: a is faster
    const double at = std::log(static_cast<double>(length));
    if (last_length > 0 && (last < 0) != (here < 0) && last != 0) {
      const double part = last / (last - here);
      found.push_back({std::exp(std::lerp(last_length, at, part)), last < 0 ? a : b, last < 0 ? b : a});
    }
    last_length = at;
    last = here;
  }
  return found;
}

Chart crossover(const Family& family, std::size_t n) {
  Table times{
      .name = "times",
      .columns = {{"kernel", "kernel"}, {"seq", "sequence length", Show::count}, {"time_s", "time", Show::seconds}}};
  Table rules{.name = "crossovers", .columns = {{"seq", "sequence length", Show::count}, {"what", "crossover"}}};
  for (auto a = family.kernels.begin(); a != family.kernels.end(); ++a) {
    for (const auto& [length, point] : a->second) times.rows.push_back({a->first, length, point.time});
    for (auto b = std::next(a); b != family.kernels.end(); ++b) {
      for (const Crossing& crossing : crossings(a->first, a->second, b->first, b->second)) {
        const auto length = static_cast<std::int64_t>(std::llround(crossing.length));
        rules.rows.push_back({length, crossing.faster_behind + " is faster than " + crossing.faster_before + " from " +
                                          std::to_string(length) + " on"});
      }
    }
  }
  Chart chart{
      .id = "crossover-" + std::to_string(n),
      .section = "Crossover",
      .title = "Time by length, " + family.name(),
      .text = rules.rows.empty() ? "As predicted; one kernel is the fastest at every length."
                                 : "As predicted; vertical lines stand where one kernel overtakes another.",
      .x = {"sequence length", Scale::log, Show::count},
      .y = {"time", Scale::log, Show::seconds},
      .tables = {std::move(times), std::move(rules)},
      .marks =
          {{.kind = MarkKind::line, .x = "seq", .y = "time_s", .series = "kernel", .label = "kernel"},
           {.kind = MarkKind::dot, .x = "seq", .y = "time_s", .series = "kernel", .tip = {"kernel", "seq", "time_s"}}},
      .provenance = {"latest predictions"}};
  if (!chart.tables[1].rows.empty()) {
    chart.marks.push_back({.kind = MarkKind::rule, .table = 1, .x = "seq", .label = "what", .dashed = true});
  }
  return chart;
}

}  // namespace

std::vector<Chart> length_charts(const Store& store, std::size_t most) {
  std::vector<Family> shown = families(store);
  const std::size_t all = shown.size();
  if (shown.size() > most) shown.resize(most);
  std::vector<Chart> charts;
  for (Chart (*const draw)(const Family&, std::size_t) : {traffic, crossover}) {
    for (std::size_t n = 0; n < shown.size(); ++n) {
      charts.push_back(draw(shown[n], n + 1));
      if (all <= most) continue;
      charts.back().aggregated = "set " + std::to_string(n + 1) + " of the " + std::to_string(most) +
                                 " with the most results; there are " + std::to_string(all) + " sets of calls";
    }
  }
  return charts;
}

}  // namespace rooftile::analysis
