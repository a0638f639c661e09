// Roofs of a GPU, and what its kernels reach under them: one marker per memory level that a call goes through.
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "charts/fill.hpp"
#include "rooftile/analysis/charts.hpp"

namespace rooftile::analysis {
namespace {

/// The largest call of each kernel and pass on one GPU, by who computed it.
struct Call {
  std::string kernel, pass, by, words;
  double time = 0, flop = 0;
  std::array<double, 3> bytes{};  ///< by level_names
};
constexpr std::array<const char*, 3> level_names{"DRAM", "L2", "shared memory"};

std::string quoted(const std::string& text) {
  std::string sql = "'";
  for (const char c : text) sql += c == '\'' ? std::string{"''"} : std::string{c};
  return sql + "'";
}

std::vector<Call> calls_of(const Store& store, const std::string& profile) {
  std::vector<Call> calls;
  store.for_each(
      "SELECT kernel, pass, CASE method WHEN 'predicted' THEN predictor ELSE method END, max(flop), time_s, "
      "dram_read_bytes + dram_write_bytes, l2_read_bytes + l2_write_bytes, smem_bytes, op, batch, heads, kv_heads, "
      "head_dim, dtype, mask, seq_q, seq_kv FROM v_result WHERE latest = 1 AND status = 'ok' AND flop > 0 AND "
      "time_s IS NOT NULL AND setting = '' AND br IS NULL AND method IN ('predicted', 'simulated') AND profile = " +
          quoted(profile) + " GROUP BY kernel, pass, method, predictor ORDER BY kernel, pass",
      [&](const RowCursor& row) {
        Call call{.kernel = std::string{row.text(0)},
                  .pass = std::string{row.text(1)},
                  .by = std::string{row.text(2)},
                  .words = std::string{row.text(8)},
                  .time = row.number(4),
                  .flop = row.number(3),
                  .bytes = {row.number(5), row.number(6), row.number(7)}};
        if (call.words == "attention") {
          const charts::CallWords words{row.integer(9),  row.integer(10),           row.integer(11),
                                        row.integer(12), std::string{row.text(13)}, std::string{row.text(14)},
                                        call.pass};
          call.words =
              words.text() + ", seq " + std::to_string(row.integer(15)) + " x " + std::to_string(row.integer(16));
        }
        calls.push_back(std::move(call));
      });
  return calls;
}

/// A roofline's own answers lie on a roof, whatever the kernel: they are left out where another has answered.
std::vector<Call> without_plain_roofs(const std::vector<Call>& calls) {
  std::vector<Call> shown;
  std::copy_if(calls.begin(), calls.end(), std::back_inserter(shown), [&calls](const Call& call) {
    const auto is_better = [&call](const Call& other) {
      return other.by != "roofline" && other.kernel == call.kernel && other.pass == call.pass;
    };
    return call.by != "roofline" || std::none_of(calls.begin(), calls.end(), is_better);
  });
  return shown;
}

Table markers(const std::vector<Call>& calls) {
  Table table{.name = "kernels",
              .columns = {{"kernel", "kernel"},
                          {"pass", "pass"},
                          {"by", "computed by"},
                          {"level", "level"},
                          {"intensity", "intensity", Show::flop_per_byte},
                          {"rate", "rate", Show::flop_per_second},
                          {"time_s", "time", Show::seconds},
                          {"bytes", "bytes", Show::bytes},
                          {"call", "call"}}};
  for (const Call& call : calls) {
    for (std::size_t level = 0; level < level_names.size(); ++level) {
      if (!(call.bytes[level] > 0)) continue;
      table.rows.push_back({call.kernel, call.pass, call.by, std::string{level_names[level]},
                            call.flop / call.bytes[level], call.flop / call.time, call.time, call.bytes[level],
                            call.words});
    }
  }
  return table;
}

struct Range {
  double low, high;
};
/// Of the intensities, wide enough for every ridge.
Range intensities(const Table& kernels, const RoofsOf& of) {
  Range range{1, 100};
  for (const auto& row : kernels.rows) {
    range.low = std::min(range.low, std::get<double>(row[4]));
    range.high = std::max(range.high, std::get<double>(row[4]));
  }
  double highest = 0;
  for (const Roof& roof : of.roofs) highest = roof.bandwidth ? highest : std::max(highest, roof.datasheet);
  for (const Roof& roof : of.roofs) {
    if (roof.bandwidth) range.high = std::max(range.high, highest / roof.datasheet);
  }
  return {range.low / 2, range.high * 2};
}

/// Two points per roof: diagonals up to the highest rate, levels from the steepest diagonal on.
Table lines_of(const RoofsOf& of, Range x, bool sustained) {
  Table table{
      .name = sustained ? "sustained" : "roofs",
      .columns = {
          {"roof", "roof"}, {"intensity", "intensity", Show::flop_per_byte}, {"rate", "rate", Show::flop_per_second}}};
  double highest = 0, steepest = 0;
  for (const Roof& roof : of.roofs) {
    double& most = roof.bandwidth ? steepest : highest;
    most = std::max(most, roof.datasheet);
  }
  for (const Roof& roof : of.roofs) {
    const double value = sustained ? roof.sustained : roof.datasheet;
    if (!(value > 0)) continue;
    const Show show = roof.bandwidth ? Show::bytes_per_second : Show::flop_per_second;
    const std::string name = roof.label + ' ' + show_cell(value, show) + (sustained ? " sustained" : "");
    const double begin = roof.bandwidth ? x.low : std::max(x.low, value / steepest);
    const double end = roof.bandwidth ? std::min(x.high, highest / value) : x.high;
    for (const double at : {begin, end}) table.rows.push_back({name, at, roof.bandwidth ? value * at : value});
  }
  return table;
}

/// Where DRAM and the fastest unit take equally long.
Table ridge_of(const RoofsOf& of) {
  Table table{.name = "ridge",
              .columns = {{"ridge", "ridge"},
                          {"intensity", "intensity", Show::flop_per_byte},
                          {"rate", "rate", Show::flop_per_second}}};
  double highest = 0, slowest = 0;
  for (const Roof& roof : of.roofs) {
    if (!roof.bandwidth) highest = std::max(highest, roof.datasheet);
    if (roof.bandwidth && (slowest == 0 || roof.datasheet < slowest)) slowest = roof.datasheet;
  }
  if (slowest > 0 && highest > 0) {
    const double at = highest / slowest;
    table.rows.push_back({"ridge " + show_cell(at, Show::flop_per_byte), at, highest});
  }
  return table;
}

}  // namespace

std::vector<Chart> roofline_charts(const Store& store, std::span<const RoofsOf> roofs) {
  std::vector<Chart> charts;
  for (const RoofsOf& of : roofs) {
    Table kernels = markers(without_plain_roofs(calls_of(store, of.profile)));
    if (kernels.rows.empty() || of.roofs.empty()) continue;
    const Range x = intensities(kernels, of);
    Chart chart{
        .id = "roofline-" + id_of(of.profile),
        .section = "Roofline",
        .title = "Roofline of " + of.profile,
        .text =
            "Diagonals are memory levels, level lines are units: solid by the datasheet, dashed as sustained. Each "
            "kernel's largest call has one marker per level: its rate over the FLOP per byte of that level.",
        .x = {"FLOP per byte", Scale::log, Show::number},
        .y = {"rate, FLOP as the papers count", Scale::log, Show::flop_per_second},
        .tables = {lines_of(of, x, false), lines_of(of, x, true), ridge_of(of), std::move(kernels)},
        .aggregated = "the largest call of each kernel and pass",
        .provenance = {"roofs: profile " + of.profile, "markers: latest computed results"}};
    const Mark line{
        .kind = MarkKind::line, .x = "intensity", .y = "rate", .series = "roof", .label = "roof", .along = true};
    chart.marks = {line, line};
    chart.marks[1].table = 1;
    chart.marks[1].dashed = true;
    chart.marks.push_back({.kind = MarkKind::text, .table = 2, .x = "intensity", .y = "rate", .label = "ridge"});
    chart.marks.push_back({.kind = MarkKind::dot,
                           .table = 3,
                           .x = "intensity",
                           .y = "rate",
                           .series = "level",
                           .symbol = "kernel",
                           .tip = {"kernel", "pass", "by", "level", "intensity", "rate", "time_s", "bytes", "call"}});
    charts.push_back(std::move(chart));
  }
  return charts;
}

}  // namespace rooftile::analysis
