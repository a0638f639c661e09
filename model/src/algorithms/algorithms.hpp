// The functions that write programs, one file each. A new algorithm: its file, a line here, a line in algorithm.cpp's
// table.
#pragma once

#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/program_writer.hpp"

namespace rooftile::algorithms {

/// Everything a builder may look at.
struct Call {
  const Device& device;
  const KernelSpec& spec;
  const TileRow& tile;
};

/// Three launches (QKᵀ, softmax, PV) and the recipe's extra passes around them.
void standard(Program& program, const AttentionShape& shape, const Call& call);
/// FlashAttention-2 forward (Dao 2023, Algorithm 1): queries outside, keys inside, logsumexp out.
void flash2(Program& program, const AttentionShape& shape, const Call& call);

/// FlashAttention-1 forward (Dao et al. 2022, Algorithm 1): keys outside, queries inside, O, l and m through memory.
void flash1(Program& program, const AttentionShape& shape, const Call& call);
/// FlashAttention-3 forward (Shah et al. 2024): a producer and consumer warpgroups, TMA and wgmma.
void flash3(Program& program, const AttentionShape& shape, const Call& call);
/// Few queries: the keys in parts, and a launch that merges their results.
void split_kv(Program& program, const AttentionShape& shape, const Call& call);
void own_split_kv(Program& program, const AttentionShape& shape, const Call& call);  ///< rt_split_kv

/// Backward passes: each goes on behind what the program holds. What the forward pass left (O, LSE; for standard
/// attention P and the dropout mask) stands once in a program of both.
void standard_backward(Program& program, const AttentionShape& shape, const Call& call);
/// Dao et al. 2022, Algorithm 4: keys outside, queries inside, dQ through memory.
void flash1_backward(Program& program, const AttentionShape& shape, const Call& call);
/// Dao 2023, Algorithm 2: a CTA per block of keys, dQ by atomics.
void flash2_backward(Program& program, const AttentionShape& shape, const Call& call);
/// The same with a CTA per block of keys of a K/V head, which goes through the query heads of the group.
void flash2_group_backward(Program& program, const AttentionShape& shape, const Call& call);
/// Shah et al. 2024: the same with a producer, consumer warpgroups and a warp that sends dQ off.
void flash3_backward(Program& program, const AttentionShape& shape, const Call& call);

/// What serving engines do beside attention (serving_launches.cpp): new keys and values go into the cache; the query
/// heads of a group become rows and O goes back, where that is a copy; sequences are sorted by length.
void cache_write(Program& program, const AttentionShape& shape);
void group_copies(Program& program, const AttentionShape& shape);
void sequence_sort(Program& program, const AttentionShape& shape);

/// The parts of standard attention alone.
void gemm(Program& program, const GemmShape& shape, const Call& call);
void softmax(Program& program, const SoftmaxShape& shape, const Call& call);

}  // namespace rooftile::algorithms
