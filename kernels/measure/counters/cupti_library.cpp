#if __has_include(<cupti_range_profiler.h>)
#include "measure/counters/cupti_library.hpp"

namespace rooftile::kernels::measure {

CuptiLibrary::CuptiLibrary(const LibrarySearch& search)
    : CuptiBase(search),
      initialize(ROOFTILE_SYMBOL(library(), cuptiProfilerInitialize)),
      deinitialize(ROOFTILE_SYMBOL(library(), cuptiProfilerDeInitialize)),
      device_supported(ROOFTILE_SYMBOL(library(), cuptiProfilerDeviceSupported)),
      counter_availability(ROOFTILE_SYMBOL(library(), cuptiProfilerGetCounterAvailability)),
      chip_name(ROOFTILE_SYMBOL(library(), cuptiDeviceGetChipName)),
      host_initialize(ROOFTILE_SYMBOL(library(), cuptiProfilerHostInitialize)),
      host_deinitialize(ROOFTILE_SYMBOL(library(), cuptiProfilerHostDeinitialize)),
      supported_chips(ROOFTILE_SYMBOL(library(), cuptiProfilerHostGetSupportedChips)),
      add_metrics(ROOFTILE_SYMBOL(library(), cuptiProfilerHostConfigAddMetrics)),
      config_size(ROOFTILE_SYMBOL(library(), cuptiProfilerHostGetConfigImageSize)),
      config_image(ROOFTILE_SYMBOL(library(), cuptiProfilerHostGetConfigImage)),
      pass_count(ROOFTILE_SYMBOL(library(), cuptiProfilerHostGetNumOfPasses)),
      evaluate(ROOFTILE_SYMBOL(library(), cuptiProfilerHostEvaluateToGpuValues)),
      enable(ROOFTILE_SYMBOL(library(), cuptiRangeProfilerEnable)),
      disable(ROOFTILE_SYMBOL(library(), cuptiRangeProfilerDisable)),
      data_size(ROOFTILE_SYMBOL(library(), cuptiRangeProfilerGetCounterDataSize)),
      data_initialize(ROOFTILE_SYMBOL(library(), cuptiRangeProfilerCounterDataImageInitialize)),
      set_config(ROOFTILE_SYMBOL(library(), cuptiRangeProfilerSetConfig)),
      start(ROOFTILE_SYMBOL(library(), cuptiRangeProfilerStart)),
      stop(ROOFTILE_SYMBOL(library(), cuptiRangeProfilerStop)),
      push_range(ROOFTILE_SYMBOL(library(), cuptiRangeProfilerPushRange)),
      pop_range(ROOFTILE_SYMBOL(library(), cuptiRangeProfilerPopRange)),
      decode(ROOFTILE_SYMBOL(library(), cuptiRangeProfilerDecodeData)) {}

}  // namespace rooftile::kernels::measure
#endif
