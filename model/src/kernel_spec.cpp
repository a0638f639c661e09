#include "rooftile/model/kernel_spec.hpp"

#include <algorithm>

#include "rooftile/model/bound.hpp"

namespace rooftile {
namespace {

bool serves(const TileRow& row, std::int64_t head_dim, Mask mask, bool dropout, Pass pass) {
  if (row.pass != pass && row.pass != Pass::fwd_bwd) return false;
  if (row.dropout_only && !dropout) return false;
  const bool masks = row.masks.empty() || std::find(row.masks.begin(), row.masks.end(), mask) != row.masks.end();
  return masks && head_dim <= row.head_dim;
}

/// The first row that serves the call on this architecture; for what-ifs on others, the first that serves it at all.
const TileRow* find_row(const KernelSpec& spec, ComputeCapability at, std::int64_t head_dim, Mask mask, bool dropout,
                        Pass pass) {
  const TileRow* elsewhere = nullptr;
  for (const TileRow& row : spec.tiles) {
    if (!serves(row, head_dim, mask, dropout, pass)) continue;
    if (row.from <= at && at <= row.to) return &row;
    if (elsewhere == nullptr && spec.what_if_anywhere) elsewhere = &row;
  }
  return elsewhere;
}

Bytes on_chip_memory(const Device& device) {
  return is_known(device.sm.smem_per_cta) ? device.sm.smem_per_cta : device.sm.smem_capacity;
}

/// The tile of Algorithm 1 of the FlashAttention paper: Bc = ceil(M / 4d), Br = min(Bc, d), M elements on chip.
TileRow paper_tile(const Device& device, std::int64_t head_dim) {
  const auto elements = static_cast<std::int64_t>(on_chip_memory(device).value()) / 2;
  TileRow row;
  row.head_dim = head_dim;
  row.bc = ceil_div(elements, 4 * head_dim);
  row.br = std::min(row.bc, head_dim);
  return row;
}

TileRow with(SpecOverrides overrides, TileRow row) {
  if (overrides.br == 0 && overrides.bc == 0) return row;
  if (overrides.br != 0) row.br = overrides.br;
  if (overrides.bc != 0) row.bc = overrides.bc;
  row.smem = 0;  // the algorithm's formula for the new shape
  return row;
}

}  // namespace

tl::expected<TileRow, Refusal> select_tile(const KernelSpec& spec, const Device& device, std::int64_t head_dim,
                                           Mask mask, SpecOverrides overrides, bool dropout, Pass pass) {
  const TileRow* found =
      spec.paper_tile ? nullptr : find_row(spec, device.compute_capability, head_dim, mask, dropout, pass);
  if (found == nullptr && !spec.paper_tile) {
    std::int64_t widest = 0;
    for (const TileRow& row : spec.tiles) {
      if (row.pass == pass || row.pass == Pass::fwd_bwd) widest = std::max(widest, row.head_dim);
    }
    if (widest == 0) {
      return tl::unexpected<Refusal>{
          {Status::unsupported, spec.name + " has no tile for pass " + std::string{name_of(pass)}}};
    }
    return tl::unexpected<Refusal>{{Status::unsupported, "head_dim " + std::to_string(head_dim) + " is outside " +
                                                             spec.name + " (up to " + std::to_string(widest) + ")"}};
  }
  if (spec.paper_tile && !is_known(on_chip_memory(device))) {
    return tl::unexpected<Refusal>{{Status::unsupported, "the tile of " + spec.name +
                                                             " follows from shared memory, which " + device.name +
                                                             " does not state (sm.smem_per_cta or sm.smem_capacity)"}};
  }
  constexpr std::int64_t largest_tile = 4096;
  if (std::max(overrides.br, overrides.bc) > largest_tile || std::min(overrides.br, overrides.bc) < 0) {
    return tl::unexpected<Refusal>{{Status::unsupported, "a tile of " + std::to_string(overrides.br) + " x " +
                                                             std::to_string(overrides.bc) + " is outside 1 to 4096"}};
  }
  return with(overrides, spec.paper_tile ? paper_tile(device, head_dim) : *found);
}

}  // namespace rooftile
