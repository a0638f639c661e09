// What each method answers to the same question: times, and bytes of DRAM.
//
//   fa2, seq 4096, d 128   hierarchical 2.80 ms   simulated 2.91 ms   published 2.75 ms
//                          DRAM 538 MB predicted, 539 MB simulated, 541 MB executed
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rooftile/analysis/compare.hpp"
#include "rooftile/analysis/result.hpp"
#include "rooftile/analysis/store.hpp"

namespace rooftile::analysis {

/// One question, with one predictor's and one observer's answer at most (a row of v_methods). Quantities are unknown()
/// where nobody gave them; an execution has no time.
struct SideBySide {
  std::string profile{};
  std::string kernel{};
  Workload workload{};
  SpecOverrides tile{};
  L2State l2 = L2State::cold;
  std::string setting{};
  std::string predictor{};           ///< "": nothing was predicted
  std::optional<Method> observed{};  ///< how the time was observed, if it was
  Seconds predicted_time{};
  Seconds simulated_time{};
  Seconds observed_time{};
  Bytes predicted_dram{};  ///< read and written
  Bytes simulated_dram{};
  Bytes executed_dram{};
  Bytes observed_dram{};  ///< by hardware counters
  std::string source{};   ///< of the observed time
};

/// The rows of v_methods that two methods or more have answered, ordered by profile, kernel, workload. A filter's
/// predictor and observed_method say which of several stand beside the others; its method says nothing.
[[nodiscard]] std::vector<SideBySide> load_side_by_side(const Store& store, const CompareFilter& filter = {});

}  // namespace rooftile::analysis
