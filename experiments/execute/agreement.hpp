// What a kernel did on the CPU beside what its Program says, count by count. A Program is right if all are equal.
//
//   flash2   K loaded             4194304 B     equal
//   flash2   exp2                 1114112       128 apart
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "rooftile/kernels/execution.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile::experiments {

struct CountPair {
  std::string launch;
  std::string what;  ///< "K loaded", "shared memory read", "exp2"
  std::string unit;  ///< "B", "sectors", "FLOP", "" for results
  std::int64_t executed = 0;
  std::int64_t program = 0;

  [[nodiscard]] std::int64_t apart() const { return executed - program; }
};

/// Every count that is not zero on both sides, launch by launch: bytes and sectors per tensor, shared memory, matrix
/// FLOP, exp2, conversions, exchanged lanes, barriers, CTAs (of so many SMs, where they stay). A launch that one side
/// has and the other has not shows as counts against zero.
[[nodiscard]] std::vector<CountPair> compare_counts(const kernels::Execution& execution, const Program& program,
                                                    const ProgramCounts& counts, std::int64_t sms);

/// How many of them differ.
[[nodiscard]] inline std::int64_t counts_apart(const std::vector<CountPair>& pairs) {
  return std::count_if(pairs.begin(), pairs.end(), [](const CountPair& pair) { return pair.apart() != 0; });
}

}  // namespace rooftile::experiments
