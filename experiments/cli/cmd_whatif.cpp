// rooftile whatif: the same question on the profile as it is and on a changed one.
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/people.hpp"
#include "cli/question_options.hpp"
#include "question/columns.hpp"

namespace rooftile::cli {
namespace {

using analysis::Column;
using analysis::Format;
using analysis::Show;
using analysis::Table;
using analysis::Value;
using experiments::Answer;
using experiments::Question;

struct WhatifOptions {
  QuestionOptions question;
  OutputOptions output;
};

/// One question, answered twice.
struct Pair {
  Question question;  ///< with the settings
  Answer base;
  Answer changed;

  [[nodiscard]] bool both_ok() const { return base.status == Status::ok && changed.status == Status::ok; }
  /// changed / base; absent unless both have a time.
  [[nodiscard]] Value time_ratio() const {
    return both_ok() ? Value{changed.prediction.time / base.prediction.time} : Value{};
  }
};

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

/// Two rows per question, base and changed; the changed one carries time_ratio.
Table machine_table(const std::vector<Pair>& pairs) {
  std::vector<Question> questions;
  for (const Pair& pair : pairs) questions.push_back(pair.question);
  Table table{.name = "whatif", .columns = experiments::question_columns(questions)};
  const auto asked = table.columns;
  for (const Column& column : variant_columns()) table.columns.push_back(column);
  table.columns.push_back({"time_ratio", "ratio", Show::ratio});
  const auto add = [&](const Pair& pair, const char* variant, const Answer& answer, Value ratio) {
    auto row = experiments::question_cells(pair.question, asked);
    for (Value& cell : variant_cells(variant, answer)) row.push_back(std::move(cell));
    row.push_back(std::move(ratio));
    table.rows.push_back(std::move(row));
  };
  for (const Pair& pair : pairs) {
    add(pair, "base", pair.base, {});
    add(pair, "changed", pair.changed, pair.time_ratio());
  }
  return table;
}

std::string changes(const Question& question) {
  std::string text;
  for (const yaml::Setting& setting : question.settings) {
    text += (text.empty() ? "" : ", ") + setting.path + " = " + setting.text;
  }
  return text;
}

std::string bound_change(const Pair& pair) {
  if (!pair.both_ok()) return {};
  const std::string before{name_of(pair.base.prediction.bound)};
  const std::string after{name_of(pair.changed.prediction.bound)};
  return before == after ? before : before + " -> " + after;
}

void write_pair(std::ostream& out, const Pair& pair, analysis::Style style) {
  Table card{.title = title_of(pair.question) + "\nchanged: " + changes(pair.question), .columns = variant_columns()};
  card.rows = {variant_cells("base", pair.base), variant_cells("changed", pair.changed)};
  // A resource that neither variant uses says nothing here.
  for (std::size_t c = 0; c < card.columns.size(); ++c) {
    const auto idle = [c](const auto& row) { return row[c] == Value{0.0}; };
    if (idle(card.rows[0]) && idle(card.rows[1])) card.rows[0][c] = card.rows[1][c] = Value{};
  }
  if (pair.both_ok()) {
    const bool flipped = pair.base.prediction.bound != pair.changed.prediction.bound;
    card.notes.push_back(flipped ? "the bound flips: " + bound_change(pair) : "still bound by " + bound_change(pair));
  }
  analysis::write_card(out, card, style, true);
}

/// Many pairs, one row each.
Table people_pairs(const std::vector<Pair>& pairs) {
  std::vector<Question> questions;
  for (const Pair& pair : pairs) questions.push_back(pair.question);
  QuestionTable asked = distinguishing(questions);
  Table table{.name = "whatif",
              .title = asked.common + "\nchanged: " + changes(questions[0]),
              .columns = std::move(asked.columns)};
  for (const Column& column : {Column{"base_s", "base", Show::seconds},
                               {"changed_s", "changed", Show::seconds},
                               {"time_ratio", "ratio", Show::ratio},
                               {"bound", "bound", Show::text},
                               {"reason", "reason", Show::text}}) {
    table.columns.push_back(column);
  }
  const auto time = [](const Answer& a) { return a.status == Status::ok ? Value{a.prediction.time.value()} : Value{}; };
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const Pair& pair = pairs[i];
    std::vector<Value> row = std::move(asked.rows[i]);
    const Answer& refused = pair.base.status != Status::ok ? pair.base : pair.changed;
    row.insert(row.end(), {time(pair.base), time(pair.changed), pair.time_ratio(), bound_change(pair), refused.reason});
    table.rows.push_back(std::move(row));
  }
  return table;
}

int whatif(const WhatifOptions& options, Context& context) {
  const Format format = format_of(options.output);
  if (options.question.settings.empty()) {
    throw InputError{"--set is required: say what changes, as in --set memory.dram.bandwidth=\"3 TB/s\""};
  }
  std::vector<Pair> pairs;
  experiments::Answerer answerer{context.catalogues};
  for (const Question& question : questions_of(options.question)) {
    Question base = question;
    base.settings.clear();
    pairs.push_back({question, answerer.answer(base), answerer.answer(question)});
  }
  const bool single = pairs.size() == 1;
  if (format == Format::table && single) {
    write_output(context, options.output,
                 [&](std::ostream& out) { write_pair(out, pairs[0], style_of(context, options.output)); });
  } else {
    write_output(context, options.output, format == Format::table ? people_pairs(pairs) : machine_table(pairs));
  }
  return single && !pairs[0].both_ok() ? exit_failed : exit_ok;
}

}  // namespace

void add_whatif(Command& command, Context& context) {
  auto options = std::make_shared<WhatifOptions>();
  add_question_options(command, options->question);
  add_output_options(command, options->output);
  command.examples(
      {"rooftile whatif -p a100_sxm4_80gb -k fa2 --heads 16 --seq 4096 --head-dim 128 --set "
       "memory.dram.bandwidth=\"3 TB/s\"",
       "rooftile whatif -p h100_sxm5_80gb -k standard --heads 16 --seq 1024:8192:x2 --head-dim 64 --set "
       "memory.l2.capacity=\"100 MiB\""});
  command.action([options, &context] { return whatif(*options, context); });
}

}  // namespace rooftile::cli
