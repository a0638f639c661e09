#include "runner/expectations.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "rooftile/analysis/cell.hpp"
#include "runner/outcomes.hpp"

namespace rooftile::runner {
namespace {

using analysis::Show;
using experiments::Answer;
using experiments::Question;

constexpr std::array<std::string_view, 25> cell_columns = {
    "profile", "kernel", "predictor", "variant", "op",   "batch", "heads",   "kv_heads", "seq",
    "seq_q",   "seq_kv", "head_dim",  "mask",    "pass", "dtype", "dropout", "br",       "bc",
    "l2",      "mn",     "m",         "n",       "k",    "rows",  "cols"};
/// Of these, two stand for two others each.
constexpr bool is_pair(std::string_view column) { return column == "seq" || column == "mn"; }

/// What a cell has in a column, as text.
std::string cell_text(const Question& question, std::string_view column) {
  if (column == "profile") return question.profile;
  if (column == "kernel") return question.kernel;
  if (column == "predictor") return question.predictor;
  if (column == "variant") return question.variant;
  if (column == "op") return std::string{name_of(op_of(question.workload))};
  if (column == "br") return question.overrides.br == 0 ? "" : std::to_string(question.overrides.br);
  if (column == "bc") return question.overrides.bc == 0 ? "" : std::to_string(question.overrides.bc);
  if (column == "l2") return question.l2 ? std::string{name_of(*question.l2)} : "";
  return analysis::workload_text(question.workload, column);
}

/// The columns that a condition's column stands for.
std::vector<std::string_view> columns_of(std::string_view column) {
  if (column == "seq") return {"seq_q", "seq_kv"};
  if (column == "mn") return {"m", "n"};
  return {column};
}

bool meets_one(const Question& question, const Condition& condition) {
  const auto columns = columns_of(condition.column);
  return std::all_of(columns.begin(), columns.end(),
                     [&](std::string_view column) { return cell_text(question, column) == condition.text; });
}

std::vector<Condition> read_conditions(yaml::Map& map) {
  std::vector<Condition> conditions;
  for (const std::string_view column : cell_columns) {
    if (const yaml::Node* node = map.optional(column)) {
      conditions.push_back({std::string{column}, node->as_text(), node->where()});
    }
  }
  return conditions;
}

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
      for (const Condition& outcome : expectation.outcomes) add_outcome(outcome.column);
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
    for (const std::string& name : cells_) row.push_back(value_of_text(cell_text(answered.question, name)));
    bool good = true;
    for (const Outcome* outcome : outcomes_) {
      const analysis::Value value = outcome_of(*outcome, answered);
      const Condition* expected = find(expectation, outcome->name);
      row.push_back(value);
      row.push_back(expected == nullptr ? analysis::Value{} : value_of_text(expected->text));
      good = good && (expected == nullptr || as_expected(*outcome, value, expected->text));
    }
    row.emplace_back(good);
    report_.table.rows.push_back(std::move(row));
    report_.failed += good ? 0 : 1;
  }

  [[nodiscard]] ExpectationReport take() && { return std::move(report_); }

 private:
  static const Condition* find(const Expectation& expectation, std::string_view name) {
    const auto found = std::find_if(expectation.outcomes.begin(), expectation.outcomes.end(),
                                    [&](const Condition& condition) { return condition.column == name; });
    return found == expectation.outcomes.end() ? nullptr : &*found;
  }
  void add_once(std::string name) {
    if (std::find(cells_.begin(), cells_.end(), name) == cells_.end()) cells_.push_back(std::move(name));
  }
  void add_cell_column(const std::string& name) {
    for (const std::string_view column : columns_of(name)) add_once(std::string{column});
  }
  void add_outcome(std::string_view name) {
    const Outcome* outcome = find_outcome(name);
    if (std::find(outcomes_.begin(), outcomes_.end(), outcome) == outcomes_.end()) outcomes_.push_back(outcome);
  }

  std::vector<std::string> cells_;
  std::vector<const Outcome*> outcomes_;
  ExpectationReport report_;
};

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
    check_expected(*outcome, *node);
    if (outcome->compares && against == nullptr) node->fail(std::string{outcome->name} + " needs `against:`");
    expectation.outcomes.push_back({std::string{outcome->name}, node->as_text(), node->where()});
  }
  map.finish();
  if (expectation.outcomes.empty()) {
    std::vector<std::string_view> names;
    for (const Outcome* outcome : all_outcomes()) names.push_back(outcome->name);
    entry.fail("an expectation needs at least one of " + join(names));
  }
  return expectation;
}

bool meets(const Question& question, const std::vector<Condition>& conditions) {
  return !question.execute && std::all_of(conditions.begin(), conditions.end(),
                                          [&](const Condition& condition) { return meets_one(question, condition); });
}

const Question* other_cell(const Question& question, const std::vector<Condition>& against,
                           const std::vector<Question>& questions) {
  std::vector<std::string_view> same;
  for (const std::string_view column : cell_columns) {
    const auto speaks_of = [&](const Condition& condition) {
      const auto columns = columns_of(condition.column);
      return std::find(columns.begin(), columns.end(), column) != columns.end();
    };
    if (!is_pair(column) && std::none_of(against.begin(), against.end(), speaks_of)) same.push_back(column);
  }
  for (const Question& other : questions) {
    const auto alike = [&](std::string_view column) { return cell_text(other, column) == cell_text(question, column); };
    if (meets(other, against) && std::all_of(same.begin(), same.end(), alike)) return &other;
  }
  return nullptr;
}

ExpectationReport check_expectations(const Experiment& experiment, experiments::Catalogues& catalogues) {
  Report report{experiment};
  experiments::Answerer answerer{catalogues};
  for (const Expectation& expectation : experiment.expectations) {
    for (const Question& question : experiment.questions) {
      if (!meets(question, expectation.cells)) continue;
      std::optional<Answer> against;
      if (!expectation.against.empty()) {
        against = answerer.answer(*other_cell(question, expectation.against, experiment.questions));
      }
      const Answer answer = answerer.answer(question);
      report.add(expectation, {question, answer, answerer.program(), against ? &*against : nullptr});
    }
  }
  return std::move(report).take();
}

}  // namespace rooftile::runner
