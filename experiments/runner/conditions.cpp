#include "runner/conditions.hpp"

#include <algorithm>
#include <array>

#include "rooftile/analysis/cell.hpp"
#include "rooftile/analysis/result.hpp"

namespace rooftile::runner {
namespace {

using experiments::Question;

constexpr std::array<std::string_view, 29> columns = {
    "profile", "kernel", "method",   "predictor", "variant", "op",    "batch",   "heads", "kv_heads", "seq",
    "seq_q",   "seq_kv", "head_dim", "mask",      "pass",    "dtype", "dropout", "tile",  "br",       "bc",
    "warps",   "stages", "l2",       "mn",        "m",       "n",     "k",       "rows",  "cols"};
/// Of these, two stand for two others each.
constexpr bool is_pair(std::string_view column) { return column == "seq" || column == "mn"; }

std::string text_if_given(std::int64_t value) { return value == 0 ? "" : std::to_string(value); }

bool speaks_of(const Condition& condition, std::string_view column) {
  const auto columns = columns_meant(condition.column);
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}
bool speak_of(const std::vector<Condition>& conditions, std::string_view column) {
  return std::any_of(conditions.begin(), conditions.end(),
                     [&](const Condition& condition) { return speaks_of(condition, column); });
}

bool meets_one(const Question& question, const Condition& condition) {
  const auto columns = columns_meant(condition.column);
  return std::all_of(columns.begin(), columns.end(),
                     [&](std::string_view column) { return cell_word(question, column) == condition.text; });
}

bool meets_all(const Question& question, const std::vector<Condition>& conditions) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition& condition) { return meets_one(question, condition); });
}

}  // namespace

std::span<const std::string_view> cell_columns() { return columns; }

std::string cell_word(const Question& question, std::string_view column) {
  if (column == "profile") return question.profile;
  if (column == "kernel") return question.kernel;
  if (column == "method") return std::string{name_of(question.method)};
  if (column == "predictor") return question.method == analysis::Method::predicted ? question.predictor : "";
  if (column == "variant") return question.variant;
  if (column == "op") return std::string{name_of(op_of(question.workload))};
  if (column == "tile") return question.own_tile || !question.overrides.any() ? "own" : "other";
  if (column == "br") return text_if_given(question.overrides.br);
  if (column == "bc") return text_if_given(question.overrides.bc);
  if (column == "warps") return text_if_given(question.overrides.warps);
  if (column == "stages") return text_if_given(question.overrides.stages);
  if (column == "l2") return question.l2 ? std::string{name_of(*question.l2)} : "";
  return analysis::workload_text(question.workload, column);
}

std::vector<std::string_view> columns_meant(std::string_view column) {
  if (column == "seq") return {"seq_q", "seq_kv"};
  if (column == "mn") return {"m", "n"};
  return {column};
}

std::vector<Condition> read_conditions(yaml::Map& map) {
  std::vector<Condition> conditions;
  for (const std::string_view column : columns) {
    if (const yaml::Node* node = map.optional(column)) {
      conditions.push_back({std::string{column}, node->as_text()});
    }
  }
  return conditions;
}

bool meets(const Question& question, const std::vector<Condition>& conditions) {
  const bool method_meant = question.method == analysis::Method::predicted || speak_of(conditions, "method");
  return method_meant && meets_all(question, conditions);
}

OtherCells::OtherCells(const std::vector<Condition>& against, const std::vector<Question>& questions) {
  for (const std::string_view column : columns) {
    const bool given = speak_of(against, column) || (column == "predictor" && speak_of(against, "method"));
    if (!is_pair(column) && !given) same_.push_back(column);
  }
  for (const Question& question : questions) {
    if (meets_all(question, against)) cells_.emplace(key_of(question), &question);
  }
}

const Question* OtherCells::of(const Question& question) const {
  const auto found = cells_.find(key_of(question));
  return found == cells_.end() ? nullptr : found->second;
}

std::string OtherCells::key_of(const Question& question) const {
  std::string key;
  for (const std::string_view column : same_) key += cell_word(question, column) + '\n';
  return key;
}

}  // namespace rooftile::runner
