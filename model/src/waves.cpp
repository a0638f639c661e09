#include "rooftile/model/waves.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "rooftile/model/rounding.hpp"

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
  std::array<Run, max_axes> runs;
  std::size_t count = 0;
  Int ctas = 1;
  double sets = 1;
  for (const Axis& axis : launch.axes) {
    const bool is_indexed = (indexed & 1U) != 0;
    indexed >>= 1U;
    if (axis.extent == 1) continue;
    const auto extent = static_cast<double>(axis.extent);
    ctas *= axis.extent;
    if (is_indexed) sets *= extent;
    if (count > 0 && runs[count - 1].indexed == is_indexed) {
      runs[count - 1].extent *= extent;
    } else {
      runs[count++] = {is_indexed, extent};
    }
  }
  if (wave >= ctas || count == 0) return sets;
  const Int whole_waves = div_up(ctas, wave);
  const auto waves = static_cast<double>(whole_waves);
  const bool neighbours_share = !runs[0].indexed && count <= 2;
  if (neighbours_share) {
    const auto set = static_cast<Int>(runs[0].extent);
    const Int common = (ctas - 1) / std::lcm(set, wave);  // boundaries of both
    return waves + sets - 1 - static_cast<double>(common);
  }
  double distinct = 1;  // sets that one wave meets
  double stride = 1;
  for (std::size_t r = 0; r < count; ++r) {
    if (runs[r].indexed) distinct *= std::min(runs[r].extent, 1 + static_cast<double>(wave - 1) / stride);
    stride *= runs[r].extent;
  }
  return std::max(sets, std::min(waves * distinct, static_cast<double>(ctas)));
}

}  // namespace rooftile
