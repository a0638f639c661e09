#if __has_include(<cupti_range_profiler.h>)
#include "measure/counters/metric_plan.hpp"

namespace rooftile::kernels::measure {

std::vector<std::string> supported_chips(const CuptiLibrary& cupti) {
  auto chips = ROOFTILE_CUPTI_PARAMS(CUpti_Profiler_Host_GetSupportedChips_Params);
  cupti.call("cuptiProfilerHostGetSupportedChips", cupti.supported_chips, chips);
  return {chips.ppChipNames, chips.ppChipNames + chips.numChips};
}

MetricPlan::MetricPlan(const CuptiLibrary& cupti, const std::string& chip, std::span<const char* const> metrics,
                       std::span<const std::uint8_t> availability)
    : cupti_(cupti), metrics_(metrics.begin(), metrics.end()) {
  open(chip, availability);
  try {
    if (add(metrics_) != CUPTI_SUCCESS) {
      const std::string unknown = unknown_metrics(chip, availability);
      throw CounterError(CounterStatus::unsupported, chip + " has no counters " + unknown);
    }
    program();
  } catch (...) {
    close();
    throw;
  }
}

MetricPlan::~MetricPlan() { close(); }

void MetricPlan::open(const std::string& chip, std::span<const std::uint8_t> availability) {
  auto host = ROOFTILE_CUPTI_PARAMS(CUpti_Profiler_Host_Initialize_Params);
  host.profilerType = CUPTI_PROFILER_TYPE_RANGE_PROFILER;
  host.pChipName = chip.c_str();
  host.pCounterAvailabilityImage = availability.empty() ? nullptr : availability.data();
  cupti_.call("cuptiProfilerHostInitialize", cupti_.host_initialize, host);
  host_ = host.pHostObject;
}

void MetricPlan::close() {
  if (host_ == nullptr) return;
  auto host = ROOFTILE_CUPTI_PARAMS(CUpti_Profiler_Host_Deinitialize_Params);
  host.pHostObject = host_;
  cupti_.host_deinitialize(&host);
  host_ = nullptr;
}

CUptiResult MetricPlan::add(std::span<const char*> metrics) {
  auto added = ROOFTILE_CUPTI_PARAMS(CUpti_Profiler_Host_ConfigAddMetrics_Params);
  added.pHostObject = host_;
  added.ppMetricNames = metrics.data();
  added.numMetrics = metrics.size();
  return cupti_.add_metrics(&added);
}

/// CUPTI refuses a set as a whole; each metric alone, on a fresh host object, tells which one it was.
std::string MetricPlan::unknown_metrics(const std::string& chip, std::span<const std::uint8_t> availability) {
  std::string unknown;
  for (const char*& metric : metrics_) {
    close();
    open(chip, availability);
    if (add({&metric, 1}) != CUPTI_SUCCESS) unknown += (unknown.empty() ? "" : ", ") + std::string{metric};
  }
  return unknown.empty() ? "for these metrics together" : unknown;
}

void MetricPlan::program() {
  auto size = ROOFTILE_CUPTI_PARAMS(CUpti_Profiler_Host_GetConfigImageSize_Params);
  size.pHostObject = host_;
  cupti_.call("cuptiProfilerHostGetConfigImageSize", cupti_.config_size, size);
  config_.resize(size.configImageSize);
  auto image = ROOFTILE_CUPTI_PARAMS(CUpti_Profiler_Host_GetConfigImage_Params);
  image.pHostObject = host_;
  image.configImageSize = config_.size();
  image.pConfigImage = config_.data();
  cupti_.call("cuptiProfilerHostGetConfigImage", cupti_.config_image, image);
  auto passes = ROOFTILE_CUPTI_PARAMS(CUpti_Profiler_Host_GetNumOfPasses_Params);
  passes.configImageSize = config_.size();
  passes.pConfigImage = config_.data();
  cupti_.call("cuptiProfilerHostGetNumOfPasses", cupti_.pass_count, passes);
  passes_ = passes.numOfPasses;
}

std::vector<double> MetricPlan::values(const std::vector<std::uint8_t>& counter_data) {
  std::vector<double> values(metrics_.size());
  auto evaluated = ROOFTILE_CUPTI_PARAMS(CUpti_Profiler_Host_EvaluateToGpuValues_Params);
  evaluated.pHostObject = host_;
  evaluated.pCounterDataImage = counter_data.data();
  evaluated.counterDataImageSize = counter_data.size();
  evaluated.rangeIndex = 0;
  evaluated.ppMetricNames = metrics_.data();
  evaluated.numMetrics = metrics_.size();
  evaluated.pMetricValues = values.data();
  cupti_.call("cuptiProfilerHostEvaluateToGpuValues", cupti_.evaluate, evaluated);
  return values;
}

}  // namespace rooftile::kernels::measure
#endif
