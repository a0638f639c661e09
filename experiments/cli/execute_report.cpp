#include "cli/execute_report.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <limits>
#include <ostream>

#include "cli/people.hpp"
#include "question/columns.hpp"
#include "rooftile/model/format_quantity.hpp"

namespace rooftile::cli {
namespace {

using analysis::Column;
using analysis::Show;
using analysis::Table;
using analysis::Value;
using experiments::CountPair;
using experiments::Executed;
using experiments::Question;
using kernels::LaunchExecution;

/// Two digits: the last ones of an error differ from CPU to CPU.
std::string error_text(double error) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", error);
  return text;
}

std::string status_text(const Executed& executed) { return std::string{name_of(executed.status)}; }

/// Numbers of what ran, absent for the rest.
Value if_ran(const Executed& executed, Value value) { return executed.ran() ? std::move(value) : Value{}; }

std::vector<Value> batch_cells(const Question& question, const Executed& executed) {
  std::vector<Value> cells{{}, paper_flops(question.workload).value()};
  for (const Bytes bytes : {executed.dram().read, executed.dram().write, executed.l2().read, executed.l2().write,
                            executed.smem().total()}) {
    cells.push_back(if_ran(executed, bytes.value()));
  }
  const Value reason = executed.reason.empty() ? Value{} : Value{executed.reason};
  cells.insert(cells.end(), {{}, status_text(executed), reason, {}, executed.notes()});
  return cells;
}

/// What an execution says beyond the batch columns.
struct ExtraColumn {
  Column column;
  Value (*value)(const Executed&);
};

const std::vector<ExtraColumn>& extra_columns() {
  static const std::vector<ExtraColumn> columns{
      {{"relative_error", "relative error", Show::number}, [](const Executed& e) -> Value { return e.error.relative; }},
      {{"max_error", "largest error", Show::number}, [](const Executed& e) -> Value { return e.error.max_absolute; }},
      {{"lse_error", "LSE error", Show::number}, [](const Executed& e) -> Value { return e.error.lse; }},
      {{"extra_memory_bytes", "extra memory", Show::bytes},
       [](const Executed& e) -> Value { return e.extra_memory.value(); }},
      {{"bank_conflicts", "bank conflicts", Show::count},
       [](const Executed& e) -> Value { return e.total(&LaunchExecution::bank_conflicts); }},
      {{"mma", "mma", Show::count}, [](const Executed& e) -> Value { return e.total(&LaunchExecution::mma); }},
      {{"exp2", "exp2", Show::count}, [](const Executed& e) -> Value { return e.total(&LaunchExecution::exp2); }},
      {{"convert", "convert", Show::count},
       [](const Executed& e) -> Value { return e.total(&LaunchExecution::converted); }},
      {{"counts_apart", "counts apart", Show::count},
       [](const Executed& e) -> Value { return experiments::counts_apart(e.counts); }},
      {{"faults", "faults", Show::count},
       [](const Executed& e) -> Value { return static_cast<std::int64_t>(e.record.faults.size()); }},
  };
  return columns;
}

std::string fault_text(const kernels::Fault& fault) {
  return fault.launch + ": " + fault.text + " (" + fault.where + ")";
}

std::string apart_text(const CountPair& pair) {
  if (pair.apart() == 0) return "equal";
  return std::to_string(std::abs(pair.apart())) + (pair.unit.empty() ? "" : " " + pair.unit) +
         (pair.apart() > 0 ? " more" : " fewer");
}

std::string program_text(const Executed& executed) {
  const std::int64_t differ = experiments::counts_apart(executed.counts);
  const std::string all = std::to_string(executed.counts.size());
  return differ == 0 ? "all " + all + " counts equal" : std::to_string(differ) + " of " + all + " counts differ";
}

Table count_table(const Executed& executed) {
  Table table{.columns = {{"launch", "launch", Show::text},
                          {"what", "what", Show::text},
                          {"executed", "executed", Show::count},
                          {"unit", "", Show::text},
                          {"program", "the Program says", Show::text}}};
  for (const CountPair& pair : executed.counts)
    table.rows.push_back({pair.launch, pair.what, pair.executed, pair.unit, apart_text(pair)});
  return table;
}

Table fault_table(const Executed& executed) {
  Table table{
      .columns = {{"launch", "launch", Show::text}, {"where", "where", Show::text}, {"text", "fault", Show::text}}};
  for (const kernels::Fault& fault : executed.record.faults)
    table.rows.push_back({fault.launch, fault.where, fault.text});
  return table;
}

/// One heading and one text after the other.
class Card {
 public:
  explicit Card(std::string title) : table_{.title = std::move(title), .rows = {{}}} {}
  void add(const char* heading, const std::string& text) {
    if (text.empty()) return;
    table_.columns.push_back({heading, heading, Show::text});
    table_.rows[0].emplace_back(text);
  }
  [[nodiscard]] const Table& table() const { return table_; }

