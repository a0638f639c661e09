// The table of expectations: what was expected of each cell, and whether it came out.
#include <algorithm>
#include <charconv>
#include <optional>

#include "runner/expectations.hpp"
#include "runner/outcomes.hpp"
#include "runner/tile_ranking.hpp"

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
      for (const Expected& outcome : expectation.outcomes) add_outcome(outcome.outcome());
      for (const Expected& outcome : expectation.any_of) add_outcome(outcome.outcome());
      if (expectation.share) add_differing_columns(expectation, experiment.questions);
      shares_ = shares_ || expectation.share;
    }
    report_.table.name = "expectations";
    report_.table.title = experiment.name;
    for (const std::string& name : cells_) report_.table.columns.push_back({name, name, Show::count});
    for (const Outcome* outcome : outcomes_) {
      const std::string name{outcome->name};
      report_.table.columns.push_back({name, std::string{outcome->heading}, outcome->show});
      report_.table.columns.push_back({"expected_" + name, "expected", outcome->show});
    }
    if (shares_) {
      report_.table.columns.push_back({"share", "share", Show::number});
      report_.table.columns.push_back({"expected_share", "expected", Show::number});
    }
    report_.table.columns.push_back({"as_expected", "as expected", Show::yes_no});
  }

  void add(const Expectation& expectation, const Case& answered) {
    std::vector<analysis::Value> row;
    for (const std::string& name : cells_) row.push_back(value_of_text(cell_word(answered.question, name)));
    bool all = true, any = expectation.any_of.empty();
    for (const Outcome* outcome : outcomes_) {
      const analysis::Value value = outcome_of(*outcome, answered);
      const Expected* required = find(expectation.outcomes, *outcome);
      const Expected* sufficient = find(expectation.any_of, *outcome);
      all = all && (required == nullptr || required->holds(value));
      any = any || (sufficient != nullptr && sufficient->holds(value));
      const Expected* expected = required != nullptr ? required : sufficient;
      row.push_back(value);
      row.push_back(expected == nullptr ? analysis::Value{} : value_of_text(expected->text()));
    }
    if (shares_) row.resize(row.size() + 2);
    row.emplace_back(all && any);
    report_.table.rows.push_back(std::move(row));
    ++cells_seen_;
    cells_good_ += all && any ? 1 : 0;
  }

  /// After the last cell of an expectation: a share gets a row of its own, and its cells are judged by that alone.
  void finish(const Expectation& expectation) {
    if (expectation.share) {
      const double share = static_cast<double>(cells_good_) / static_cast<double>(cells_seen_);
      const bool good = expectation.share->number.holds(share);
      std::vector<analysis::Value> row(cells_.size() + 2 * outcomes_.size());
      row.insert(row.end(), {share, value_of_text(expectation.share->text), good});
      report_.table.rows.push_back(std::move(row));
      cells_seen_ = 1;
      cells_good_ = good ? 1 : 0;
    }
    report_.judged += cells_seen_;
    report_.failed += cells_seen_ - cells_good_;
    cells_seen_ = cells_good_ = 0;
  }

  [[nodiscard]] ExpectationReport take() && { return std::move(report_); }

 private:
  static const Expected* find(const std::vector<Expected>& expected, const Outcome& outcome) {
    const auto found = std::ranges::find_if(expected, [&](const Expected& one) { return &one.outcome() == &outcome; });
    return found == expected.end() ? nullptr : &*found;
  }
  void add_once(std::string name) {
    if (std::find(cells_.begin(), cells_.end(), name) == cells_.end()) cells_.push_back(std::move(name));
  }
  void add_cell_column(const std::string& name) {
    for (const std::string_view column : columns_meant(name)) add_once(std::string{column});
  }
  /// What tells the cells of a share apart.
  void add_differing_columns(const Expectation& expectation, const std::vector<Question>& questions) {
    for (const std::string_view column : cell_columns()) {
      if (columns_meant(column).size() > 1) continue;
      std::optional<std::string> first;
      for (const Question& question : questions) {
        if (!meets(question, expectation.cells)) continue;
        if (!first) first = cell_word(question, column);
        if (*first != cell_word(question, column)) add_once(std::string{column});
      }
    }
  }
  void add_outcome(const Outcome& outcome) {
    if (std::find(outcomes_.begin(), outcomes_.end(), &outcome) == outcomes_.end()) outcomes_.push_back(&outcome);
  }

  std::vector<std::string> cells_;
  std::vector<const Outcome*> outcomes_;
  bool shares_ = false;  ///< an expectation of a share is among them
  int cells_seen_ = 0;   ///< of the expectation at hand
  int cells_good_ = 0;
  ExpectationReport report_;
};

}  // namespace

ExpectationReport check_expectations(const Experiment& experiment, experiments::Catalogues& catalogues) {
  Report report{experiment};
  experiments::Answerer answerer{catalogues};
  std::optional<TileRanking> tiles;
  for (const Expectation& expectation : experiment.expectations) {
    if (compares_tiles(expectation) && !tiles) tiles.emplace(experiment.questions, catalogues);
    std::optional<OtherCells> others;
    if (!expectation.against.empty()) others.emplace(expectation.against, experiment.questions);
    for (const Question& question : experiment.questions) {
      if (!meets(question, expectation.cells)) continue;
      std::optional<CellAnswer> against;
      if (others) against = answer_cell(*others->of(question), answerer, catalogues);
      const CellAnswer cell = answer_cell(question, answerer, catalogues);
      Case answered{question, cell, answerer.program(), against ? &*against : nullptr};
      if (compares_tiles(expectation)) answered.tile_times = tiles->times_of(question);
      report.add(expectation, answered);
    }
    report.finish(expectation);
  }
  return std::move(report).take();
}

}  // namespace rooftile::runner
