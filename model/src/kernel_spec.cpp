#include "rooftile/model/kernel_spec.hpp"

#include <algorithm>

namespace rooftile {
namespace {

bool serves(const TileRow& row, const Device& device, bool any_architecture, std::int64_t head_dim, Mask mask) {
  const ComputeCapability at = device.compute_capability;
  const bool architecture = any_architecture || (row.from <= at && at <= row.to);
  const bool masks = row.masks.empty() || std::find(row.masks.begin(), row.masks.end(), mask) != row.masks.end();
  return architecture && masks && head_dim <= row.head_dim;
}

}  // namespace

tl::expected<TileRow, Refusal> select_tile(const KernelSpec& spec, const Device& device, std::int64_t head_dim,
                                           Mask mask, SpecOverrides overrides) {
  const auto found = std::find_if(spec.tiles.begin(), spec.tiles.end(), [&](const TileRow& row) {
    return serves(row, device, spec.what_if_anywhere, head_dim, mask);
  });
  if (found == spec.tiles.end()) {
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
