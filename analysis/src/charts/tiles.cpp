// Tile shapes as a map: query rows by keys of a tile, coloured by how much longer than the best they take.
#include <algorithm>
#include <map>

#include "charts/fill.hpp"
#include "rooftile/analysis/charts.hpp"

namespace rooftile::analysis {
namespace {

/// Of all warps and stages with which a shape was tried, the fastest.
struct Best {
  double of_best = 0, time = 0;
  std::int64_t warps = 0, stages = 0;
  std::string bound;
};
struct Map {
  std::string title;
  std::map<std::pair<std::int64_t, std::int64_t>, Best> shapes;  ///< by br, bc
};

std::vector<Map> read_maps(const Store& store) {
  std::map<std::string, Map> maps;
  store.for_each(
      "SELECT profile, kernel, batch, heads, kv_heads, head_dim, dtype, mask, pass, seq_q, seq_kv, l2, setting, "
      "predictor, "
      "br, bc, warps, stages, of_best, time_ms / 1e3, bound, dropout FROM v_tiles ORDER BY of_best DESC",
      [&](const RowCursor& row) {
        const charts::CallWords words{row.integer(2),          row.integer(3),           row.integer(4),
                                      row.integer(5),          std::string{row.text(6)}, std::string{row.text(7)},
                                      std::string{row.text(8)}};
        std::string title = std::string{row.text(1)} + " on " + std::string{row.text(0)} + ": " + words.text() +
                            ", seq " + std::string{row.text(9)};
        if (row.integer(9) != row.integer(10)) title += " x " + std::string{row.text(10)};
        std::string key = title;
        for (const int column : {11, 12, 13, 21}) key += '\n' + std::string{row.text(column)};
        Map& map = maps[key];
        map.title = title;
        map.shapes[{row.integer(14), row.integer(15)}] = {row.number(18), row.number(19), row.integer(16),
                                                          row.integer(17),
                                                          std::string{row.text(20)}};  // the fastest comes last
      });
  std::vector<Map> all;
  for (auto& [key, map] : maps) {
    if (map.shapes.size() >= 4) all.push_back(std::move(map));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Map& x, const Map& y) { return x.shapes.size() > y.shapes.size(); });
  return all;
}

Chart chart_of(const Map& map, std::size_t n) {
  Table table{.name = "tiles",
              .columns = {{"br", "query rows", Show::count},
                          {"bc", "keys", Show::count},
                          {"of_best", "of the best time", Show::ratio},
                          {"time_s", "time", Show::seconds},
                          {"warps", "warps", Show::count},
                          {"stages", "stages", Show::count},
                          {"bound", "bound"}}};
  for (const auto& [shape, best] : map.shapes) {
    table.rows.push_back({shape.first, shape.second, best.of_best, best.time, best.warps, best.stages, best.bound});
  }
  return {.id = "tiles-" + std::to_string(n),
          .section = "Tile shapes",
          .title = "Tile shapes of " + map.title,
          .text = "Predicted time of each tile shape with its best warps and stages, as a multiple of the fastest.",
          .x = {"keys of a tile", Scale::category, Show::count},
          .y = {"query rows of a tile", Scale::category, Show::count},
          .tables = {std::move(table)},
          .marks = {{.kind = MarkKind::cell,
                     .x = "bc",
                     .y = "br",
                     .fill = "of_best",
                     .label = "of_best",
                     .tip = {"br", "bc", "warps", "stages", "time_s", "of_best", "bound"}}},
          .aggregated = "of each shape the fastest of its warps and stages",
          .provenance = {"latest predictions"}};
}

}  // namespace

std::vector<Chart> tile_charts(const Store& store, std::size_t most) {
  const std::vector<Map> maps = read_maps(store);
  std::vector<Chart> charts;
  for (std::size_t n = 0; n < std::min(most, maps.size()); ++n) {
    charts.push_back(chart_of(maps[n], n + 1));
    if (maps.size() > most) {
      charts.back().aggregated += "; one of the " + std::to_string(most) + " calls with the most shapes, there are " +
                                  std::to_string(maps.size());
    }
  }
  return charts;
}

}  // namespace rooftile::analysis
