#include "measure/samples.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>

namespace rooftile::kernels::measure {
namespace {

double quantile_of_sorted(std::span<const double> sorted, double fraction) {
  if (sorted.empty()) return nan;
  const double position = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
}

/// Standard deviation of `values` around `centre`, over n - 1.
double deviation(std::span<const double> values, double centre) {
  const double squares = std::transform_reduce(values.begin(), values.end(), 0.0, std::plus<>(),
                                               [&](double x) { return (x - centre) * (x - centre); });
  return values.size() < 2 ? nan : std::sqrt(squares / static_cast<double>(values.size() - 1));
}

}  // namespace

double quantile(std::span<const double> samples, double fraction) {
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  return quantile_of_sorted(sorted, fraction);
}

Summary summarise(std::span<const double> samples) {
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  const double mean = sorted.empty() ? nan : std::reduce(sorted.begin(), sorted.end()) / double(sorted.size());
  return {.median = quantile_of_sorted(sorted, 0.5),
          .q1 = quantile_of_sorted(sorted, 0.25),
          .q3 = quantile_of_sorted(sorted, 0.75),
          .mean = mean,
          .noise = deviation(sorted, mean) / mean};
}

std::string_view name_of(StopReason reason) {
  switch (reason) {
    case StopReason::quiet: return "quiet";
    case StopReason::settled: return "settled";
    case StopReason::most_samples: return "most_samples";
    case StopReason::time_out: return "time_out";
    case StopReason::running: break;
  }
  return "running";
}

void StoppingRule::add(double seconds) {
  ++count_;
  sum_ += seconds;
  const double from_old_mean = seconds - mean_;
  mean_ += from_old_mean / static_cast<double>(count_);
  squares_ += from_old_mean * (seconds - mean_);
  if (const double now = noise(); std::isfinite(now)) noises_.push_back(now);
}

double StoppingRule::noise() const {
  return count_ < 2 ? nan : std::sqrt(squares_ / static_cast<double>(count_ - 1)) / mean_;
}

StopReason StoppingRule::state(double elapsed) const {
  if (count_ == 0) return StopReason::running;
  if (count_ >= options_.max_samples) return StopReason::most_samples;
  if (count_ >= options_.min_samples && sum_ >= options_.min_seconds) {
    if (noise() < options_.max_noise) return StopReason::quiet;
    if (settled()) return StopReason::settled;
  }
  return elapsed >= options_.time_out ? StopReason::time_out : StopReason::running;
}

bool StoppingRule::settled() const {
  const auto window = static_cast<std::size_t>(options_.settled_window);
  if (noises_.size() < window || count_ % options_.settled_every != 0) return false;
  const std::span<const double> last = std::span(noises_).last(window);
  return deviation(last, last.back()) < options_.settled_noise * last.back();
}

std::vector<bool> keep_by_clock(std::span<const double> clocks, double fraction) {
  std::vector<double> known;
  std::copy_if(clocks.begin(), clocks.end(), std::back_inserter(known), [](double clock) { return clock > 0; });
  const double limit = fraction * quantile(known, 0.5);
  std::vector<bool> keep(clocks.size());
  // Not `>=`: a clock or a limit that is NaN keeps its sample.
  std::transform(clocks.begin(), clocks.end(), keep.begin(), [&](double clock) { return !(clock < limit); });
  return keep;
}

}  // namespace rooftile::kernels::measure
