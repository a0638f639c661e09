#include "measure/tiles.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "rooftile/kernels/element.hpp"
#include "rooftile/model/tile_table.hpp"

namespace rooftile::kernels::measure {
namespace {

/// ‖device - host‖ / ‖host‖; where host is all zero, the norm of the difference itself.
double distance(Element element, std::span<const std::uint16_t> device, std::span<const float> host) {
  double difference = 0;
  double size = 0;
  for (std::size_t i = 0; i < host.size(); ++i) {
    const double apart = double{value_of(element, device[i])} - double{host[i]};
    difference += apart * apart;
    size += double{host[i]} * double{host[i]};
  }
  return size > 0 ? std::sqrt(difference / size) : std::sqrt(difference);
}

}  // namespace

double tile_limit(Element element) { return element == Element::fp16 ? 2 * 0x1p-11 : 2 * 0x1p-8; }

TileComparison compare_tiles(const AttentionCall& call, std::span<const std::uint16_t> device,
                             std::span<const float> host, int tile_rows) {
  const std::int64_t heads = std::int64_t{call.batch} * call.heads;
  const auto expected = static_cast<std::size_t>(heads * call.seq_q * call.head_dim);
  if (device.size() != expected || host.size() != expected || tile_rows < 1)
    throw std::invalid_argument("compare_tiles: O is not of the call's size");
  TileComparison result;
  for (std::int64_t head = 0; head < heads; ++head) {
    for (int row = 0; row < call.seq_q; row += tile_rows) {
      const int rows = std::min(tile_rows, call.seq_q - row);
      const auto start = static_cast<std::size_t>((head * call.seq_q + row) * call.head_dim);
      const auto count = static_cast<std::size_t>(rows) * static_cast<std::size_t>(call.head_dim);
      const double apart = distance(call.element, device.subspan(start, count), host.subspan(start, count));
      ++result.tiles;
      if (std::isnan(apart) || apart > result.largest) result.largest = apart;
      if (apart <= tile_limit(call.element)) continue;  // a NaN goes on
      if (++result.differing > 1) continue;
      result.first = "batch " + std::to_string(head / call.heads) + " head " + std::to_string(head % call.heads) +
                     " rows " + std::to_string(row) + ".." + std::to_string(row + rows - 1) + ": " +
                     std::to_string(apart);
    }
  }
  return result;
}

int tile_rows(std::string_view kernel, int head_dim) {
  for (const OwnTile& tile : own_tiles) {
    const bool writes_o = tile.launch == "gemm" || tile.launch == "split_kv" || tile.launch.starts_with("flash");
    if (writes_o && kernel.starts_with(tile.kernel) && (tile.head_dim == 0 || tile.head_dim == head_dim))
      return tile.br;
  }
  throw std::invalid_argument("no tile of " + std::string(kernel) + " in the tile table");
}

}  // namespace rooftile::kernels::measure
