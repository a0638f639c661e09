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

/// The parts of standard attention alone.
void gemm(Program& program, const GemmShape& shape, const Call& call);
void softmax(Program& program, const SoftmaxShape& shape, const Call& call);

}  // namespace rooftile::algorithms
