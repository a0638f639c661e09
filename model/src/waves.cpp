#include "rooftile/model/waves.hpp"

#include <algorithm>
#include <numeric>

namespace rooftile {
namespace {

using Int = std::int64_t;

/// Neighbouring axes that all tell sets apart, or all do not.
struct Run {
  bool indexed;
  double extent;
};

}  // namespace

double wave_incidences(const Launch& launch, unsigned indexed, std::int64_t wave) {
  InlineVector<Run, max_axes> runs;
  Int ctas = 1;
  double sets = 1;
  for (const Axis& axis : launch.axes) {
    const bool is_indexed = (indexed & 1U) != 0;
    indexed >>= 1U;
    if (axis.extent == 1) continue;
    const auto extent = static_cast<double>(axis.extent);
    ctas *= axis.extent;
    if (is_indexed) sets *= extent;
    if (!runs.empty() && runs.back().indexed == is_indexed) {
      runs.back().extent *= extent;
    } else {
      runs.push_back({is_indexed, extent});
    }
  }
  if (wave >= ctas || runs.empty()) return sets;
  const auto waves = static_cast<double>(ceil_div(ctas, wave));
  const bool neighbours_share = !runs[0].indexed && runs.size() <= 2;
  if (neighbours_share) {
    const auto set = static_cast<Int>(runs[0].extent);
    const Int common = (ctas - 1) / std::lcm(set, wave);  // boundaries of both
    return waves + sets - 1 - static_cast<double>(common);
  }
  double distinct = 1;  // sets that one wave meets
  double stride = 1;
  for (const Run& run : runs) {
    if (run.indexed) distinct *= std::min(run.extent, 1 + static_cast<double>(wave - 1) / stride);
    stride *= run.extent;
  }
  return std::max(sets, std::min(waves * distinct, static_cast<double>(ctas)));
}

}  // namespace rooftile
