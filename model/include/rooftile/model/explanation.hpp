// The arithmetic behind a prediction, line by line, with the source of every number: what `rooftile explain` prints.
//
//   flash2                                                        launch
//     CTAs            32 q_tile x 4 member x 8 kv_head x 8 batch  8192
//     resident        min(smem 2, registers 2, threads 16)        2 per SM
//     DRAM read       K: 64 columns x 2.10 MB                     ...        (memory.l2.capacity 40 MiB, spec, NVIDIA ...)
#pragma once

#include <string>
#include <vector>

#include "rooftile/model/predictor.hpp"
#include "rooftile/model/profile.hpp"

namespace rooftile {

/// One line: what, how, how much, and where the inputs come from.
struct ExplanationLine {
  std::string what;     ///< "resident CTAs per SM"
  std::string formula;  ///< "min(smem 2, registers 2, threads 16, grid 76)"
  std::string value;    ///< "2"
  std::string source;   ///< "sm.smem_capacity 164 KiB (spec: ...)"; may be empty
};

struct ExplanationSection {
  std::string title;  ///< "launch flash2", "assumptions", "total"
  std::vector<ExplanationLine> lines;
};

struct Explanation {
  std::vector<ExplanationSection> sections;
};

/// Explains what `predictor.predict(profile.device, program)` answered.
[[nodiscard]] Explanation explain(const Profile& profile, const Program& program, const Predictor& predictor,
                                  const Prediction& prediction);

}  // namespace rooftile
