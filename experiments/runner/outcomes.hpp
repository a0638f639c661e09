// What an expectation may speak of: one table of outcomes, each a number with its unit or a name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "question/question.hpp"
#include "rooftile/analysis/report.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::runner {

/// A cell and its answer, with the one it is held against.
struct Case {
  const experiments::Question& question;
  const experiments::Answer& answer;
  const Program& program;                        ///< of the answer
  const experiments::Answer* against = nullptr;  ///< nullptr: the expectation has no `against`
};

struct Outcome {
  std::string_view name;
  std::string_view heading;
  analysis::Show show;
  std::optional<Dimension> unit;  ///< of a number; nothing: a name
  /// Needs the answer's time and traffic; or only its program, which also a call that does not fit has; or neither.
  enum class Needs { prediction, program, nothing } needs;
  bool compares;  ///< with the answer that `against` names
  analysis::Value (*value)(const Case&);
};

/// The outcome of this name, nullptr if there is none.
[[nodiscard]] const Outcome* find_outcome(std::string_view name);
/// All of them, in the order in which tables show them.
[[nodiscard]] std::vector<const Outcome*> all_outcomes();

/// Throws InputError if `node` cannot be what this outcome comes to.
void check_expected(const Outcome& outcome, const yaml::Node& node);
/// True if `value` is what `text` expects.
[[nodiscard]] bool as_expected(const Outcome& outcome, const analysis::Value& value, const std::string& text);

/// The outcome of a case; absent where the answer does not have it.
[[nodiscard]] analysis::Value outcome_of(const Outcome& outcome, const Case& of);

}  // namespace rooftile::runner
