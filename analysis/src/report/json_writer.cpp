#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>

#include "report/cells.hpp"

namespace rooftile::analysis {
namespace {

using Json = nlohmann::ordered_json;

struct JsonValue {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(double value) const { return std::isfinite(value) ? Json(value) : Json(nullptr); }
  template <class T>
  Json operator()(const T& value) const {
    return value;
  }
};

/// One line of JSON; bytes that are no UTF-8 become U+FFFD.
std::string line_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

void write_json(std::ostream& out, const Table& table) {
  out << "{\"schema\": " << line_of("rooftile." + table.name + "/1") << ", \"rooftile\": \"" << ROOFTILE_VERSION
      << "\",\n \"rows\": [";
  const char* separator = "\n  ";
  for (const auto& row : table.rows) {
    Json object = Json::object();
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      object[table.columns[c].name] = std::visit(JsonValue{}, row[c]);
    }
    out << separator << line_of(object);
    separator = ",\n  ";
  }
  out << ']';
  if (!table.notes.empty()) out << ",\n \"notes\": " << line_of(table.notes);
  out << "}\n";
}

}  // namespace rooftile::analysis
