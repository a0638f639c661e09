// Into how many parts an implementation splits the keys of a short query.
//
//   tiles   columns of query tiles of the whole grid        slots   CTAs that the implementation thinks run at once
//   whole   enough tiles for 80 % of the slots: one part
//   else    the fewest parts whose waves are at least 85 % as full as those of the best number of parts
//
// FlashAttention-2 (csrc/flash_attn/flash_api.cpp, num_splits_heuristic): two slots per SM, numbers of parts that leave
// the longest part as long are skipped. FlashAttention-3 (hopper/heuristics.h): one slot per SM, four blocks of keys or
// fewer are never split; a K/V head that no L2 of 50 MiB holds is, unless masked. For calls with lengths per sequence
// it pretends a batch of one, and a second rule on the device (hopper/flash_prepare_scheduler.cu) shares the blocks of
// the real batch evenly. Read at Dao-AILab/flash-attention 0251105a.
#pragma once

#include "attention.hpp"

namespace rooftile::algorithms {

/// fa3_varlen has two answers: one picks the kernel before the call, the other is the number of parts that it makes.
enum class Deciding : std::uint8_t { before_the_call, on_the_device };

/// Parts for a kernel with tiles of queries.br x call.tile.bc; 1: not split.
[[nodiscard]] std::int64_t splits_of(const Call& call, const AttentionShape& shape, const QueryRows& queries,
                                     Deciding deciding = Deciding::on_the_device);

/// True if the numbers of parts of fa3_varlen stand in memory: those of up to 992 sequences (32 warps of 31).
[[nodiscard]] constexpr bool parts_on_the_device(const AttentionShape& shape) {
  return shape.batch <= std::int64_t{32} * 31;
}

}  // namespace rooftile::algorithms
