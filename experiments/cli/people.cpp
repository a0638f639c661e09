#include "cli/people.hpp"

#include <algorithm>
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

Table resource_table(const Prediction& p) {
  Table table{.columns = {{"resource", "resource", Show::text},
                          {"alone_s", "alone", Show::seconds},
                          {"share", "of the time", Show::percent},
                          {"asked", "asked of it", Show::text}}};
  for (const auto& row : EnumNames<Limit>::table) {
    const Seconds alone = p.alone_on(row.value);
    if (alone.value() == 0 || !is_known(alone)) continue;
    table.rows.push_back({std::string{row.name}, alone.value(), 100 * (alone / p.time), asked_of(row.value, p)});
  }
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

Table table_of(const char* name, const QuestionTable& asked, const std::vector<Column>& more) {
  Table table{.name = name, .title = asked.common, .columns = asked.columns};
  table.columns.insert(table.columns.end(), more.begin(), more.end());
  return table;
}

void write_answer_card(std::ostream& out, const Question& question, const Answer& answer, analysis::Style style) {
  Table summary{.title = title_of(question)};
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
  add("predictor", std::string{answer.predictor->name()} + ' ' + std::to_string(answer.predictor->version()));
  add("notes", answer.notes);
  summary.rows.push_back(std::move(values));
  analysis::write_card(out, summary, style);
  if (answer.status != Status::ok) return;
  out << '\n';
  analysis::write_table(out, resource_table(p), style);
}

Table people_table(const std::vector<Question>& questions, const std::vector<Answer>& answers) {
  QuestionTable asked = distinguishing(questions);
  Table table = table_of("predict", asked,
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
