// The keys of a spec that only the flash algorithms and split_kv know.
#pragma once

#include <vector>

#include "rooftile/model/kernel_spec.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::yaml {

/// Keys beside the tiles: packs_group, longest_first, sections, dropout_bits; of flash1 as_printed, kv_in_registers,
/// row_statistics; of flash2 deterministic; of flash3 ping_pong, overlap; of split_kv splits.
void read_flash_keys(KernelSpec& spec, Map& map);

/// schedule: of all rows of `tiles` that do not say themselves; flash3 only.
void read_schedule(std::vector<TileRow>& rows, Map& map);

/// Keys of a row of `tiles`: dropout; of a backward grad_stages, v_in_registers; of flash3 also cluster, schedule,
/// p_in_smem. `node` is the row.
void read_flash_tile(TileRow& row, Algorithm algorithm, Map& map, const Node& node);

}  // namespace rooftile::yaml
