// CUPTI's range profiler (CUDA 12.6 on), loaded at run time. Only for files that have cupti_range_profiler.h.
//
//   CuptiLibrary cupti{library_search()};
//   auto chip = ROOFTILE_CUPTI_PARAMS(CUpti_Device_GetChipName_Params);
//   cupti.call("cuptiDeviceGetChipName", cupti.chip_name, chip);        CounterError with CUPTI's text
#pragma once

#include <cuda.h>
#include <cuda_runtime_api.h>
// after cuda.h
#include <cupti_profiler_host.h>
#include <cupti_profiler_target.h>
#include <cupti_range_profiler.h>
#include <cupti_target.h>

#include "measure/counters/cupti_base.hpp"

namespace rooftile::kernels::measure {

/// A parameter block of CUPTI: zero but for its size.
template <class Params>
[[nodiscard]] Params cupti_params(std::size_t size) {
  Params params{};
  params.structSize = size;
  return params;
}
#define ROOFTILE_CUPTI_PARAMS(type) cupti_params<type>(type##_STRUCT_SIZE)

/// The functions by name. Throws Unavailable where libcupti is missing or older than the range profiler.
class CuptiLibrary : public CuptiBase {
 public:
  decltype(&::cuptiProfilerInitialize) initialize;
  decltype(&::cuptiProfilerDeInitialize) deinitialize;
  decltype(&::cuptiProfilerDeviceSupported) device_supported;
  decltype(&::cuptiProfilerGetCounterAvailability) counter_availability;
  decltype(&::cuptiDeviceGetChipName) chip_name;
  decltype(&::cuptiProfilerHostInitialize) host_initialize;
  decltype(&::cuptiProfilerHostDeinitialize) host_deinitialize;
  decltype(&::cuptiProfilerHostGetSupportedChips) supported_chips;
  decltype(&::cuptiProfilerHostConfigAddMetrics) add_metrics;
  decltype(&::cuptiProfilerHostGetConfigImageSize) config_size;
  decltype(&::cuptiProfilerHostGetConfigImage) config_image;
  decltype(&::cuptiProfilerHostGetNumOfPasses) pass_count;
  decltype(&::cuptiProfilerHostEvaluateToGpuValues) evaluate;
  decltype(&::cuptiRangeProfilerEnable) enable;
  decltype(&::cuptiRangeProfilerDisable) disable;
  decltype(&::cuptiRangeProfilerGetCounterDataSize) data_size;
  decltype(&::cuptiRangeProfilerCounterDataImageInitialize) data_initialize;
  decltype(&::cuptiRangeProfilerSetConfig) set_config;
  decltype(&::cuptiRangeProfilerStart) start;
  decltype(&::cuptiRangeProfilerStop) stop;
  decltype(&::cuptiRangeProfilerPushRange) push_range;
  decltype(&::cuptiRangeProfilerPopRange) pop_range;
  decltype(&::cuptiRangeProfilerDecodeData) decode;

  explicit CuptiLibrary(const LibrarySearch& search);

  template <class Params>
  void call(const char* what, CUptiResult (*function)(Params*), Params& params) const {
    check(function(&params), what);
  }
};

}  // namespace rooftile::kernels::measure
