#include "cli/whatif_tables.hpp"

#include <algorithm>
#include <ostream>

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

bool both_ok(const Answer& base, const Answer& changed) {
  return base.status == Status::ok && changed.status == Status::ok;
}

/// changed / base; absent unless both have a time.
Value time_ratio(const Answer& base, const Answer& changed) {
  return both_ok(base, changed) ? Value{changed.prediction.time / base.prediction.time} : Value{};
}

/// variant, time_s, one <limit>_alone_s per resource, bytes, bound, status, reason, notes.
std::vector<Column> variant_columns() {
  std::vector<Column> columns{{"variant", "", Show::text}, {"time_s", "time", Show::seconds}};
  for (const auto& row : EnumNames<Limit>::table) {
    const std::string name{row.name};
    columns.push_back({name + "_alone_s", name + " alone", Show::seconds});
  }
  for (const Column& column : experiments::answer_columns()) {
    const bool left_out = column.name == "time_s" || column.name == "flop" || column.name == "expected_error";
    if (!left_out) columns.push_back(column);
  }
  return columns;
}

std::vector<Value> variant_cells(const char* variant, const Answer& answer) {
  const Value status = std::string{name_of(answer.status)};
  std::vector<Value> cells{std::string{variant}};
  if (answer.status != Status::ok) {
    cells.resize(variant_columns().size() - 3);
    cells.insert(cells.end(), {status, answer.reason, answer.notes});
    return cells;
  }
  const Prediction& p = answer.prediction;
  cells.emplace_back(p.time.value());
  for (const Seconds alone : p.alone) cells.emplace_back(alone.value());
  for (const Bytes bytes : {p.dram.read, p.dram.write, p.l2.read, p.l2.write, p.smem})
    cells.emplace_back(bytes.value());
  cells.insert(cells.end(), {std::string{name_of(p.bound)}, status, {}, answer.notes});
  return cells;
}

/// The numbers that change, in the order of --set.
std::vector<const DeviceLeaf*> changed_leaves(const Whatif& whatif) {
  std::vector<const DeviceLeaf*> leaves;
  for (const yaml::Setting& setting : whatif.changed.front().question.settings)
    leaves.push_back(find_leaf(setting.path));
  return leaves;
}

std::string changes(const Question& question) {
  std::string text;
  for (const yaml::Setting& setting : question.settings) {
    text += (text.empty() ? "" : ", ") + setting.path + " = " + setting.text;
  }
  return text;
}

std::string bound_text(const Answer& answer) {
  return answer.status == Status::ok ? std::string{name_of(answer.prediction.bound)} : std::string{};
}

std::string bound_change(const Answer& base, const Answer& changed) {
  if (!both_ok(base, changed)) return {};
  const std::string before = bound_text(base);
  const std::string after = bound_text(changed);
  return before == after ? before : before + " -> " + after;
}

std::vector<Question> questions_asked(const std::vector<Whatif>& whatifs) {
  std::vector<Question> questions;
  for (const Whatif& whatif : whatifs) questions.push_back(whatif.question);
  return questions;
}

}  // namespace

Table machine_table(const std::vector<Whatif>& whatifs) {
  const auto leaves = changed_leaves(whatifs.front());
  Table table{.name = "whatif", .columns = experiments::question_columns(questions_asked(whatifs))};
  const auto asked = table.columns;
  for (const DeviceLeaf* leaf : leaves)
    table.columns.push_back({si_name(*leaf), std::string{leaf->path}, Show::number});
  for (const Column& column : variant_columns()) table.columns.push_back(column);
  table.columns.push_back({"time_ratio", "ratio", Show::ratio});
  const auto add = [&](const Question& question, const char* variant, const Answer& answer, Value ratio) {
    auto row = experiments::question_cells(question, asked);
    for (const DeviceLeaf* leaf : leaves) row.emplace_back(value_of(answer.profile->device, *leaf));
    for (Value& cell : variant_cells(variant, answer)) row.push_back(std::move(cell));
    row.push_back(std::move(ratio));
    table.rows.push_back(std::move(row));
  };
  for (const Whatif& whatif : whatifs) {
    add(whatif.question, "base", whatif.base, {});
    for (const Changed& changed : whatif.changed)
      add(changed.question, "changed", changed.answer, time_ratio(whatif.base, changed.answer));
  }
  return table;
}

