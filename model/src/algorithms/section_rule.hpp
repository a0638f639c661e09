// Which heads FlashAttention-3 deals out together under a causal mask, longest tiles first, so that the K and V of
// those in flight stay in L2.
//
//   fa3          heads of all sequences, as many as 32 MiB hold the K and V of, rounded down to a power of two
//                (hopper/tile_scheduler.hpp, DynamicPersistentTileScheduler)
//   fa3_varlen   heads of a sequence: 16, 8, 4, 2 or 1, as 8 MiB hold the K and V of
//                (hopper/flash_prepare_scheduler.cu, prepare_varlen_num_blocks)
//
// Heads are K/V heads where a group is folded into rows, else the query heads of so many K/V heads. Read at
// Dao-AILab/flash-attention 0251105a.
#pragma once

#include "attention.hpp"

namespace rooftile::algorithms {

/// Sections of a kernel with tiles of queries.br x call.tile.bc that makes `parts` of the keys.
[[nodiscard]] Sections sections_of(const Call& call, const AttentionShape& shape, const QueryRows& queries,
                                   std::int64_t parts);

}  // namespace rooftile::algorithms
