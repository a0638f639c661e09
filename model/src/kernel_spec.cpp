#include "rooftile/model/kernel_spec.hpp"

#include <algorithm>

namespace rooftile {
namespace {

bool serves(const TileRow& row, std::int64_t head_dim, Mask mask) {
  const bool masks = row.masks.empty() || std::find(row.masks.begin(), row.masks.end(), mask) != row.masks.end();
  return masks && head_dim <= row.head_dim;
}

/// The first row that serves the call on this architecture; for what-ifs on others, the first that serves it at all.
const TileRow* find_row(const KernelSpec& spec, ComputeCapability at, std::int64_t head_dim, Mask mask) {
  const TileRow* elsewhere = nullptr;
  for (const TileRow& row : spec.tiles) {
    if (!serves(row, head_dim, mask)) continue;
    if (row.from <= at && at <= row.to) return &row;
    if (elsewhere == nullptr && spec.what_if_anywhere) elsewhere = &row;
  }
  return elsewhere;
}

}  // namespace

tl::expected<TileRow, Refusal> select_tile(const KernelSpec& spec, const Device& device, std::int64_t head_dim,
                                           Mask mask, SpecOverrides overrides) {
  const TileRow* found = find_row(spec, device.compute_capability, head_dim, mask);
  if (found == nullptr) {
    std::int64_t widest = 0;
    for (const TileRow& row : spec.tiles) widest = std::max(widest, row.head_dim);
    return tl::unexpected<Refusal>{{Status::unsupported, "head_dim " + std::to_string(head_dim) + " is outside " +
                                                             spec.name + " (up to " + std::to_string(widest) + ")"}};
  }
  constexpr std::int64_t largest_tile = 4096;
  if (std::max(overrides.br, overrides.bc) > largest_tile || std::min(overrides.br, overrides.bc) < 0) {
    return tl::unexpected<Refusal>{{Status::unsupported, "a tile of " + std::to_string(overrides.br) + " x " +
                                                             std::to_string(overrides.bc) + " is outside 1 to 4096"}};
  }
  TileRow row = *found;
  if (overrides.br != 0 || overrides.bc != 0) {
    if (overrides.br != 0) row.br = overrides.br;
    if (overrides.bc != 0) row.bc = overrides.bc;
    row.smem = 0;  // the algorithm's formula for the new shape
  }
  return row;
}

}  // namespace rooftile
