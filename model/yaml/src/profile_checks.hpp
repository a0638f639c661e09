// What must hold between the numbers of one profile.
#pragma once

#include "rooftile/model/profile.hpp"

namespace rooftile::yaml {

/// Throws InputError at the first leaf that contradicts another:
///   smem_per_cta + smem_reserved_per_cta <= smem_capacity <= l1.capacity; max_threads = 32 x max_warps.
void check_consistency(const Profile& profile);

/// Recomputes the totals under `expect:`; throws InputError for one that is more than 1 % off.
///   fp16_fp32, ...  sm.count x FLOP/cycle x clock.tensor_boost       dram        bus x clock x transfers_per_clock
///   smem_total      sm.count x smem bandwidth x clock.boost          ridge_fp16  fp16 peak / DRAM bandwidth
void check_expectations(const Profile& profile);

}  // namespace rooftile::yaml
