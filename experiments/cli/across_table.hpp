// The same questions to several kernels or GPUs, side by side: one column of times for each instead of one row.
//
//   seq q  standard  bound   flash2  bound   speedup
//    1024  643.4 us  dram    190 us  tensor   3.387x
#pragma once

#include <cstdint>
#include <vector>

#include "question/question.hpp"
#include "rooftile/analysis/report.hpp"
#include "rooftile/model/names.hpp"

namespace rooftile::cli {

/// What stands side by side.
enum class Across : std::uint8_t { kernel, profile };

/// One row per question without what `across` says; a speedup is the first one's time over that of its own column.
/// InputError if all questions name the same.
[[nodiscard]] analysis::Table across_table(const std::vector<experiments::Question>& questions,
                                           const std::vector<experiments::Answer>& answers, Across across);

}  // namespace rooftile::cli

template <>
struct rooftile::EnumNames<rooftile::cli::Across> {
  using enum cli::Across;
  static constexpr std::string_view kind = "side-by-side column";
  static constexpr Named<cli::Across> table[] = {{kernel, "kernel"}, {profile, "profile"}};
};
