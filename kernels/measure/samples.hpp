// What a series of timings says, and when it is long enough.
//
//   StoppingRule rule{{.min_samples = 10, .max_noise = 0.005}};
//   do rule.add(time_one_call()); while (!rule.finished(seconds_since_start));
//   summarise(times).median
//
// The rule has the shape of nvbench's "stdrel" (github.com/NVIDIA/nvbench, detail/stdrel_criterion.cxx): enough
// samples, enough time in the kernel, and then either little noise (standard deviation over mean) or a noise that no
// longer changes, because some kernels are noisy for ever; a time-out ends the rest.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace rooftile::kernels::measure {

/// A number that nobody knows.
inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// NaN in every number for an empty series.
struct Summary {
  double median;
  double q1;  ///< lower quartile
  double q3;  ///< upper quartile
  double mean;
  double noise;  ///< standard deviation (n - 1) over mean
};

/// The value below which the share `fraction` of the samples lies, linear between neighbours (the usual "type 7":
/// position (n - 1) · fraction). NaN for none.
[[nodiscard]] double quantile(std::span<const double> samples, double fraction);
[[nodiscard]] Summary summarise(std::span<const double> samples);

/// Why a series ended.
enum class StopReason : std::uint8_t { running, quiet, settled, most_samples, time_out };
[[nodiscard]] std::string_view name_of(StopReason reason);

struct StoppingOptions {
  std::int64_t min_samples = 10;
  std::int64_t max_samples = 500;
  double min_seconds = 0.005;   ///< sum of the samples
  double max_noise = 0.005;     ///< standard deviation over mean
  double settled_noise = 0.05;  ///< relative spread of the noise over the last `settled_window` samples
  std::int64_t settled_window = 64;
  std::int64_t settled_every = 16;  ///< samples from one look at the spread of the noise to the next
  double time_out = 1;              ///< seconds of wall clock for the whole series, sweeps and pauses included
};

class StoppingRule {
 public:
  explicit StoppingRule(const StoppingOptions& options) : options_(options) {}

  void add(double seconds);
  /// Whether the series may end after `elapsed` seconds of wall clock. The time-out holds even below min_samples, but
  /// never before the first sample.
  [[nodiscard]] StopReason state(double elapsed) const;
  [[nodiscard]] bool finished(double elapsed) const { return state(elapsed) != StopReason::running; }
  /// Standard deviation over mean so far; NaN below two samples.
  [[nodiscard]] double noise() const;

 private:
  [[nodiscard]] bool settled() const;

  StoppingOptions options_;
  std::int64_t count_ = 0;
  double sum_ = 0;
  double mean_ = 0;     // Welford's running mean
  double squares_ = 0;  // and sum of squared distances from it
  std::vector<double> noises_;
};

/// Which samples to keep when each comes with the clock it ran at: those whose clock is at least `fraction` of the
/// median clock. A sample without a reading (NaN) is kept.
[[nodiscard]] std::vector<bool> keep_by_clock(std::span<const double> clocks, double fraction);

}  // namespace rooftile::kernels::measure
