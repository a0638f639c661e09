// A report as the page reads it (analysis/report/): one object, no "<" in it.
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "rooftile/analysis/chart.hpp"

namespace rooftile::analysis {
namespace {

using Json = nlohmann::ordered_json;

/// The unit that the page prefixes: "TFLOP/s", "GB".
const char* unit_of(Show show) {
  switch (show) {
    case Show::seconds: return "s";
    case Show::bytes: return "B";
    case Show::flop: return "FLOP";
    case Show::bytes_per_second: return "B/s";
    case Show::flop_per_second: return "FLOP/s";
    case Show::flop_per_byte: return "FLOP/B";
    case Show::hertz: return "Hz";
    case Show::percent: return "%";
    case Show::ratio: return "x";
    case Show::text:
    case Show::count:
    case Show::number:
    case Show::fraction:
    case Show::yes_no: return "";
  }
  return "";
}

struct CellJson {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(double value) const { return std::isfinite(value) ? Json(value) : Json(nullptr); }
  template <class T>
  Json operator()(const T& value) const {
    return value;
  }
};

Json json_of(const Axis& axis) {
  return {{"label", axis.label}, {"scale", name_of(axis.scale)}, {"unit", unit_of(axis.show)}};
}

Json json_of(const Table& table) {
  Json columns = Json::array(), rows = Json::array();
  for (const Column& column : table.columns) {
    columns.push_back({{"name", column.name}, {"heading", column.heading}, {"unit", unit_of(column.show)}});
  }
  for (const auto& row : table.rows) {
    Json cells = Json::array();
    for (const Value& value : row) cells.push_back(std::visit(CellJson{}, value));
    rows.push_back(std::move(cells));
  }
  return {{"name", table.name}, {"columns", std::move(columns)}, {"rows", std::move(rows)}};
}

Json json_of(const Mark& mark) {
  Json json{{"mark", name_of(mark.kind)}, {"table", mark.table}};
  const std::pair<const char*, const std::string&> columns[] = {
      {"x", mark.x},   {"y", mark.y},           {"x1", mark.x1},         {"x2", mark.x2},     {"y1", mark.y1},
      {"y2", mark.y2}, {"series", mark.series}, {"symbol", mark.symbol}, {"fill", mark.fill}, {"label", mark.label}};
  for (const auto& [name, column] : columns) {
    if (!column.empty()) json[name] = column;
  }
  if (mark.along) json["along"] = true;
  if (mark.dashed) json["dash"] = true;
  if (!mark.tip.empty()) json["tip"] = mark.tip;
  return json;
}

Json json_of(const Chart& chart) {
  Json json{{"id", chart.id},
            {"section", chart.section},
            {"title", chart.title},
            {"text", chart.text},
            {"x", json_of(chart.x)},
            {"y", json_of(chart.y)},
            {"tables", Json::array()},
            {"marks", Json::array()},
            {"aggregated", chart.aggregated},
            {"provenance", chart.provenance}};
  for (const Table& table : chart.tables) json["tables"].push_back(json_of(table));
  for (const Mark& mark : chart.marks) json["marks"].push_back(json_of(mark));
  return json;
}

/// Bytes that are no UTF-8 become U+FFFD; what could end a script element, or a line of one, is escaped.
std::string harmless(const Json& json) {
  const std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

void write_json(std::ostream& out, const Report& report) {
  Json json{{"schema", "rooftile.report/1"}, {"title", "rooftile report"},  {"generated", report.generated},
            {"rooftile", ROOFTILE_VERSION},  {"database", report.database}, {"summary", Json::array()},
            {"notes", report.notes},         {"charts", Json::array()}};
  for (const auto& [label, value] : report.facts) json["summary"].push_back({{"label", label}, {"value", value}});
  for (const Chart& chart : report.charts) json["charts"].push_back(json_of(chart));
  out << harmless(json);
}

}  // namespace rooftile::analysis
