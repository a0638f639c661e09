// What an experiment says must come out, and whether it did.
//
//   expect:
//     - {mn: 4096, k: 256, predictor: roofline, flop_per_byte: 228, ridge_flop_per_byte: 201, bound_class: compute}
//
//   m     n     k    FLOP/byte  expected  ridge  expected  bound class  expected  as expected
//   4096  4096  256  227.6      228       200.6  201       compute      compute   yes
//
// Which cells: profile, kernel, predictor and the columns of a workload (seq for seq_q and seq_kv, mn for m and n).
// What they must give: flop_per_byte (FLOP as the papers count over DRAM bytes), ridge_flop_per_byte (of the profile),
// bound, bound_class (memory, compute, overhead), status. A number holds if the answer rounds to it at the decimals it
// is written with: 228 means [227.5, 228.5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "question/question.hpp"
#include "rooftile/analysis/report.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"
#include "runner/experiment.hpp"

namespace rooftile::runner {

/// Reads one entry of `expect:`. InputError for unknown keys, for no outcome at all, for numbers that are none.
[[nodiscard]] Expectation read_expectation(const yaml::Node& entry);

/// True if a cell meets all conditions.
[[nodiscard]] bool meets(const experiments::Question& question, const std::vector<Condition>& conditions);

/// True if `value` rounds to the number that `text` is, at the decimals of `text`. NaN never does.
[[nodiscard]] bool rounds_to(double value, std::string_view text);

struct ExpectationReport {
  analysis::Table table;  ///< "expectations": one row per expectation and cell, in the order of the file
  int failed = 0;         ///< rows that are not as expected
};

/// Answers the cells of every expectation again and holds them against it.
[[nodiscard]] ExpectationReport check_expectations(const Experiment& experiment, experiments::Catalogues& catalogues);

}  // namespace rooftile::runner
