// What an expectation may speak of: one table of outcomes, each a number with its unit or a name.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/analysis/report.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"
#include "runner/cell_answer.hpp"
#include "runner/expected_number.hpp"

namespace rooftile::runner {

/// A cell and its answer, with the one it is held against.
struct Case {
  const experiments::Question& question;
  const CellAnswer& cell;
  const Program& program;                ///< of a prediction or simulation
  const CellAnswer* against = nullptr;   ///< nullptr: the expectation has no `against`
  std::span<const double> tile_times{};  ///< of all tiles of this cell, the shortest first; if they were asked for
};

struct Outcome {
  std::string_view name;
  std::string_view heading;
  analysis::Show show;
  std::optional<Dimension> unit;  ///< of a number; nothing: a name
  /// What the cell must have: a prediction or simulation; an execution; traffic, which all have; a program, which the
  /// first two have also for a call that does not fit; or nothing at all.
  enum class Needs { prediction, execution, traffic, program, nothing } needs;
  /// Beside which other cells: none, the one that `against` names, those that differ in their tile alone.
  enum class Beside { nothing, against, tiles } beside;
  analysis::Value (*value)(const Case&);
};

/// All outcomes, in the order in which tables show them.
[[nodiscard]] std::vector<const Outcome*> all_outcomes();

/// What an outcome must come to.
class Expected {
 public:
  /// Throws InputError if `node` cannot be what `outcome` comes to.
  Expected(const Outcome& outcome, const yaml::Node& node);

  [[nodiscard]] const Outcome& outcome() const { return *outcome_; }
  [[nodiscard]] const std::string& text() const { return text_; }  ///< as the file has it
  [[nodiscard]] bool holds(const analysis::Value& value) const;

 private:
  const Outcome* outcome_;
  std::string text_;
  std::optional<ExpectedNumber> number_;  ///< nothing: a name
};

/// The outcome of a case; absent where the answer does not have it.
[[nodiscard]] analysis::Value outcome_of(const Outcome& outcome, const Case& of);

}  // namespace rooftile::runner
