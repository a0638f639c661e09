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
  for (std::size_t a = 0; a < launch.axes.size(); ++a) {
    const Int extent = launch.axes[a].extent;
    if (extent == 1) continue;
    const bool is_indexed = (indexed >> a & 1U) != 0;
    if (!runs.empty() && runs.back().indexed == is_indexed) {
      runs.back().extent *= static_cast<double>(extent);
    } else {
      runs.push_back({is_indexed, static_cast<double>(extent)});
    }
  }
  const Int ctas = launch.ctas();
  double sets = 1;
  for (std::size_t a = 0; a < launch.axes.size(); ++a) {
    if ((indexed >> a & 1U) != 0) sets *= static_cast<double>(launch.axes[a].extent);
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
