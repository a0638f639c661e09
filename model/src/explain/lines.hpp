// Lines that every predictor's explanation shares: the grid, what it counts, and where a number of the profile comes
// from.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/model/count.hpp"
#include "rooftile/model/explanation.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/profile.hpp"

namespace rooftile::explain {

/// "memory.dram.bandwidth 1555 GB/s (spec: NVIDIA ...)"; several paths are joined by "; ".
[[nodiscard]] std::string cite(const Profile& profile, std::initializer_list<std::string_view> paths);

/// "12,345,678"
[[nodiscard]] std::string digits(std::int64_t value);
/// "1.234e+12" or "1234" for work amounts.
[[nodiscard]] std::string amount(double value);

/// CTAs and resources of a launch; the trips of its loops.
void add_grid(ExplanationSection& section, const Launch& launch, const LaunchCount& totals);
/// Per tensor: bytes requested, swept, touched.
void add_tensors(ExplanationSection& section, const Program& program, std::span<const TensorUse> uses);
/// What a launch fetches from the host, if anything.
void add_host_link(ExplanationSection& section, const Profile& profile, const LaunchPrediction& part);
/// Work per unit over all CTAs.
void add_work(ExplanationSection& section, const LaunchCount& totals);
/// Totals of the call: bytes per level, FLOP, memory, time and bound.
[[nodiscard]] ExplanationSection total(const Program& program, const Prediction& prediction);

}  // namespace rooftile::explain
