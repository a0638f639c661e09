// How often a tensor's bytes stand in an L2 of several partitions, and what atomic adds cost it.
#pragma once

#include "rooftile/model/count.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

/// Copies of a tensor's bytes in an L2 of that many partitions. A line stands in the partition of its memory and in
/// that of the SM that reads it: in every partition if several CTAs ask for it, in (1 + partitions) / 2 on the average
/// if one does, which sits on either side. One copy of what is written alone.
[[nodiscard]] inline double copies_of(const TensorUse& use, double partitions) {
  if (use.loaded == 0) return 1;
  return use.sharers > 1 && use.loaded > use.touched ? partitions : (1 + partitions) / 2;
}

inline constexpr double sector_bytes = 32;
inline constexpr double bytes_of_an_add = 4;  ///< sums are kept in fp32

/// Bytes that L2 could have read in the time that one byte of atomic adds takes (predictors/l2_time.hpp has the
/// measurement): adds of threads take a sector each, those of the bulk copy engine are read and written.
[[nodiscard]] inline double read_bytes_per_added(const Program& program) {
  return program.bulk_atomics ? 2 : sector_bytes / bytes_of_an_add;
}

}  // namespace rooftile
