#include "runner/expectations.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>

#include "rooftile/analysis/cell.hpp"

namespace rooftile::runner {
namespace {

using analysis::Show;
using experiments::Answer;
using experiments::Question;

constexpr std::array<std::string_view, 20> cell_columns = {
    "profile",  "kernel", "predictor", "op",    "batch", "heads", "kv_heads", "seq", "seq_q", "seq_kv",
    "head_dim", "mask",   "pass",      "dtype", "mn",    "m",     "n",        "k",   "rows",  "cols"};

double flop_per_byte(const Answer& answer) {
  return (answer.prediction.paper_flops / answer.prediction.dram.total()).value();
}

/// An outcome that an expectation may name.
struct Outcome {
  std::string_view name;
  std::string_view heading;
  Show show;
  analysis::Value (*value)(const Question&, const Answer&);
};

constexpr std::array<Outcome, 5> outcomes = {{
    {"flop_per_byte", "FLOP/byte", Show::number,
     [](const Question&, const Answer& a) -> analysis::Value { return flop_per_byte(a); }},
    {"ridge_flop_per_byte", "ridge", Show::number,
     [](const Question& q, const Answer& a) -> analysis::Value {
       return ridge(a.profile->device, dtype_of(q.workload)).value();
     }},
    {"bound", "bound", Show::text,
     [](const Question&, const Answer& a) -> analysis::Value { return std::string{name_of(a.prediction.bound)}; }},
    {"bound_class", "bound class", Show::text,
     [](const Question&, const Answer& a) -> analysis::Value {
       return std::string{name_of(class_of(a.prediction.bound))};
     }},
    {"status", "status", Show::text,
     [](const Question&, const Answer& a) -> analysis::Value { return std::string{name_of(a.status)}; }},
}};

const Outcome* find_outcome(std::string_view name) {
  const auto* const found =
      std::find_if(outcomes.begin(), outcomes.end(), [&](const Outcome& outcome) { return outcome.name == name; });
  return found == outcomes.end() ? nullptr : found;
}

/// What a cell has in a column, as text.
std::string cell_text(const Question& question, std::string_view column) {
  if (column == "profile") return question.profile;
  if (column == "kernel") return question.kernel;
  if (column == "predictor") return question.predictor;
  if (column == "op") return std::string{name_of(op_of(question.workload))};
  return analysis::workload_text(question.workload, column);
}

bool meets_one(const Question& question, const Condition& condition) {
  if (condition.column == "seq") {
    return cell_text(question, "seq_q") == condition.text && cell_text(question, "seq_kv") == condition.text;
  }
  if (condition.column == "mn") {
    return cell_text(question, "m") == condition.text && cell_text(question, "n") == condition.text;
  }
  return cell_text(question, condition.column) == condition.text;
}

template <class E>
void check_name(const yaml::Node& node) {
  (void)node.as_enum<E>();
}

void check_outcome(std::string_view name, const yaml::Node& node) {
  if (name == "bound") return check_name<Limit>(node);
  if (name == "bound_class") return check_name<LimitClass>(node);
  if (name == "status") return check_name<Status>(node);
  (void)node.as_number();
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

bool as_expected(const analysis::Value& value, const std::string& expected) {
  if (const auto* number = std::get_if<double>(&value)) return rounds_to(*number, expected);
  return analysis::plain_cell(value) == expected;
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

  void add(const Expectation& expectation, const Question& question, const Answer& answer) {
    std::vector<analysis::Value> row;
    for (const std::string& name : cells_) row.push_back(value_of_text(cell_text(question, name)));
    bool good = true;
    for (const Outcome* outcome : outcomes_) {
      const bool answered = answer.status == Status::ok || outcome->name == "status";
      const analysis::Value value = answered ? outcome->value(question, answer) : analysis::Value{};
      const Condition* expected = find(expectation, outcome->name);
      row.push_back(value);
      row.push_back(expected == nullptr ? analysis::Value{} : value_of_text(expected->text));
      good = good && (expected == nullptr || as_expected(value, expected->text));
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
    if (name == "seq") {
      add_once("seq_q");
      add_once("seq_kv");
    } else if (name == "mn") {
      add_once("m");
      add_once("n");
    } else {
      add_once(name);
    }
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
  for (const std::string_view column : cell_columns) {
    if (const yaml::Node* node = map.optional(column)) {
      expectation.cells.push_back({std::string{column}, node->as_text(), node->where()});
    }
  }
  for (const Outcome& outcome : outcomes) {
    if (const yaml::Node* node = map.optional(outcome.name)) {
      check_outcome(outcome.name, *node);
      expectation.outcomes.push_back({std::string{outcome.name}, node->as_text(), node->where()});
    }
  }
  map.finish();
  if (expectation.outcomes.empty()) {
    std::vector<std::string_view> names;
    names.reserve(outcomes.size());
    for (const Outcome& outcome : outcomes) names.push_back(outcome.name);
    entry.fail("an expectation needs at least one of " + join(names));
  }
  return expectation;
}

bool meets(const Question& question, const std::vector<Condition>& conditions) {
  return !question.execute && std::all_of(conditions.begin(), conditions.end(),
                                          [&](const Condition& condition) { return meets_one(question, condition); });
}

bool rounds_to(double value, std::string_view text) {
  double expected = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), expected);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return false;
  const std::size_t point = text.find('.');
  const auto decimals = point == std::string_view::npos ? 0 : static_cast<int>(text.size() - point - 1);
  const double scale = std::pow(10.0, decimals);
  return std::floor(value * scale + 0.5) == std::floor(expected * scale + 0.5);
}

ExpectationReport check_expectations(const Experiment& experiment, experiments::Catalogues& catalogues) {
  Report report{experiment};
  experiments::Answerer answerer{catalogues};
  for (const Expectation& expectation : experiment.expectations) {
    for (const Question& question : experiment.questions) {
      if (meets(question, expectation.cells)) report.add(expectation, question, answerer.answer(question));
    }
  }
  return std::move(report).take();
}

}  // namespace rooftile::runner
