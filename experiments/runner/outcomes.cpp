#include "runner/outcomes.hpp"

#include <algorithm>
#include <array>

#include "runner/tensor_bytes.hpp"

namespace rooftile::runner {
namespace {

using analysis::Show;
using analysis::Value;
using Needs = Outcome::Needs;
using Beside = Outcome::Beside;

constexpr Dimension plain{};
constexpr Dimension byte{.byte = 1};
constexpr Dimension second{.second = 1};

/// Bytes of the scores: one element per query and key of every head.
double score_bytes(const Workload& workload) {
  const auto product = [](auto... extents) { return (static_cast<double>(extents) * ...); };
  if (const auto* shape = std::get_if<SoftmaxShape>(&workload))
    return product(shape->rows, shape->cols, size_of(shape->dtype));
  const auto* shape = std::get_if<AttentionShape>(&workload);
  if (shape == nullptr) return 0;
  return product(shape->batch, shape->heads, shape->seq_q, shape->seq_kv, size_of(shape->dtype));
}

Value accesses_per_element(const Case& c) {
  const double once = score_bytes(c.question.workload);
  const double bytes = c.cell.executed ? softmax_bytes(c.cell.executed->record) : softmax_bytes(c.program);
  return bytes > 0 && once > 0 ? Value{bytes / once} : Value{};
}

double over(double a, double b) { return a / b; }

constexpr std::array<Outcome, 22> outcomes = {{
    {"flop_per_byte", "FLOP/byte", Show::number, plain, Needs::traffic, Beside::nothing,
     [](const Case& c) -> Value { return (c.cell.prediction.paper_flops / c.cell.prediction.dram.total()).value(); }},
    {"ridge_flop_per_byte", "ridge", Show::number, plain, Needs::prediction, Beside::nothing,
     [](const Case& c) -> Value { return ridge(c.cell.profile->device, dtype_of(c.question.workload)).value(); }},
    {"time", "time", Show::seconds, second, Needs::prediction, Beside::nothing,
     [](const Case& c) -> Value { return c.cell.prediction.time.value(); }},
    {"dram_bytes", "DRAM", Show::bytes, byte, Needs::traffic, Beside::nothing,
     [](const Case& c) -> Value { return c.cell.prediction.dram.total().value(); }},
    {"l2_bytes", "L2", Show::bytes, byte, Needs::traffic, Beside::nothing,
     [](const Case& c) -> Value { return c.cell.prediction.l2.total().value(); }},
    {"host_bytes", "host link", Show::bytes, byte, Needs::prediction, Beside::nothing,
     [](const Case& c) -> Value { return c.cell.prediction.host.value(); }},
    {"extra_memory", "extra memory", Show::bytes, byte, Needs::traffic, Beside::nothing,
     [](const Case& c) -> Value { return c.cell.prediction.extra_memory.value(); }},
    {"matrix_bytes", "matrices", Show::bytes, byte, Needs::program, Beside::nothing,
     [](const Case& c) -> Value { return swept_matrix_bytes(c.program); }},
    {"row_statistics_bytes", "row statistics", Show::bytes, byte, Needs::program, Beside::nothing,
     [](const Case& c) -> Value { return swept_row_statistics_bytes(c.program); }},
    {"accesses_per_element", "accesses", Show::number, plain, Needs::traffic, Beside::nothing, accesses_per_element},
    {"relative_error", "relative error", Show::number, plain, Needs::execution, Beside::nothing,
     [](const Case& c) -> Value { return c.cell.executed->error.relative; }},
    {"lse_error", "LSE error", Show::number, plain, Needs::execution, Beside::nothing,
     [](const Case& c) -> Value { return c.cell.executed->error.lse; }},
    {"counts_apart", "counts apart", Show::number, plain, Needs::execution, Beside::nothing,
     [](const Case& c) -> Value { return static_cast<double>(experiments::counts_apart(c.cell.executed->counts)); }},
    {"bound", "bound", Show::text, std::nullopt, Needs::prediction, Beside::nothing,
     [](const Case& c) -> Value { return std::string{name_of(c.cell.prediction.bound)}; }},
    {"bound_class", "bound class", Show::text, std::nullopt, Needs::prediction, Beside::nothing,
     [](const Case& c) -> Value { return std::string{name_of(class_of(c.cell.prediction.bound))}; }},
    {"status", "status", Show::text, std::nullopt, Needs::nothing, Beside::nothing,
     [](const Case& c) -> Value { return std::string{name_of(c.cell.status)}; }},
    {"speedup", "speedup", Show::ratio, plain, Needs::prediction, Beside::against,
     [](const Case& c) -> Value { return over(c.against->prediction.time.value(), c.cell.prediction.time.value()); }},
    {"dram_ratio", "DRAM ratio", Show::ratio, plain, Needs::traffic, Beside::against,
     [](const Case& c) -> Value {
       return over(c.against->prediction.dram.total().value(), c.cell.prediction.dram.total().value());
     }},
    {"l2_ratio", "L2 ratio", Show::ratio, plain, Needs::traffic, Beside::against,
     [](const Case& c) -> Value {
       return over(c.against->prediction.l2.total().value(), c.cell.prediction.l2.total().value());
     }},
    {"bound_before", "bound before", Show::text, std::nullopt, Needs::prediction, Beside::against,
     [](const Case& c) -> Value { return std::string{name_of(c.against->prediction.bound)}; }},
    {"rank", "rank", Show::number, plain, Needs::prediction, Beside::tiles,
     [](const Case& c) -> Value {
       const auto faster = std::ranges::lower_bound(c.tile_times, c.cell.prediction.time.value());
       return static_cast<double>(faster - c.tile_times.begin()) + 1;
     }},
    {"of_best", "of best", Show::ratio, plain, Needs::prediction, Beside::tiles,
     [](const Case& c) -> Value { return over(c.cell.prediction.time.value(), c.tile_times.front()); }},
}};

/// A name must be one that the outcome can have.
void check_name(const Outcome& outcome, const yaml::Node& node) {
  if (outcome.name == "status") {
    (void)node.as_enum<analysis::Outcome>();
  } else if (outcome.name == "bound_class") {
    (void)node.as_enum<LimitClass>();
  } else {
    (void)node.as_enum<Limit>();
  }
}

/// True if a cell has what an outcome needs.
bool has(const CellAnswer& cell, Needs needs) {
  switch (needs) {
    case Needs::prediction: return cell.ok() && !cell.executed;
    case Needs::execution: return cell.executed && cell.executed->ran();
    case Needs::traffic: return cell.ok();
    case Needs::program: return cell.built;
    case Needs::nothing: return true;
  }
  return false;
}

}  // namespace

std::vector<const Outcome*> all_outcomes() {
  std::vector<const Outcome*> all;
  for (const Outcome& outcome : outcomes) all.push_back(&outcome);
  return all;
}

Expected::Expected(const Outcome& outcome, const yaml::Node& node) : outcome_{&outcome}, text_{node.as_text()} {
  if (!outcome.unit) {
    check_name(outcome, node);
    return;
  }
  const auto number = ExpectedNumber::parse(text_, *outcome.unit);
  if (!number) node.fail(number.error());
  number_ = *number;
}

bool Expected::holds(const analysis::Value& value) const {
  if (!number_) return analysis::plain_cell(value) == text_;
  const auto* number = std::get_if<double>(&value);
  return number != nullptr && number_->holds(*number);
}

analysis::Value outcome_of(const Outcome& outcome, const Case& of) {
  if (!has(of.cell, outcome.needs)) return {};
  if (outcome.beside == Beside::tiles && of.tile_times.empty()) return {};
  if (outcome.beside == Beside::against && (of.against == nullptr || !has(*of.against, outcome.needs))) return {};
  return outcome.value(of);
}

}  // namespace rooftile::runner
