#if __has_include(<cupti_range_profiler.h>)
#include "measure/counters/cupti_session.hpp"

#include "measure/cuda_check.hpp"

namespace rooftile::kernels::measure {
namespace {

/// Ends what a pass has begun, also when the work in it throws.
class Pass {
 public:
  Pass(const CuptiLibrary& cupti, CUpti_RangeProfiler_Object* profiler) : cupti_(cupti), profiler_(profiler) {
    auto start = ROOFTILE_CUPTI_PARAMS(CUpti_RangeProfiler_Start_Params);
    start.pRangeProfilerObject = profiler_;
    cupti_.call("cuptiRangeProfilerStart", cupti_.start, start);
    auto push = ROOFTILE_CUPTI_PARAMS(CUpti_RangeProfiler_PushRange_Params);
    push.pRangeProfilerObject = profiler_;
    push.pRangeName = "call";
    const CUptiResult pushed = cupti_.push_range(&push);
    if (pushed != CUPTI_SUCCESS) static_cast<void>(stop());
    cupti_.check(pushed, "cuptiRangeProfilerPushRange");
  }
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;
  ~Pass() {
    if (ended_) return;
    static_cast<void>(pop());
    static_cast<void>(stop());
  }

  /// Ends the pass; true if it was the last.
  bool end() {
    ended_ = true;
    const CUptiResult popped = pop();
    const CUptiResult stopped = stop();
    cupti_.check(popped, "cuptiRangeProfilerPopRange");
    cupti_.check(stopped, "cuptiRangeProfilerStop");
    return last_;
  }

 private:
  CUptiResult pop() {
    auto pop = ROOFTILE_CUPTI_PARAMS(CUpti_RangeProfiler_PopRange_Params);
    pop.pRangeProfilerObject = profiler_;
    return cupti_.pop_range(&pop);
  }
  CUptiResult stop() {
    auto stop = ROOFTILE_CUPTI_PARAMS(CUpti_RangeProfiler_Stop_Params);
    stop.pRangeProfilerObject = profiler_;
    const CUptiResult result = cupti_.stop(&stop);
    last_ = stop.isAllPassSubmitted != 0;
    return result;
  }

