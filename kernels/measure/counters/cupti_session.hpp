// CUPTI's range profiler switched on for the current device, and the loop that counts one range: user ranges, user
// replay, as many passes as the metrics need. Only for files that have cupti_range_profiler.h.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "measure/counters/metric_plan.hpp"

namespace rooftile::kernels::measure {

class CuptiSession {
 public:
  /// Throws Unavailable (no library, no driver, no device) or CounterError (not supported, no permission).
  explicit CuptiSession(const LibrarySearch& search);
  CuptiSession(const CuptiSession&) = delete;
  CuptiSession& operator=(const CuptiSession&) = delete;
  ~CuptiSession();

  [[nodiscard]] const CuptiLibrary& library() const { return cupti_; }
  [[nodiscard]] const std::string& chip() const { return chip_; }
  /// What the driver says of this device's counters; for MetricPlan.
  [[nodiscard]] std::span<const std::uint8_t> availability() const { return availability_; }

  /// Values of the plan's metrics while `run` runs, each pass after `before`.
  [[nodiscard]] std::vector<double> count(MetricPlan& plan, const std::function<void()>& before,
                                          const std::function<void()>& run);

 private:
  void open();
  void close();
  void find_context();
  void check_support();
  void read_availability();
  /// Memory for the counts of one range of this plan.
  [[nodiscard]] std::vector<std::uint8_t> counter_data(const MetricPlan& plan) const;
  void configure(const MetricPlan& plan, std::vector<std::uint8_t>& data) const;
  /// One pass; true once all are done.
  [[nodiscard]] bool run_pass(const std::function<void()>& run) const;

  CuptiLibrary cupti_;
  int device_ = 0;
  CUcontext context_ = nullptr;
  bool initialized_ = false;
  CUpti_RangeProfiler_Object* profiler_ = nullptr;
  std::string chip_;
  std::vector<std::uint8_t> availability_;
};

}  // namespace rooftile::kernels::measure
