#include "measure/tiles.hpp"

#include <algorithm>
#include <cmath>
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

/// "O batch 0 head 1 rows 128..255: "
std::string place(const TensorLayout& tensor, int head, int row, int rows) {
  return std::string(tensor.name) + " batch " + std::to_string(head / tensor.heads) + " head " +
         std::to_string(head % tensor.heads) + " rows " + std::to_string(row) + ".." + std::to_string(row + rows - 1) +
         ": ";
}

}  // namespace

double tile_limit(Element element) { return element == Element::fp16 ? 2 * 0x1p-11 : 2 * 0x1p-8; }

void TileComparison::add(const TileComparison& other) {
  tiles += other.tiles;
  if (differing == 0) first = other.first;
  differing += other.differing;
  if (std::isnan(other.largest) || other.largest > largest) largest = other.largest;
}

TileComparison compare_tiles(Element element, const TensorLayout& tensor, std::span<const std::uint16_t> device,
                             std::span<const float> host, int tile_rows) {
  const int heads = tensor.batch * tensor.heads;
  const auto columns = static_cast<std::size_t>(tensor.cols), rows_of_head = static_cast<std::size_t>(tensor.rows);
  const std::size_t expected = static_cast<std::size_t>(heads) * rows_of_head * columns;
  if (device.size() != expected || host.size() != expected || tile_rows < 1)
    throw std::invalid_argument(std::string("compare_tiles: ") + tensor.name + " is not of the call's size");
  TileComparison result;
  for (int head = 0; head < heads; ++head) {
    for (int row = 0; row < tensor.rows; row += tile_rows) {
      const int rows = std::min(tile_rows, tensor.rows - row);
      const std::size_t start =
          (static_cast<std::size_t>(head) * rows_of_head + static_cast<std::size_t>(row)) * columns;
      const std::size_t count = static_cast<std::size_t>(rows) * columns;
      const double apart = distance(element, device.subspan(start, count), host.subspan(start, count));
      const bool differs = !(apart <= tile_limit(element));  // NaN too
      result.add({1, differs ? 1 : 0, apart, differs ? place(tensor, head, row, rows) + std::to_string(apart) : ""});
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

int gradient_tile_rows(std::string_view kernel, std::string_view launch, TensorIndex gradient, int head_dim) {
  for (const OwnTile& tile : own_tiles) {
    if (kernel.starts_with(tile.kernel) && tile.launch == launch && tile.head_dim == head_dim)
      return gradient == tensor_grad_q ? tile.br : tile.bc;
  }
  throw std::invalid_argument("no tile of " + std::string(kernel) + ", launch " + std::string(launch) +
                              ", in the tile table");
}

}  // namespace rooftile::kernels::measure
