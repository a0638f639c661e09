// CTAs run in waves: as many as are resident at once, in grid order. What a wave shares it reads once; the next wave
// may have to begin anew.
#pragma once

#include <cstdint>

#include "rooftile/model/program.hpp"

namespace rooftile {

/// (wave, set) pairs that meet: how often a set of CTAs sharing their bytes is begun anew, if waves of `wave` CTAs run
/// one after the other in grid order. `indexed` has a bit per axis that tells sets apart (TensorUse). With sets of s
/// neighbouring CTAs these are the pieces into which the multiples of `wave` and of s cut the line of CTAs.
[[nodiscard]] double wave_incidences(const Launch& launch, unsigned indexed, std::int64_t wave);

}  // namespace rooftile
