// The arithmetic behind a prediction, line by line, with the source of every number: what `rooftile explain` prints.
//
//   launch flash2
//     CTAs            32 q_tile x 4 member x 8 kv_head x 8 batch      8192
//     resident        min(smem 2, registers 2, threads 16, limit 32)  2 per SM    sm.smem_capacity 164 KiB (spec: ...)
//     DRAM time       1.21 GB / (2.04 TB/s x 0.87)                    683 us      memory.dram.bandwidth ... (spec: ...)
#pragma once

#include <string>
#include <vector>

namespace rooftile {

/// One line: what, how, how much, and where the inputs come from.
struct ExplanationLine {
  std::string what;     ///< "resident CTAs per SM"
  std::string formula;  ///< "min(smem 2, registers 2, threads 16, limit 32)"
  std::string value;    ///< "2"
  std::string source;   ///< "sm.smem_capacity 164 KiB (spec: ...)"; may be empty
};

struct ExplanationSection {
  std::string title;  ///< "launch flash2", "assumptions", "total"
  std::vector<ExplanationLine> lines;
};

/// Sections in reading order: one per launch, the sums, the assumptions that went in.
struct Explanation {
  std::vector<ExplanationSection> sections;
};

}  // namespace rooftile