 private:
  Table table_;
};

std::string dram_text(const Executed& executed) {
  if (executed.host.l2_capacity == 0) return "not counted without an L2";
  return bytes_text(executed.dram()) + ", behind an L2 of " +
         bytes_text(Bytes{static_cast<double>(executed.host.l2_capacity)});
}

void add_results(Card& card, const Executed& e) {
  card.add("relative error", error_text(e.error.relative) + ", " + error_text(e.tolerance.relative) + " is allowed");
  card.add("largest error", error_text(e.error.max_absolute));
  if (e.writes_lse())
    card.add("LSE error", error_text(e.error.lse) + ", " + error_text(e.tolerance.lse) + " is allowed");
  card.add("DRAM", dram_text(e));
  card.add("L2", bytes_text(e.l2()));
  card.add("shared memory", bytes_text(e.smem()));
  card.add("bank conflicts", std::to_string(e.total(&LaunchExecution::bank_conflicts)));
  card.add("extra memory", bytes_text(e.extra_memory));
  card.add("Program", program_text(e));
  card.add("in flight", std::to_string(e.host.resident) + " CTAs, scheduling seed " + std::to_string(e.host.seed));
}

}  // namespace

Table execution_table(const std::vector<Question>& questions, const std::vector<Executed>& answers) {
  Table table{.name = "execute", .columns = experiments::question_columns(questions)};
  const auto asked = table.columns;
  std::ranges::copy(experiments::answer_columns(), std::back_inserter(table.columns));
  for (const ExtraColumn& extra : extra_columns()) table.columns.push_back(extra.column);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    auto row = experiments::question_cells(questions[i], asked);
    std::ranges::move(batch_cells(questions[i], answers[i]), std::back_inserter(row));
    for (const ExtraColumn& extra : extra_columns()) row.push_back(if_ran(answers[i], extra.value(answers[i])));
    table.rows.push_back(std::move(row));
    for (const kernels::Fault& fault : answers[i].record.faults) table.notes.push_back(fault_text(fault));
  }
  return table;
}

Table execution_people_table(const std::vector<Question>& questions, const std::vector<Executed>& answers) {
  QuestionTable asked = distinguishing(questions);
  Table table = table_of("execute", asked,
                         {{"relative_error", "relative error", Show::number},
                          {"lse_error", "LSE error", Show::number},
                          {"dram_read_bytes", "DRAM read", Show::bytes},
                          {"dram_write_bytes", "DRAM write", Show::bytes},
                          {"l2_read_bytes", "L2 read", Show::bytes},
                          {"l2_write_bytes", "L2 write", Show::bytes},
                          {"bank_conflicts", "conflicts", Show::count},
                          {"program", "Program", Show::text},
                          {"status", "status", Show::text},
                          {"reason", "reason", Show::text}});
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const Executed& e = answers[i];
    std::vector<Value> row = std::move(asked.rows[i]);
    for (Value value : {Value{e.error.relative}, Value{e.error.lse}, Value{e.dram().read.value()},
                        Value{e.dram().write.value()}, Value{e.l2().read.value()}, Value{e.l2().write.value()},
                        Value{e.total(&LaunchExecution::bank_conflicts)}, Value{program_text(e)}}) {
      row.push_back(if_ran(e, std::move(value)));
    }
    row.insert(row.end(), {status_text(e), e.reason.empty() ? Value{} : Value{e.reason}});
    table.rows.push_back(std::move(row));
  }
  return table;
}

void write_execution_card(std::ostream& out, const Question& question, const Executed& executed,
                          analysis::Style style) {
  Card card{title_of(question) + ", run on the CPU"};
  card.add("status", executed.status == analysis::Outcome::ok ? "" : status_text(executed));
  card.add("reason", executed.reason);
  if (executed.ran()) add_results(card, executed);
  card.add("note", executed.remarks);
  analysis::write_card(out, card.table(), style);
  if (!executed.ran()) return;
  if (!executed.record.faults.empty()) {
    out << '\n';
    analysis::write_table(out, fault_table(executed), style);
  }
  out << '\n';
  analysis::write_table(out, count_table(executed), style);
}

}  // namespace rooftile::cli
