#include "runner/outcomes.hpp"

#include <algorithm>
#include <array>

#include "rooftile/model/count.hpp"
#include "runner/expected_number.hpp"

namespace rooftile::runner {
namespace {

using analysis::Show;
using analysis::Value;
using Needs = Outcome::Needs;

constexpr Dimension plain{};
constexpr Dimension byte{.byte = 1};
constexpr Dimension second{.second = 1};

/// Textbook traffic (swept bytes) of the tensors that `wanted` picks.
template <class Wanted>
double swept_bytes(const Program& program, const Wanted& wanted) {
  ProgramCounts counts;
  count(program, counts);
  std::int64_t total = 0;
  for (const TensorUse& use : counts.uses) {
    const Tensor& tensor = program.tensors[static_cast<std::size_t>(use.tensor)];
    if (wanted(tensor)) total += use.swept_loads + use.swept_stores;
  }
  return static_cast<double>(total);
}
/// l, m, LSE and the like: a number per row of a head, where matrices have a row of them.
bool holds_row_statistics(const Tensor& tensor) { return tensor.extents.size() == 3; }

double elements(const SoftmaxShape& shape) { return static_cast<double>(shape.rows) * static_cast<double>(shape.cols); }

double over(double a, double b) { return a / b; }

constexpr std::array<Outcome, 17> outcomes = {{
    {"flop_per_byte", "FLOP/byte", Show::number, plain, Needs::prediction, false,
     [](const Case& c) -> Value {
       return (c.answer.prediction.paper_flops / c.answer.prediction.dram.total()).value();
     }},
    {"ridge_flop_per_byte", "ridge", Show::number, plain, Needs::prediction, false,
     [](const Case& c) -> Value { return ridge(c.answer.profile->device, dtype_of(c.question.workload)).value(); }},
    {"time", "time", Show::seconds, second, Needs::prediction, false,
     [](const Case& c) -> Value { return c.answer.prediction.time.value(); }},
    {"dram_bytes", "DRAM", Show::bytes, byte, Needs::prediction, false,
     [](const Case& c) -> Value { return c.answer.prediction.dram.total().value(); }},
    {"l2_bytes", "L2", Show::bytes, byte, Needs::prediction, false,
     [](const Case& c) -> Value { return c.answer.prediction.l2.total().value(); }},
    {"host_bytes", "host link", Show::bytes, byte, Needs::prediction, false,
     [](const Case& c) -> Value { return c.answer.prediction.host.value(); }},
    {"extra_memory", "extra memory", Show::bytes, byte, Needs::prediction, false,
     [](const Case& c) -> Value { return c.answer.prediction.extra_memory.value(); }},
    {"matrix_bytes", "matrices", Show::bytes, byte, Needs::program, false,
     [](const Case& c) -> Value {
       return swept_bytes(c.program, [](const Tensor& tensor) { return !holds_row_statistics(tensor); });
     }},
    {"row_statistics_bytes", "row statistics", Show::bytes, byte, Needs::program, false,
     [](const Case& c) -> Value { return swept_bytes(c.program, holds_row_statistics); }},
    {"accesses_per_element", "accesses", Show::number, plain, Needs::prediction, false,
     [](const Case& c) -> Value {
       const auto* shape = std::get_if<SoftmaxShape>(&c.question.workload);
       if (shape == nullptr) return {};
       return c.answer.prediction.l2.total().value() / (elements(*shape) * static_cast<double>(size_of(shape->dtype)));
     }},
    {"bound", "bound", Show::text, std::nullopt, Needs::prediction, false,
     [](const Case& c) -> Value { return std::string{name_of(c.answer.prediction.bound)}; }},
    {"bound_class", "bound class", Show::text, std::nullopt, Needs::prediction, false,
     [](const Case& c) -> Value { return std::string{name_of(class_of(c.answer.prediction.bound))}; }},
    {"status", "status", Show::text, std::nullopt, Needs::nothing, false,
     [](const Case& c) -> Value { return std::string{name_of(c.answer.status)}; }},
    {"speedup", "speedup", Show::ratio, plain, Needs::prediction, true,
     [](const Case& c) -> Value { return over(c.against->prediction.time.value(), c.answer.prediction.time.value()); }},
    {"dram_ratio", "DRAM ratio", Show::ratio, plain, Needs::prediction, true,
     [](const Case& c) -> Value {
       return over(c.against->prediction.dram.total().value(), c.answer.prediction.dram.total().value());
     }},
    {"l2_ratio", "L2 ratio", Show::ratio, plain, Needs::prediction, true,
     [](const Case& c) -> Value {
       return over(c.against->prediction.l2.total().value(), c.answer.prediction.l2.total().value());
     }},
    {"bound_before", "bound before", Show::text, std::nullopt, Needs::prediction, true,
     [](const Case& c) -> Value { return std::string{name_of(c.against->prediction.bound)}; }},
}};

template <class E>
void check_enum(const yaml::Node& node) {
  (void)node.as_enum<E>();
}

}  // namespace

const Outcome* find_outcome(std::string_view name) {
  const auto* const found =
      std::find_if(outcomes.begin(), outcomes.end(), [&](const Outcome& outcome) { return outcome.name == name; });
  return found == outcomes.end() ? nullptr : found;
}

std::vector<const Outcome*> all_outcomes() {
  std::vector<const Outcome*> all;
  for (const Outcome& outcome : outcomes) all.push_back(&outcome);
  return all;
}

void check_expected(const Outcome& outcome, const yaml::Node& node) {
  if (outcome.unit) {
    if (const auto good = ExpectedNumber::parse(node.as_text(), *outcome.unit); !good) node.fail(good.error());
  } else if (outcome.name == "status") {
    check_enum<Status>(node);
  } else if (outcome.name == "bound_class") {
    check_enum<LimitClass>(node);
  } else {
    check_enum<Limit>(node);
  }
}

bool as_expected(const Outcome& outcome, const analysis::Value& value, const std::string& text) {
  if (!outcome.unit) return analysis::plain_cell(value) == text;
  const auto* number = std::get_if<double>(&value);
  return number != nullptr && ExpectedNumber::parse(text, *outcome.unit)->holds(*number);
}

analysis::Value outcome_of(const Outcome& outcome, const Case& of) {
  const bool answered = of.answer.status == Status::ok;
  if (outcome.needs == Needs::prediction && !answered) return {};
  if (outcome.needs == Needs::program && !of.answer.built) return {};
  if (outcome.compares && (of.against == nullptr || of.against->status != Status::ok)) return {};
  return outcome.value(of);
}

}  // namespace rooftile::runner