  const CuptiLibrary& cupti_;
  CUpti_RangeProfiler_Object* profiler_;
  bool ended_ = false;
  bool last_ = false;
};

/// The part of the machine that stands in the way, by CUPTI's own answers; empty if none is named.
std::string obstacle(const CUpti_Profiler_DeviceSupported_Params& support) {
  const auto bad = [](CUpti_Profiler_Support_Level level) {
    return level == CUPTI_PROFILER_CONFIGURATION_UNSUPPORTED || level == CUPTI_PROFILER_CONFIGURATION_DISABLED;
  };
  std::string text;
  if (bad(support.architecture)) text += ", architecture";
  if (bad(support.sli)) text += ", SLI";
  if (bad(support.vGpu)) text += ", virtual GPU";
  if (bad(support.confidentialCompute)) text += ", confidential computing";
  if (bad(support.cmp)) text += ", mining GPU";
  if (bad(support.wsl)) text += ", WSL";
  return text.empty() ? text : " (" + text.substr(2) + ")";
}

}  // namespace

CuptiSession::CuptiSession(const LibrarySearch& search) : cupti_(search) {
  try {
    open();
  } catch (...) {
    close();
    throw;
  }
}

CuptiSession::~CuptiSession() { close(); }

void CuptiSession::open() {
  find_context();
  auto initialize = ROOFTILE_CUPTI_PARAMS(CUpti_Profiler_Initialize_Params);
  cupti_.call("cuptiProfilerInitialize", cupti_.initialize, initialize);
  initialized_ = true;
  check_support();
  auto chip = ROOFTILE_CUPTI_PARAMS(CUpti_Device_GetChipName_Params);
  chip.deviceIndex = static_cast<std::size_t>(device_);
  cupti_.call("cuptiDeviceGetChipName", cupti_.chip_name, chip);
  chip_ = chip.pChipName;
  auto enable = ROOFTILE_CUPTI_PARAMS(CUpti_RangeProfiler_Enable_Params);
  enable.ctx = context_;
  cupti_.call("cuptiRangeProfilerEnable", cupti_.enable, enable);
  profiler_ = enable.pRangeProfilerObject;
  read_availability();
}

void CuptiSession::close() {
  if (profiler_ != nullptr) {
    auto disable = ROOFTILE_CUPTI_PARAMS(CUpti_RangeProfiler_Disable_Params);
    disable.pRangeProfilerObject = profiler_;
    cupti_.disable(&disable);
    profiler_ = nullptr;
  }
  if (initialized_) {
    auto deinitialize = ROOFTILE_CUPTI_PARAMS(CUpti_Profiler_DeInitialize_Params);
    cupti_.deinitialize(&deinitialize);
    initialized_ = false;
  }
}

/// The runtime's context on the current device; the driver's function comes through the runtime, nothing is linked.
void CuptiSession::find_context() {
  try {
    check(cudaGetDevice(&device_), "cudaGetDevice");
    check(cudaFree(nullptr), "context");
  } catch (const CudaError& error) {
    throw Unavailable(std::string{"no device: "} + error.what());
  }
  auto* current = driver_entry<std::remove_pointer_t<decltype(&::cuCtxGetCurrent)>>("cuCtxGetCurrent", 12000);
  if (current == nullptr || current(&context_) != CUDA_SUCCESS || context_ == nullptr)
    throw Unavailable("the driver has no current context");
}

void CuptiSession::check_support() {
  auto support = ROOFTILE_CUPTI_PARAMS(CUpti_Profiler_DeviceSupported_Params);
  support.cuDevice = device_;
  support.api = CUPTI_PROFILER_RANGE_PROFILING;
  cupti_.call("cuptiProfilerDeviceSupported", cupti_.device_supported, support);
  if (support.isSupported != CUPTI_PROFILER_CONFIGURATION_SUPPORTED)
    throw CounterError(CounterStatus::unsupported, "CUPTI: range profiling is not supported here" + obstacle(support));
}

void CuptiSession::read_availability() {
  auto available = ROOFTILE_CUPTI_PARAMS(CUpti_Profiler_GetCounterAvailability_Params);
  available.ctx = context_;
  cupti_.call("cuptiProfilerGetCounterAvailability", cupti_.counter_availability, available);
  availability_.resize(available.counterAvailabilityImageSize);
  available.pCounterAvailabilityImage = availability_.data();
  cupti_.call("cuptiProfilerGetCounterAvailability", cupti_.counter_availability, available);
}

std::vector<std::uint8_t> CuptiSession::counter_data(const MetricPlan& plan) const {
  std::vector<const char*> names = plan.metrics();
  auto size = ROOFTILE_CUPTI_PARAMS(CUpti_RangeProfiler_GetCounterDataSize_Params);
  size.pRangeProfilerObject = profiler_;
  size.pMetricNames = names.data();
  size.numMetrics = names.size();
  size.maxNumOfRanges = 1;
  size.maxNumRangeTreeNodes = 1;
  cupti_.call("cuptiRangeProfilerGetCounterDataSize", cupti_.data_size, size);
  std::vector<std::uint8_t> data(size.counterDataSize);
  auto initialize = ROOFTILE_CUPTI_PARAMS(CUpti_RangeProfiler_CounterDataImage_Initialize_Params);
  initialize.pRangeProfilerObject = profiler_;
  initialize.counterDataSize = data.size();
  initialize.pCounterData = data.data();
  cupti_.call("cuptiRangeProfilerCounterDataImageInitialize", cupti_.data_initialize, initialize);
  return data;
}

void CuptiSession::configure(const MetricPlan& plan, std::vector<std::uint8_t>& data) const {
  auto config = ROOFTILE_CUPTI_PARAMS(CUpti_RangeProfiler_SetConfig_Params);
  config.pRangeProfilerObject = profiler_;
  config.configSize = plan.config().size();
  config.pConfig = plan.config().data();
  config.counterDataImageSize = data.size();
  config.pCounterDataImage = data.data();
  config.range = CUPTI_UserRange;
  config.replayMode = CUPTI_UserReplay;
  config.maxRangesPerPass = 1;
  config.numNestingLevels = 1;
  config.minNestingLevel = 1;
  config.targetNestingLevel = 1;
  cupti_.call("cuptiRangeProfilerSetConfig", cupti_.set_config, config);
}

bool CuptiSession::run_pass(const std::function<void()>& run) const {
  Pass pass{cupti_, profiler_};
  run();
  check(cudaDeviceSynchronize(), "the counted range");
  return pass.end();
}

std::vector<double> CuptiSession::count(MetricPlan& plan, const std::function<void()>& before,
                                        const std::function<void()>& run) {
  std::vector<std::uint8_t> data = counter_data(plan);
  configure(plan, data);
  for (bool done = false; !done;) {
    before();
    check(cudaDeviceSynchronize(), "before the counted range");
    done = run_pass(run);
  }
  auto decode = ROOFTILE_CUPTI_PARAMS(CUpti_RangeProfiler_DecodeData_Params);
  decode.pRangeProfilerObject = profiler_;
  cupti_.call("cuptiRangeProfilerDecodeData", cupti_.decode, decode);
  if (decode.numOfRangeDropped != 0) throw CounterError(CounterStatus::failed, "CUPTI: the counted range was dropped");
  return plan.values(data);
}

}  // namespace rooftile::kernels::measure
#endif
