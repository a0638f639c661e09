// The half of counting that needs no GPU: does a chip have these metrics, how are the counters programmed, in how many
// passes, and what do the raw counts mean.
//
//   CuptiLibrary cupti{library_search()};
//   MetricPlan{cupti, "GH100", metric_set(CounterLevel::dram, "GH100").names}.passes()        1
//   MetricPlan{cupti, "GH100", std::array{"dram__bytes_eaten.sum"}}                           CounterError
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "measure/counters/cupti_library.hpp"

namespace rooftile::kernels::measure {

/// Chips that this CUPTI knows: "GA100", "GH100" ...
[[nodiscard]] std::vector<std::string> supported_chips(const CuptiLibrary& cupti);

/// A programmed set of metrics. The library must outlive it.
class MetricPlan {
 public:
  /// Throws CounterError (unsupported) naming the metrics that the chip does not have. `availability`: what the
  /// driver says of a device's counters; empty without one.
  MetricPlan(const CuptiLibrary& cupti, const std::string& chip, std::span<const char* const> metrics,
             std::span<const std::uint8_t> availability = {});
  MetricPlan(const MetricPlan&) = delete;
  MetricPlan& operator=(const MetricPlan&) = delete;
  ~MetricPlan();

  [[nodiscard]] std::size_t passes() const { return passes_; }
  [[nodiscard]] const std::vector<std::uint8_t>& config() const { return config_; }
  /// As CUPTI's functions take them.
  [[nodiscard]] const std::vector<const char*>& metrics() const { return metrics_; }
  /// One value per metric, from the decoded counter data of one range.
  [[nodiscard]] std::vector<double> values(const std::vector<std::uint8_t>& counter_data);

 private:
  void open(const std::string& chip, std::span<const std::uint8_t> availability);
  void close();
  [[nodiscard]] CUptiResult add(std::span<const char*> metrics);
  [[nodiscard]] std::string unknown_metrics(const std::string& chip, std::span<const std::uint8_t> availability);
  void program();

  const CuptiLibrary& cupti_;
  CUpti_Profiler_Host_Object* host_ = nullptr;
  std::vector<const char*> metrics_;
  std::vector<std::uint8_t> config_;
  std::size_t passes_ = 0;
};

}  // namespace rooftile::kernels::measure
