#include "rooftile/model/tile_candidates.hpp"

#include <algorithm>
#include <memory>
#include <tuple>

#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/occupancy.hpp"

namespace rooftile {
namespace {

/// True if some tile of the implementation has more than one buffer: its kernel has a pipeline.
bool has_pipeline(const KernelSpec& spec) {
  return std::any_of(spec.tiles.begin(), spec.tiles.end(),
                     [](const TileRow& row) { return row.pass == Pass::fwd && row.stages > 1; });
}

void add_mma_shapes(std::vector<SpecOverrides>& shapes, std::int64_t most_stages) {
  constexpr std::int64_t largest_br = 256, largest_bc = 256, bc_step = 32;
  for (const std::int64_t warps : {4, 8, 16}) {
    for (std::int64_t rows = 16; rows * warps <= largest_br; rows += 16) {
      for (std::int64_t bc = bc_step; bc <= largest_bc; bc += bc_step) {
        for (std::int64_t stages = 1; stages <= most_stages; ++stages)
          shapes.push_back({rows * warps, bc, warps, stages});
      }
    }
  }
}

void add_wgmma_shapes(std::vector<SpecOverrides>& shapes) {
  constexpr std::int64_t group_rows = 64, group_warps = 4, largest_bc = 256, bc_step = 16, most_stages = 4;
  for (std::int64_t consumers = 1; consumers <= 3; ++consumers) {
    for (std::int64_t bc = bc_step; bc <= largest_bc; bc += bc_step) {
      for (std::int64_t stages = 1; stages <= most_stages; ++stages) {
        shapes.push_back({group_rows * consumers, bc, group_warps * (consumers + 1), stages});
      }
    }
  }
}

std::vector<SpecOverrides> grid_of(const KernelSpec& spec) {
  constexpr std::int64_t most_buffers = 3;
  std::vector<SpecOverrides> shapes;
  switch (spec.algorithm) {
    case Algorithm::flash2:
    case Algorithm::split_kv: add_mma_shapes(shapes, has_pipeline(spec) ? most_buffers : 1); break;
    case Algorithm::flash3: add_wgmma_shapes(shapes); break;
    case Algorithm::flash1:
    case Algorithm::standard: break;
  }
  return shapes;
}

auto order(const SpecOverrides& tile) { return std::tuple{tile.br, tile.bc, tile.warps, tile.stages}; }

}  // namespace

tl::expected<std::vector<TileCandidate>, Refusal> tile_candidates(const KernelSpec& spec, const Device& device,
                                                                  const AttentionShape& shape) {
  const auto own = select_tile(spec, device, shape.head_dim, shape.mask, {}, shape.dropout > 0, shape.pass);
  if (!own) return tl::unexpected{own.error()};
  std::vector<TileCandidate> candidates;
  std::vector<SpecOverrides> shapes = grid_of(spec);
  if (shapes.empty()) return candidates;
  const SpecOverrides of_spec{own->br, own->bc, own->warps, own->stages};
  shapes.push_back(of_spec);
  std::sort(shapes.begin(), shapes.end(), [](const auto& a, const auto& b) { return order(a) < order(b); });
  shapes.erase(std::unique(shapes.begin(), shapes.end()), shapes.end());

  const auto program = std::make_unique<Program>();
  const auto counts = std::make_unique<ProgramCounts>();
  for (const SpecOverrides& tile : shapes) {
    auto possible = build(*program, device, shape, spec, tile);
    if (!possible && possible.error().status == Status::unsupported) return tl::unexpected{possible.error()};
    if (possible) {
      count(*program, *counts);
      possible = fits(device, *program, *counts);
    }
    candidates.push_back({tile, possible ? std::nullopt : std::optional{possible.error()}, tile == of_spec});
  }
  return candidates;
}

}  // namespace rooftile
