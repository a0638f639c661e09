// The table of `whatif --sensitivity`, and names of columns that hold SI values of a leaf.
#include <cmath>

#include "cli/people.hpp"
#include "cli/whatif_tables.hpp"
#include "question/columns.hpp"

namespace rooftile::cli {
namespace {

using analysis::Show;
using analysis::Table;
using analysis::Value;
using experiments::LeafEffect;
using experiments::Nudged;
using experiments::Sensitivity;

/// Half a per cent of the step: 97 of 108 SMs is a tenth less.
constexpr double a_hair = 0.005;

struct SiSuffix {
  Dimension dimension;
  const char* suffix;
};
constexpr SiSuffix si_suffixes[] = {
    {Count::dimension, ""},
    {Bytes::dimension, "_bytes"},
    {Seconds::dimension, "_s"},
    {Cycles::dimension, "_cycles"},
    {Hertz::dimension, "_hz"},
    {PerCycle::dimension, "_per_cycle"},
    {BytesPerSecond::dimension, "_bytes_per_s"},
    {BytesPerCycle::dimension, "_bytes_per_cycle"},
    {FlopsPerCycle::dimension, "_flop_per_cycle"},
    {Watts::dimension, "_w"},
    {JoulesPerByte::dimension, "_j_per_byte"},
};

/// What else changes: another bound, a kernel that cannot run.
std::string remark(const LeafEffect& effect, Limit bound) {
  std::string text;
  for (const auto& nudged : {effect.lower, effect.higher}) {
    if (!nudged) continue;
    const bool ok = nudged->status == Status::ok;
    if (ok && nudged->bound == bound) continue;
    text += (text.empty() ? "" : "; ") + std::string{nudged->value < effect.value ? "lower: " : "higher: "} +
            (ok ? "bound by " + std::string{name_of(nudged->bound)}
                : std::string{name_of(nudged->status)} + ", " + nudged->reason);
  }
  return text;
}

Value value_cell(const std::optional<Nudged>& nudged) { return nudged ? Value{nudged->value} : Value{}; }

Value seconds_cell(const std::optional<Nudged>& nudged) {
  return nudged && nudged->status == Status::ok ? Value{nudged->time.value()} : Value{};
}

Value change_cell(const std::optional<Nudged>& nudged, const Sensitivity& found) {
  const auto change = LeafEffect::change(nudged, found.base.prediction.time);
  return change ? Value{100 * *change} : Value{};
}

struct EffectColumn {
  const char* name;
  const char* heading;
  Show show;
  bool for_people;
  Value (*cell)(const LeafEffect& effect, const Sensitivity& found);
};

using E = const LeafEffect&;
using S = const Sensitivity&;
const EffectColumn effect_columns[] = {
    {"leaf", "number", Show::text, true, [](E e, S) -> Value { return std::string{e.leaf->path}; }},
    {"text", "value", Show::text, true, [](E e, S) -> Value { return e.text; }},
    {"value", "SI value", Show::number, false, [](E e, S) -> Value { return e.value; }},
    {"time_s", "time", Show::seconds, false, [](E, S s) -> Value { return s.base.prediction.time.value(); }},
    {"lower_value", "lower", Show::number, false, [](E e, S) { return value_cell(e.lower); }},
    {"lower_time_s", "time at lower", Show::seconds, false, [](E e, S) { return seconds_cell(e.lower); }},
    {"lower_change_pct", "time at -10 %", Show::percent, true, [](E e, S s) { return change_cell(e.lower, s); }},
    {"higher_value", "higher", Show::number, false, [](E e, S) { return value_cell(e.higher); }},
    {"higher_time_s", "time at higher", Show::seconds, false, [](E e, S) { return seconds_cell(e.higher); }},
    {"higher_change_pct", "time at +10 %", Show::percent, true, [](E e, S s) { return change_cell(e.higher, s); }},
    {"elasticity", "elasticity", Show::number, true,
     [](E e, S) { return e.elasticity ? Value{*e.elasticity} : Value{}; }},
    {"remark", "remark", Show::text, true, [](E e, S s) -> Value { return remark(e, s.base.prediction.bound); }},
};

std::vector<EffectColumn> shown_columns(bool for_people) {
  std::vector<EffectColumn> columns{std::begin(effect_columns), std::end(effect_columns)};
  if (for_people) std::erase_if(columns, [](const EffectColumn& column) { return !column.for_people; });
  return columns;
}

/// "memory.l2.partitions -50 % and 50 %": steps that are not a tenth.
std::string uneven_steps(const Sensitivity& found) {
  std::string text;
  for (const LeafEffect& effect : found.effects) {
    std::string steps;
    for (const auto& nudged : {effect.lower, effect.higher}) {
      if (!nudged) continue;
      const double step = nudged->value / effect.value - 1;
      if (std::abs(std::abs(step) - experiments::sensitivity_step) < a_hair) continue;
      steps += (steps.empty() ? "" : " and ") + analysis::show_cell(100 * step, Show::percent);
    }
    if (!steps.empty()) text += (text.empty() ? "" : ", ") + std::string{effect.leaf->path} + " " + steps;
  }
  return text;
}

std::string summary(const Sensitivity& found, const std::string& whose) {
  if (found.base.status != Status::ok) {
    return whose + std::string{name_of(found.base.status)} + ": " + found.base.reason;
  }
  return whose + "time " + analysis::show_cell(found.base.prediction.time.value(), Show::seconds) + ", bound " +
         std::string{name_of(found.base.prediction.bound)} +
         "; without effect: " + std::to_string(found.without_effect) + " other numbers of the profile";
}

}  // namespace

std::string si_name(const DeviceLeaf& leaf) {
  for (const SiSuffix& row : si_suffixes) {
    if (row.dimension == leaf.dimension) return std::string{leaf.path} + row.suffix;
  }
  return std::string{leaf.path};
}

Table sensitivity_table(const std::vector<Sensitivity>& found, bool for_people) {
  std::vector<experiments::Question> questions;
  for (const Sensitivity& one : found) questions.push_back(one.question);
  const bool single = found.size() == 1;
  const QuestionTable asked = distinguishing(questions);
  const auto question_part = for_people ? asked.columns : experiments::question_columns(questions);
  const std::vector<EffectColumn> columns = shown_columns(for_people);
  Table table{.name = "sensitivity", .columns = question_part};
  for (const EffectColumn& column : columns) table.columns.push_back({column.name, column.heading, column.show});
  if (for_people) table.title = single ? title_of(questions[0]) : asked.common;
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const LeafEffect& effect : found[i].effects) {
      std::vector<Value> row = for_people ? asked.rows[i] : experiments::question_cells(questions[i], question_part);
      for (const EffectColumn& column : columns) row.push_back(column.cell(effect, found[i]));
      table.rows.push_back(std::move(row));
    }
    table.notes.push_back(summary(found[i], single ? "" : title_of(questions[i]) + ": "));
    if (const std::string steps = uneven_steps(found[i]); !steps.empty())
      table.notes.push_back("steps that are not a tenth (whole numbers, ends of ranges): " + steps);
  }
  return table;
}

}  // namespace rooftile::cli
