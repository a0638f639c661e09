// How CTAs that take tiles as they get free find the next one, where lengths differ by sequence.
//
// They find out to which sequence it belongs: a warp adds up the tiles of 31 sequences at a time, and reads how many
// parts each has where that is decided on the device (hopper/tile_scheduler.hpp,
// VarlenDynamicPersistentTileScheduler). A CTA's first tile is one of the first tiles of all, its next one lies as many
// tiles ahead as there are CTAs.
#pragma once

#include "attention.hpp"

namespace rooftile::algorithms {

/// Says of a launch by how many steps a CTA of it looks for a tile; of a device whose SMs are not known, nothing.
void search_for_tiles(Launch& launch, const AttentionShape& shape, const Call& call);

}  // namespace rooftile::algorithms
