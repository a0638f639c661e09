// Which cells an expectation means: columns and what a cell has there.
//
//   {kernel: fa2, mask: causal}     profile, kernel, method (left out: predicted), predictor, variant, the columns of a
//                                   workload and those of the tile; seq stands for seq_q and seq_kv, mn for m and n
//   {kernel: fa2, tile: own}        the kernel's own tile, whether or not br, bc, warps and stages say it
//   against: {mask: none}           the cell that equals this one but for its mask
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "question/question.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::runner {

/// One column and the value that cells must have there: "k" = "128".
struct Condition {
  std::string column;
  std::string text;
};

/// All columns, in the order in which tables show them.
[[nodiscard]] std::span<const std::string_view> cell_columns();

/// What a cell has in a column, as text; "" where it has nothing. `tile` is "own" or "other".
[[nodiscard]] std::string cell_word(const experiments::Question& question, std::string_view column);

/// The columns that a condition's column stands for: itself, or two for seq and mn.
[[nodiscard]] std::vector<std::string_view> columns_meant(std::string_view column);

/// The conditions among the keys of a map, in the order of the columns.
[[nodiscard]] std::vector<Condition> read_conditions(yaml::Map& map);

/// True if a cell meets all conditions.
[[nodiscard]] bool meets(const experiments::Question& question, const std::vector<Condition>& conditions);

/// For each cell the one that equals it but for the columns that `against` gives, found in the time of a look-up.
class OtherCells {
 public:
  /// Keeps pointers into `questions`.
  OtherCells(const std::vector<Condition>& against, const std::vector<experiments::Question>& questions);

  /// The first in the order of the file; nullptr: there is none.
  [[nodiscard]] const experiments::Question* of(const experiments::Question& question) const;

 private:
  [[nodiscard]] std::string key_of(const experiments::Question& question) const;

  std::vector<std::string_view> same_;  ///< columns that both have alike
  std::unordered_map<std::string, const experiments::Question*> cells_;
};

}  // namespace rooftile::runner
