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

/// True if the bytes are those of a column, which its tiles share.
bool tells_columns_apart(const Launch& launch, unsigned indexed) {
  if ((indexed & 1U) != 0) return false;
  for (std::size_t a = 1; a < launch.axes.size(); ++a) {
    if ((indexed >> a & 1U) == 0 && launch.axes[a].extent > 1) return false;
  }
  return true;
}

/// Each wave that meets a section meets all of its columns.
double column_incidences(const Launch& launch, std::int64_t wave) {
  const Int ctas = launch.ctas(), tiles = launch.axes[0].extent, of_section = launch.sections.columns * tiles;
  const Int all_columns = ctas / tiles;
  const auto columns = static_cast<double>(all_columns);
  if (wave >= ctas) return columns;
  const Int common = (ctas - 1) / std::lcm(of_section, wave);  // boundaries of both
  const Int meetings = div_up(ctas, wave) + div_up(ctas, of_section) - 1 - common;
  const double all = static_cast<double>(meetings * launch.sections.columns);
  return std::clamp(all, columns, static_cast<double>(ctas));
}

}  // namespace

double wave_incidences(const Launch& launch, unsigned indexed, std::int64_t wave) {
  if (launch.sections.columns > 1 && tells_columns_apart(launch, indexed)) return column_incidences(launch, wave);
  std::array<Run, 2 * max_axes> runs;
  std::size_t count = 0;
  Int ctas = 1;
  double sets = 1;
  const auto add = [&](Int along, bool is_indexed) {
    if (along == 1) return;
    const auto extent = static_cast<double>(along);
    ctas *= along;
    if (is_indexed) sets *= extent;
    if (count > 0 && runs[count - 1].indexed == is_indexed) {
      runs[count - 1].extent *= extent;
    } else {
      runs[count++] = {is_indexed, extent};
    }
  };
  const auto is_indexed = [indexed](std::size_t axis) { return (indexed >> axis & 1U) != 0; };
  // in the order in which CTAs are handed out: the columns of a section, axis 0, the others
  std::array<Int, max_axes> left;
  for (std::size_t a = 0; a < launch.axes.size(); ++a) left[a] = launch.axes[a].extent;
  Int of_section = launch.sections.columns;
  for (std::size_t a = 1; a < launch.axes.size() && of_section > 1; ++a) {
    const Int together = std::min(of_section, left[a]);
    add(together, is_indexed(a));
    left[a] = div_up(left[a], together);
    of_section /= together;
  }
  for (std::size_t a = 0; a < launch.axes.size(); ++a) add(left[a], is_indexed(a));
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
