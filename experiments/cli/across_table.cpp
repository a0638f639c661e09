#include "cli/across_table.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "cli/people.hpp"
#include "question/columns.hpp"

namespace rooftile::cli {
namespace {

using analysis::Column;
using analysis::Show;
using analysis::Table;
using analysis::Value;
using experiments::Answer;
using experiments::Question;

std::string& name_in(Question& question, Across across) {
  return across == Across::kernel ? question.kernel : question.profile;
}

/// The answers of one row, by kernel or GPU.
using Row = std::map<std::string, const Answer*>;

/// The questions without the name that stands side by side, and their rows.
struct Rows {
  std::vector<std::string> names;  ///< side by side, in the order in which they were asked
  std::vector<Question> questions;
  std::vector<Row> rows;

  Rows(const std::vector<Question>& asked, const std::vector<Answer>& answers, Across across) {
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      Question question = asked[i];
      const std::string name = std::exchange(name_in(question, across), "");
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      const auto [at, fresh] = places.emplace(experiments::command_line(question), rows.size());
      if (fresh) {
        questions.push_back(question);
        rows.emplace_back();
      }
      rows[at->second][name] = &answers[i];
    }
  }
};

std::vector<Column> columns_of_names(const Rows& rows) {
  std::vector<Column> columns;
  for (const std::string& name : rows.names) {
    const bool timed = std::any_of(rows.rows.begin(), rows.rows.end(),
                                   [&](const Row& row) { return row.at(name)->status == Status::ok; });
    columns.push_back({name + "_time_s", name, Show::seconds});
    columns.push_back({name + "_bound", timed ? "bound" : name, Show::text});  // an empty column is not shown
    if (name != rows.names.front()) columns.push_back({name + "_speedup", "speedup", Show::ratio});
  }
  return columns;
}

/// Time, bound (or why there is none) and speedup of every name.
std::vector<Value> cells_of(const Row& row, const std::vector<std::string>& names) {
  const Answer& first = *row.at(names.front());
  std::vector<Value> cells;
  for (const std::string& name : names) {
    const Answer& answer = *row.at(name);
    const bool ok = answer.status == Status::ok;
    cells.push_back(time_cell(answer));
    cells.emplace_back(std::string{ok ? name_of(answer.prediction.bound) : name_of(answer.status)});
    if (name == names.front()) continue;
    Value& speedup = cells.emplace_back();
    if (ok && first.status == Status::ok) speedup = first.prediction.time / answer.prediction.time;
  }
  return cells;
}

/// Lines in the order in which they are said first.
class Lines {
 public:
  void say(const std::string& line) {
    if (said_.insert(line).second) lines_.push_back(line);
  }
  [[nodiscard]] std::vector<std::string> take() && { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
  std::set<std::string> said_;
};

/// What the answers say beside their numbers, part by part; then what has no time and why, the first of each name.
std::vector<std::string> notes_of(const Rows& rows) {
  Lines lines;
  for (const Row& row : rows.rows) {
    for (const std::string& name : rows.names) {
      std::string_view notes = row.at(name)->notes;
      while (!notes.empty()) {
        const std::size_t end = std::min(notes.find("; "), notes.size());
        lines.say(std::string{notes.substr(0, end)});
        notes.remove_prefix(std::min(end + 2, notes.size()));
      }
    }
  }
  for (const std::string& name : rows.names) {
    const auto refused = std::find_if(rows.rows.begin(), rows.rows.end(),
                                      [&](const Row& row) { return row.at(name)->status != Status::ok; });
    if (refused == rows.rows.end()) continue;
    const Answer& answer = *refused->at(name);
    lines.say(name + ", " + std::string{name_of(answer.status)} + ": " + answer.reason);
  }
  return std::move(lines).take();
}

}  // namespace

Table across_table(const std::vector<Question>& questions, const std::vector<Answer>& answers, Across across) {
  const Rows rows{questions, answers, across};
  if (rows.names.size() < 2) {
    throw InputError{"--across " + std::string{name_of(across)} + ": there is only " + rows.names.front() +
                     "; give two or more, separated by commas"};
  }
  const QuestionTable asked = distinguishing(rows.questions);
  Table table = table_of(experiments::command_of(questions[0].method), asked, columns_of_names(rows));
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    table.rows.push_back(asked.rows[i]);
    std::ranges::move(cells_of(rows.rows[i], rows.names), std::back_inserter(table.rows.back()));
  }
  table.notes = notes_of(rows);
  return table;
}

}  // namespace rooftile::cli
