#include "charts/fill.hpp"

#include <algorithm>
#include <cmath>

namespace rooftile::analysis {

std::string id_of(std::string_view text) {
  std::string id;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    id += plain ? c : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : '-';
  }
  return id;
}

namespace charts {
namespace {

Value value_of(const SqlValue& value) {
  return std::visit([](const auto& held) { return Value{held}; }, value);
}

}  // namespace

Table table_from(const Store& store, std::string name, std::vector<Column> columns, std::string_view sql) {
  Table table{.name = std::move(name), .columns = std::move(columns)};
  const int width = static_cast<int>(table.columns.size());
  store.for_each(sql, [&](const RowCursor& row) {
    std::vector<Value> cells;
    for (int c = 0; c < width; ++c) cells.push_back(value_of(row.value(c)));
    table.rows.push_back(std::move(cells));
  });
  return table;
}

double quantile(const std::vector<double>& sorted, double fraction) {
  const double place = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

std::string CallWords::text() const {
  std::string words = "batch " + std::to_string(batch) + ", heads " + std::to_string(heads);
  if (kv_heads != heads) words += "/" + std::to_string(kv_heads);
  words += ", d " + std::to_string(head_dim) + ", " + dtype;
  if (mask != "none") words += ", " + mask;
  return words + ", " + pass;
}

}  // namespace charts
}  // namespace rooftile::analysis
