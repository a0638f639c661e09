// The results of micro-benchmarks, checked and put together by name and parameters.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/analysis/measurements.hpp"

namespace rooftile::experiments {

/// One name with one set of parameters, over all runs.
struct MicroValue {
  double value = 0;                            ///< median over the lines
  std::optional<double> sm_clock_hz;           ///< median over the lines that have one
  std::optional<double> value_per_cycle;       ///< median of value / sm_clock_hz over those lines
  std::map<std::string, std::string> words{};  ///< text parameters: {"dtype", "fp16"}
};

class MicroValues {
 public:
  /// InputError for a line whose unit is not the name's, whose value is not above zero or whose dtype is missing. Lines
  /// that failed and names that nobody knows become warnings.
  explicit MicroValues(const analysis::Measurements& measurements);

  [[nodiscard]] bool empty() const { return values_.empty(); }
  /// All values of a name; empty if there is none.
  [[nodiscard]] std::vector<MicroValue> all(std::string_view name) const;
  /// Those whose text parameter `key` is `word`.
  [[nodiscard]] std::vector<MicroValue> with(std::string_view name, const std::string& key,
                                             std::string_view word) const;
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  std::map<std::string, std::vector<MicroValue>, std::less<>> values_;
  std::vector<std::string> warnings_;
};

/// The middle of an odd number of values, the mean of the middle two of an even one. `values` is not empty.
[[nodiscard]] double median_of(std::vector<double> values);

}  // namespace rooftile::experiments
