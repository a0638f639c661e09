#include "rooftile/model/tile_table.hpp"

namespace rooftile {

std::vector<TileRow> own_tile_rows(std::string_view kernel) {
  std::vector<TileRow> rows;
  for (const OwnTile& tile : own_tiles) {
    if (tile.kernel != kernel) continue;
    TileRow row;
    row.head_dim = tile.head_dim;
    row.br = tile.br;
    row.bc = tile.bc;
    row.bk = tile.bk;
    row.warps = tile.warps;
    row.stages = tile.stages;
    row.registers = tile.registers;
    row.smem = tile.smem;
    rows.push_back(row);
  }
  return rows;
}

}  // namespace rooftile
