#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "compare/groups.hpp"
#include "rooftile/analysis/cell.hpp"

namespace rooftile::analysis {
namespace {

std::string bound_text(const Comparison& row) { return row.bound ? std::string{name_of(*row.bound)} : ""; }

std::string class_text(const Comparison& row) { return row.bound ? std::string{name_of(class_of(*row.bound))} : ""; }

/// Numbers by value and before words; words by alphabet.
bool natural_less(const std::string& a, const std::string& b) {
  const auto number = [](const std::string& text) -> std::optional<double> {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
  };
  const auto x = number(a);
  const auto y = number(b);
  if (x && y && *x != *y) return *x < *y;
  if (x.has_value() != y.has_value()) return x.has_value();
  return a < b;
}

}  // namespace

std::string group_text(const Comparison& row, GroupBy by) {
  switch (by) {
    case GroupBy::gpu: return row.profile;
    case GroupBy::kernel: return row.kernel;
    case GroupBy::method: return std::string{name_of(row.method)};
    case GroupBy::observed: return std::string{name_of(row.observed_method)};
    case GroupBy::predictor: return row.predictor;
    case GroupBy::bound: return bound_text(row);
    case GroupBy::bound_class: return class_text(row);
    case GroupBy::regime: return std::string{regime_of(row.workload)};
    case GroupBy::l2: return std::string{name_of(row.l2)};
    case GroupBy::setting: return row.setting;
    case GroupBy::source: return row.source;
    default: return workload_text(row.workload, name_of(by));
  }
}

bool GroupLess::operator()(const std::vector<std::string>& a, const std::vector<std::string>& b) const {
  return std::ranges::lexicographical_compare(a, b, natural_less);
}

Accuracy summarise(std::vector<std::string> group, const std::vector<double>& errors) {
  std::vector<double> sizes;
  sizes.reserve(errors.size());
  for (const double error : errors) sizes.push_back(std::abs(error));
  const auto n = static_cast<double>(errors.size());
  Accuracy result;
  result.group = std::move(group);
  result.n = static_cast<std::int64_t>(errors.size());
  result.mape = std::accumulate(sizes.begin(), sizes.end(), 0.0) / n;
  result.median = quantile(sizes, 0.5);
  result.p95 = quantile(sizes, 0.95);
  result.worst = std::ranges::max(sizes);
  result.bias = std::accumulate(errors.begin(), errors.end(), 0.0) / n;
  return result;
}

std::string_view regime_of(const Workload& workload) {
  const auto* shape = std::get_if<AttentionShape>(&workload);
  if (shape == nullptr) return name_of(op_of(workload));
  if (shape->pass != Pass::fwd) return "backward";
  if (shape->seq_q == shape->seq_kv) return "prefill";
  if (shape->seq_q > shape->seq_kv) return "cross";
  return shape->seq_q == 1 ? "decode" : "append";
}

std::span<const std::string_view> regimes() {
  static constexpr std::string_view names[] = {"prefill", "decode", "append", "cross", "backward", "gemm", "softmax"};
  return names;
}

double relative_error(Seconds predicted, Seconds observed) {
  for (const Seconds time : {predicted, observed}) {
    if (!(time > Seconds{0}) || std::isinf(time.value())) {
      throw std::domain_error("cannot compare a time of " + std::to_string(time.value()) + " s");
    }
  }
  return (predicted - observed) / observed;
}

double Comparison::error() const { return relative_error(predicted, observed); }

double quantile(std::span<const double> values, double q) {
  if (values.empty() || !(q >= 0 && q <= 1)) throw std::domain_error("quantile of nothing, or outside 0..1");
  std::vector<double> sorted{values.begin(), values.end()};
  std::ranges::sort(sorted);
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double share = position - static_cast<double>(below);
  return sorted[below] + share * (sorted[above] - sorted[below]);
}

std::vector<Accuracy> accuracy(std::span<const Comparison> rows, std::span<const GroupBy> by) {
  Groups<std::vector<double>> groups;
  for (const Comparison& row : rows) {
    std::vector<std::string> group;
    for (const GroupBy column : by) group.push_back(group_text(row, column));
    groups[std::move(group)].push_back(row.error());
  }
  std::vector<Accuracy> result;
  for (const auto& [group, errors] : groups) result.push_back(summarise(group, errors));
  return result;
}

bool exceeds(std::span<const Accuracy> groups, double limit) {
  if (!(limit >= 0)) throw std::domain_error("an error limit is not negative");
  // Written so that a NaN exceeds every limit.
  return std::ranges::any_of(groups, [limit](const Accuracy& group) { return !(group.mape <= limit); });
}

}  // namespace rooftile::analysis
