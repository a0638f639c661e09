// What an experiment says must come out, and whether it did.
//
//   expect:
//     - {mn: 4096, k: 256, predictor: roofline, flop_per_byte: 228, ridge_flop_per_byte: 201, bound_class: compute}
//
//   m     n     k    FLOP/byte  expected  ridge  expected  bound class  expected  as expected
//   4096  4096  256  227.6      228       200.6  201       compute      compute   yes
//
// Which cells: conditions.hpp. What they must give: an outcome of outcomes.hpp, written as expected_number.hpp says.
// With
//
//     - {kernel: fa2, mask: causal, against: {mask: none}, speedup: 1.65 to 1.9}
//
// each cell is compared with the one that differs from it in what `against` says alone. With
//
//     - {kernel: fa2, tile: own, any_of: {rank: at most 3, of_best: at most 1.05}, share: at least 0.8}
//
// four of five of the cells must give one of the two; the table has a row for each and one for the share.
#pragma once

#include "rooftile/analysis/report.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"
#include "runner/experiment.hpp"

namespace rooftile::runner {

/// Reads one entry of `expect:`. InputError for unknown keys, for no outcome at all, for numbers that are none.
[[nodiscard]] Expectation read_expectation(const yaml::Node& entry);

/// True if it speaks of a cell beside those that differ from it in their tile alone.
[[nodiscard]] bool compares_tiles(const Expectation& expectation);

struct ExpectationReport {
  /// "expectations": one row per expectation and cell, in the order of the file; behind the cells of a share, the
  /// share.
  analysis::Table table;
  int judged = 0;  ///< rows that must be as expected: all but the cells of a share
  int failed = 0;  ///< of them, those that are not
};

/// Answers the cells of every expectation again and holds them against it.
[[nodiscard]] ExpectationReport check_expectations(const Experiment& experiment, experiments::Catalogues& catalogues);

}  // namespace rooftile::runner
