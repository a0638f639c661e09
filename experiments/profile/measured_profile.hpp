// From the micro-benchmarks of rooftile-measure to the numbers of a profile.
//
//   dram_read        best over bytes in flight / memory.dram.bandwidth     memory.dram.sustained_fraction
//   l2_read          B/s / SM clock                                        memory.l2.bandwidth
//   mma_sync         FLOP/s / (SMs x FLOP/cycle x SM clock)                sm.tensor.mma_sync_fraction
//   smem_read, ex2, convert_f32_f16, fma, shuffle, launch_*, latency_*     as they are
//   dram_*, l2_read, wgmma                                                 the totals under measured:
//
// Repeated lines (the same name and parameters in several runs) count by their median. A number that cannot be had is
// left out with a warning; none is made up.
#pragma once

#include <string>
#include <vector>

#include "profile/profile_draft.hpp"
#include "rooftile/analysis/measurements.hpp"

namespace rooftile::experiments {

/// A measured number far from what the base states.
struct Difference {
  std::string path;
  std::string measured;  ///< "300 cycle"
  std::string stated;    ///< "258 cycle"
  double ratio = 1;      ///< measured / stated
};

struct MeasuredProfile {
  ProfileDraft draft;                   ///< name and extends are left to the caller
  std::vector<Difference> differences;  ///< by more than a tenth
  std::vector<std::string> warnings;
};

/// Numbers of `base` are what fractions are taken of and what is compared with. InputError with file:line for a unit,
/// parameter or value that cannot be, for runs on different devices, and where no micro-benchmark has a result.
[[nodiscard]] MeasuredProfile measured_profile(const analysis::Measurements& measurements, const Profile& base);

}  // namespace rooftile::experiments
