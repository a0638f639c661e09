#include "runner/expectations.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "runner/outcomes.hpp"

namespace rooftile::runner {
namespace {

using analysis::Show;
using experiments::Question;

/// A text as a table holds it: a number if it is one.
analysis::Value value_of_text(const std::string& text) {
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc{} && read.ptr == end)
    return whole;
  double number = 0;
  if (const auto read = std::from_chars(text.data(), end, number); read.ec == std::errc{} && read.ptr == end) {
    return number;
  }
  return text;
}

/// The table in the making: the columns that tell the cells apart, then value and expectation of every outcome named.
class Report {
 public:
  explicit Report(const Experiment& experiment) {
    for (const Expectation& expectation : experiment.expectations) {
      for (const Condition& condition : expectation.cells) add_cell_column(condition.column);
      for (const Expected& expected : expectation.outcomes) add_outcome(expected.outcome());
    }
    report_.table.name = "expectations";
    report_.table.title = experiment.name;
    for (const std::string& name : cells_) report_.table.columns.push_back({name, name, Show::count});
    for (const Outcome* outcome : outcomes_) {
      const std::string name{outcome->name};
      report_.table.columns.push_back({name, std::string{outcome->heading}, outcome->show});
      report_.table.columns.push_back({"expected_" + name, "expected", outcome->show});
    }
    report_.table.columns.push_back({"as_expected", "as expected", Show::yes_no});
  }

  void add(const Expectation& expectation, const Case& answered) {
    std::vector<analysis::Value> row;
    for (const std::string& name : cells_) row.push_back(value_of_text(cell_word(answered.question, name)));
    bool good = true;
    for (const Outcome* outcome : outcomes_) {
      const analysis::Value value = outcome_of(*outcome, answered);
      const Expected* expected = find(expectation, *outcome);
      row.push_back(value);
      row.push_back(expected == nullptr ? analysis::Value{} : value_of_text(expected->text()));
      good = good && (expected == nullptr || expected->holds(value));
    }
    row.emplace_back(good);
    report_.table.rows.push_back(std::move(row));
    report_.failed += good ? 0 : 1;
  }

  [[nodiscard]] ExpectationReport take() && { return std::move(report_); }

 private:
  static const Expected* find(const Expectation& expectation, const Outcome& outcome) {
    const auto found = std::find_if(expectation.outcomes.begin(), expectation.outcomes.end(),
                                    [&](const Expected& expected) { return &expected.outcome() == &outcome; });
    return found == expectation.outcomes.end() ? nullptr : &*found;
  }
  void add_once(std::string name) {
    if (std::find(cells_.begin(), cells_.end(), name) == cells_.end()) cells_.push_back(std::move(name));
  }
  void add_cell_column(const std::string& name) {
    for (const std::string_view column : columns_meant(name)) add_once(std::string{column});
  }
  void add_outcome(const Outcome& outcome) {
    if (std::find(outcomes_.begin(), outcomes_.end(), &outcome) == outcomes_.end()) outcomes_.push_back(&outcome);
  }

  std::vector<std::string> cells_;
  std::vector<const Outcome*> outcomes_;
  ExpectationReport report_;
};

/// The cells meant must be of a method that has the outcome.
void check_method(const Outcome& outcome, const std::vector<Condition>& cells, const yaml::Node& node) {
  const auto method = std::find_if(cells.begin(), cells.end(), [](const Condition& c) { return c.column == "method"; });
  const bool execution = method != cells.end() && method->text == name_of(analysis::Method::executed);
  if (outcome.needs == Outcome::Needs::execution && !execution)
    node.fail(std::string{outcome.name} + " needs `method: executed`");
  const bool of_prediction = outcome.needs == Outcome::Needs::prediction || outcome.needs == Outcome::Needs::program;
  if (of_prediction && execution) node.fail("an execution has no " + std::string{outcome.name});
}

}  // namespace

Expectation read_expectation(const yaml::Node& entry) {
  yaml::Map map{entry};
  Expectation expectation;
  expectation.where = entry.where();
  expectation.cells = read_conditions(map);
  const yaml::Node* against = map.optional("against");
  if (against != nullptr) {
    yaml::Map other{*against};
    expectation.against = read_conditions(other);
    other.finish();
    if (expectation.against.empty()) against->fail("an empty map");
  }
  for (const Outcome* outcome : all_outcomes()) {
    const yaml::Node* node = map.optional(outcome->name);
    if (node == nullptr) continue;
    if (outcome->compares && against == nullptr) node->fail(std::string{outcome->name} + " needs `against:`");
    check_method(*outcome, expectation.cells, *node);
    expectation.outcomes.emplace_back(*outcome, *node);
  }
  map.finish();
  if (expectation.outcomes.empty()) {
    std::vector<std::string_view> names;
    for (const Outcome* outcome : all_outcomes()) names.push_back(outcome->name);
    entry.fail("an expectation needs at least one of " + join(names));
  }
  return expectation;
}

ExpectationReport check_expectations(const Experiment& experiment, experiments::Catalogues& catalogues) {
  Report report{experiment};
  experiments::Answerer answerer{catalogues};
  for (const Expectation& expectation : experiment.expectations) {
    const OtherCells others{expectation.against, experiment.questions};
    for (const Question& question : experiment.questions) {
      if (!meets(question, expectation.cells)) continue;
      std::optional<CellAnswer> against;
      if (!expectation.against.empty()) against = answer_cell(*others.of(question), answerer, catalogues);
      const CellAnswer cell = answer_cell(question, answerer, catalogues);
      report.add(expectation, {question, cell, answerer.program(), against ? &*against : nullptr});
    }
  }
  return std::move(report).take();
}

}  // namespace rooftile::runner