void write_comparison(std::ostream& out, const Whatif& whatif, analysis::Style style) {
  const Changed& changed = whatif.changed.front();
  Table card{.title = title_of(whatif.question) + "\nchanged: " + changes(changed.question),
             .columns = variant_columns()};
  card.rows = {variant_cells("base", whatif.base), variant_cells("changed", changed.answer)};
  // A resource that neither variant uses says nothing here.
  for (std::size_t c = 0; c < card.columns.size(); ++c) {
    const auto idle = [c](const auto& row) { return row[c] == Value{0.0}; };
    if (idle(card.rows[0]) && idle(card.rows[1])) card.rows[0][c] = card.rows[1][c] = Value{};
  }
  if (both_ok(whatif.base, changed.answer)) {
    const bool flipped = whatif.base.prediction.bound != changed.answer.prediction.bound;
    const std::string bound = bound_change(whatif.base, changed.answer);
    card.notes.push_back(flipped ? "the bound flips: " + bound : "still bound by " + bound);
  }
  analysis::write_card(out, card, style, true);
}

Table people_questions(const std::vector<Whatif>& whatifs) {
  QuestionTable asked = distinguishing(questions_asked(whatifs));
  Table table = table_of("whatif", asked,
                         {{"base_s", "base", Show::seconds},
                          {"changed_s", "changed", Show::seconds},
                          {"time_ratio", "ratio", Show::ratio},
                          {"bound", "bound", Show::text},
                          {"reason", "reason", Show::text}});
  table.title += "\nchanged: " + changes(whatifs.front().changed.front().question);
  for (std::size_t i = 0; i < whatifs.size(); ++i) {
    const Answer& base = whatifs[i].base;
    const Answer& changed = whatifs[i].changed.front().answer;
    std::vector<Value> row = std::move(asked.rows[i]);
    const Answer& refused = base.status != Status::ok ? base : changed;
    row.insert(row.end(), {time_cell(base), time_cell(changed), time_ratio(base, changed), bound_change(base, changed),
                           refused.reason});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table people_changes(const std::vector<Whatif>& whatifs) {
  const auto leaves = changed_leaves(whatifs.front());
  const QuestionTable asked = distinguishing(questions_asked(whatifs));
  std::vector<Column> columns;
  for (const DeviceLeaf* leaf : leaves) columns.push_back({std::string{leaf->path}, std::string{leaf->path}});
  columns.insert(columns.end(), {{"time_s", "time", Show::seconds},
                                 {"time_ratio", "ratio", Show::ratio},
                                 {"bound", "bound", Show::text},
                                 {"reason", "reason", Show::text}});
  Table table = table_of("whatif", asked, columns);
  if (whatifs.size() == 1) table.title = title_of(whatifs.front().question);
  const auto add = [&](std::vector<Value> row, const Answer& base, const Answer& answer) {
    for (const DeviceLeaf* leaf : leaves) {
      const StatedLeaf* stated = answer.profile->find(leaf->path);
      row.push_back(stated == nullptr ? Value{} : Value{stated->text});
    }
    row.insert(row.end(), {time_cell(answer), time_ratio(base, answer), bound_text(answer), answer.reason});
    table.rows.push_back(std::move(row));
  };
  for (std::size_t i = 0; i < whatifs.size(); ++i) {
    add(asked.rows[i], whatifs[i].base, whatifs[i].base);
    for (const Changed& changed : whatifs[i].changed) add(asked.rows[i], whatifs[i].base, changed.answer);
  }
  table.notes = {"the first row of each question is the profile as it is"};
  return table;
}

}  // namespace rooftile::cli
