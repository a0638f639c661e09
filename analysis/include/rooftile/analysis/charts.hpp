// The charts of a results database, each computed into a Chart (chart.hpp). None for what the database does not hold: a
// report says so instead of showing an empty frame. "Latest" results alone: those of the newest predictor version and
// profile.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rooftile/analysis/chart.hpp"
#include "rooftile/analysis/store.hpp"

namespace rooftile::analysis {

/// One roof of a GPU: a bandwidth (bytes per second: a diagonal) or a rate (FLOP per second: level).
struct Roof {
  std::string label{};  ///< "DRAM", "tensor cores fp16"
  bool bandwidth = false;
  double datasheet = 0;  ///< peak
  double sustained = 0;  ///< what kernels reach; 0: not known
};
struct RoofsOf {
  std::string profile{};
  std::vector<Roof> roofs{};
};

/// Per GPU: its roofs, and of each kernel and pass the largest call, one marker per memory level. A GPU without roofs
/// is left out.
[[nodiscard]] std::vector<Chart> roofline_charts(const Store& store, std::span<const RoofsOf> roofs);
/// Computed against observed times per method and predictor; the spread of errors per implementation; errors by length.
[[nodiscard]] std::vector<Chart> accuracy_charts(const Store& store);
/// Of calls that differ in their length alone, answered for several kernels: bytes per level and time by length, and
/// where one kernel becomes faster than the other. At most `most` sets of calls, those with the most results.
[[nodiscard]] std::vector<Chart> length_charts(const Store& store, std::size_t most = 4);
/// Tile shapes of one kernel and call: how much longer than the best each takes. At most `most` calls.
[[nodiscard]] std::vector<Chart> tile_charts(const Store& store, std::size_t most = 6);
/// Tables: the error per GPU and kernel; which commands and sources the numbers are from.
[[nodiscard]] std::vector<Chart> table_charts(const Store& store);

}  // namespace rooftile::analysis
