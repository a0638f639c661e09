#include "cli/people.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <ostream>

#include "question/columns.hpp"
#include "rooftile/model/format_quantity.hpp"

namespace rooftile::cli {
namespace {

using analysis::Column;
using analysis::Show;
using analysis::Table;
using analysis::Value;
using experiments::Answer;
using experiments::Question;

std::string text(auto quantity) { return format(quantity, 4); }

/// What a resource was asked to do, for the resources whose amounts a prediction keeps.
std::string asked_of(Limit limit, const Prediction& p) {
  switch (limit) {
    case Limit::dram: return bytes_text(p.dram);
    case Limit::l2: return bytes_text(p.l2);
    case Limit::smem: return bytes_text(p.smem);
    case Limit::tensor: return text(p.executed_flops) + " executed";
    default: return {};
  }
}

Table resource_table(const Answer& answer) {
  const Prediction& p = answer.prediction;
  Table table{.columns = {{"resource", "resource", Show::text},
                          {"alone_s", answer.simulation ? "busy" : "alone", Show::seconds},
                          {"share", "of the time", Show::percent},
                          {"asked", "asked of it", Show::text}}};
  for (const auto& row : EnumNames<Limit>::table) {
    const Seconds alone = p.alone_on(row.value);
    if (alone.value() == 0 || !is_known(alone)) continue;
    table.rows.push_back({std::string{row.name}, alone.value(), 100 * (alone / p.time), asked_of(row.value, p)});
  }
  return table;
}

/// One row per stall.
Table stall_rows(const Answer& answer) {
  Table table{.columns = {{"stall", "places for CTAs", Show::text}, {"share_pct", "of their time", Show::percent}}};
  const std::vector<Column>& columns = experiments::stall_columns();
  const std::vector<Value> cells = experiments::stall_cells(answer);
  for (std::size_t i = 0; i < sim::stalls; ++i) table.rows.push_back({columns[i].heading, cells[i]});
  return table;
}

std::string rate_text(const Question& question, const Answer& answer) {
  const FlopsPerSecond rate{paper_rate(question, answer)};
  const FlopsPerSecond peak = matmul_peak(answer.profile->device, dtype_of(question.workload));
  std::string line = text(rate);
  if (is_known(peak)) line += ", " + format(Count{100 * (rate / peak)}) + " % of the peak " + text(peak);
  return line;
}

std::string intensity_text(const Question& question, const Answer& answer) {
  const Prediction& p = answer.prediction;
  const FlopsPerByte intensity = p.paper_flops / p.dram.total();
  const FlopsPerByte balance = ridge(answer.profile->device, dtype_of(question.workload));
  std::string line = text(intensity) + " of DRAM traffic";
  if (!is_known(balance)) return line;
  return line + (intensity < balance ? ", below" : ", above") + " the ridge " + text(balance);
}

}  // namespace

std::string bytes_text(Bytes bytes) { return analysis::show_cell(bytes.value(), Show::bytes); }

std::string bytes_text(const Traffic& traffic) {
  return bytes_text(traffic.read) + " read, " + bytes_text(traffic.write) + " written";
}

std::string title_of(const Question& question) {
  return question.kernel + " on " + question.profile + ": " + describe(question.workload);
}

Value time_cell(const Answer& answer) {
  return answer.status == Status::ok ? Value{answer.prediction.time.value()} : Value{};
}

double paper_rate(const Question& question, const Answer& answer) {
  if (answer.status != Status::ok) return std::numeric_limits<double>::quiet_NaN();
  return (paper_flops(question.workload) / answer.prediction.time).value();
}

QuestionTable distinguishing(const std::vector<Question>& questions) {
  const std::vector<Column> columns = experiments::question_columns(questions);
  std::vector<std::vector<Value>> cells;
  cells.reserve(questions.size());
  for (const Question& question : questions) cells.push_back(experiments::question_cells(question, columns));
  QuestionTable table;
  table.rows.resize(questions.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const bool same = std::all_of(cells.begin(), cells.end(), [&](const auto& row) { return row[c] == cells[0][c]; });
    if (!same) {
      table.columns.push_back(columns[c]);
      for (std::size_t r = 0; r < cells.size(); ++r) table.rows[r].push_back(cells[r][c]);
      continue;
    }
    const std::string shown = analysis::show_cell(cells[0][c], columns[c].show);
    if (shown.empty()) continue;
    if (!table.common.empty()) table.common += ", ";
    table.common += columns[c].heading + ' ' + shown;
  }
  return table;
}

Table table_of(std::string name, const QuestionTable& asked, const std::vector<Column>& more) {
  Table table{.name = std::move(name), .title = asked.common, .columns = asked.columns};
  table.columns.insert(table.columns.end(), more.begin(), more.end());
  return table;
}

namespace {

/// What a card begins with.
Table summary_of(const Question& question, const Answer& answer) {
  const bool simulated = question.method == analysis::Method::simulated;
  Table summary{.title = title_of(question) + (simulated ? ", simulated" : "")};
  std::vector<Value> values;
  const auto add = [&](const char* heading, Value value) {
    summary.columns.push_back({heading, heading, Show::text});
    values.push_back(std::move(value));
  };
  const Prediction& p = answer.prediction;
  if (answer.status == Status::ok) {
    add("time", text(p.time));
    add("bound", std::string{name_of(p.bound)} + " (" + std::string{name_of(class_of(p.bound))} + ")");
    add("rate", rate_text(question, answer));
    add("intensity", intensity_text(question, answer));
    add("extra memory", bytes_text(p.extra_memory));
    add("L2 at start", std::string{name_of(answer.l2)});
  } else {
    add("status", std::string{name_of(answer.status)});
    add("reason", answer.reason);
  }
  const experiments::Author author = experiments::author_of(question);
  add(simulated ? "simulator" : "predictor",
      simulated ? std::to_string(author.version) : author.name + ' ' + std::to_string(author.version));
  if (answer.simulation) add("tile events", std::to_string(answer.simulation->tile_events));
  add("notes", answer.notes);
  summary.rows.push_back(std::move(values));
  return summary;
}

}  // namespace

void write_answer_card(std::ostream& out, const Question& question, const Answer& answer, analysis::Style style) {
  analysis::write_card(out, summary_of(question, answer), style);
  if (answer.status != Status::ok) return;
  out << '\n';
  analysis::write_table(out, resource_table(answer), style);
}

void write_stall_card(std::ostream& out, const Question& question, const Answer& answer, analysis::Style style) {
  analysis::write_card(out, summary_of(question, answer), style);
  if (answer.status != Status::ok) return;
  out << '\n';
  analysis::write_table(out, stall_rows(answer), style);
}

void write_view_card(std::ostream& out, const Question& question, const Answer& answer, const Table& view,
                     analysis::Style style) {
  analysis::write_card(out, summary_of(question, answer), style);
  if (answer.status != Status::ok) return;
  out << '\n';
  Table table = view;
  table.title.clear();  // says what is asked, as the card does
  analysis::write_table(out, table, style);
}

Table stall_table(const std::vector<Question>& questions, const std::vector<Answer>& answers) {
  QuestionTable asked = distinguishing(questions);
  Table table = table_of(experiments::command_of(questions[0].method), asked, {{"time_s", "time", Show::seconds}});
  std::ranges::copy(experiments::stall_columns(), std::back_inserter(table.columns));
  table.columns.push_back({"reason", "reason", Show::text});
  for (std::size_t i = 0; i < answers.size(); ++i) {
    std::vector<Value> row = std::move(asked.rows[i]);
    row.push_back(time_cell(answers[i]));
    std::ranges::move(experiments::stall_cells(answers[i]), std::back_inserter(row));
    row.emplace_back(answers[i].reason.empty() ? Value{} : Value{answers[i].reason});
    table.rows.push_back(std::move(row));
  }
  table.notes = {
      "of the time of all places for CTAs: what decided while a CTA advanced, or what it waited for; idle: "
      "no CTA was left for the place"};
  return table;
}

Table people_table(const std::vector<Question>& questions, const std::vector<Answer>& answers) {
  QuestionTable asked = distinguishing(questions);
  Table table = table_of(experiments::command_of(questions[0].method), asked,
                         {{"time_s", "time", Show::seconds},
                          {"flop_per_s", "rate", Show::flop_per_second},
                          {"dram_read_bytes", "DRAM read", Show::bytes},
                          {"dram_write_bytes", "DRAM write", Show::bytes},
                          {"l2_read_bytes", "L2 read", Show::bytes},
                          {"bound", "bound", Show::text},
                          {"status", "status", Show::text},
                          {"reason", "reason", Show::text},
                          {"notes", "notes", Show::text}});
  const bool all_ok =
      std::all_of(answers.begin(), answers.end(), [](const Answer& a) { return a.status == Status::ok; });
  const bool same_notes =
      std::all_of(answers.begin(), answers.end(), [&](const Answer& a) { return a.notes == answers[0].notes; });
  if (same_notes && !answers[0].notes.empty()) table.notes.push_back(answers[0].notes);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Answer& answer = answers[i];
    std::vector<Value> row = std::move(asked.rows[i]);
    const Value status = all_ok ? Value{} : Value{std::string{name_of(answer.status)}};
    const Value notes = same_notes ? Value{} : Value{answer.notes};
    if (answer.status == Status::ok) {
      const Prediction& p = answer.prediction;
      row.insert(row.end(), {p.time.value(),
                             paper_rate(questions[i], answer),
                             p.dram.read.value(),
                             p.dram.write.value(),
                             p.l2.read.value(),
                             std::string{name_of(p.bound)},
                             status,
                             {},
                             notes});
    } else {
      row.insert(row.end(), {{}, {}, {}, {}, {}, {}, status, answer.reason, notes});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace rooftile::cli
