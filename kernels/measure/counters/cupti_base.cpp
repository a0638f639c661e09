#if __has_include(<cupti_result.h>)
#include "measure/counters/cupti_base.hpp"

#include <string>

namespace rooftile::kernels::measure {
namespace {

CounterStatus status_of(CUptiResult result) {
  switch (static_cast<int>(result)) {
    case CUPTI_ERROR_INSUFFICIENT_PRIVILEGES:
    case CUPTI_ERROR_VIRTUALIZED_DEVICE_INSUFFICIENT_PRIVILEGES:
    case CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED:
    case CUPTI_ERROR_HARDWARE_BUSY: return CounterStatus::refused;
    case CUPTI_ERROR_NOT_SUPPORTED:
    case CUPTI_ERROR_VIRTUALIZED_DEVICE_NOT_SUPPORTED:
    case CUPTI_ERROR_CONFIDENTIAL_COMPUTING_NOT_SUPPORTED:
    case CUPTI_ERROR_CMP_DEVICE_NOT_SUPPORTED:
    case CUPTI_ERROR_MIG_DEVICE_NOT_SUPPORTED:
    case CUPTI_ERROR_SLI_DEVICE_NOT_SUPPORTED:
    case CUPTI_ERROR_WSL_DEVICE_NOT_SUPPORTED:
    case CUPTI_ERROR_INVALID_CHIP_NAME: return CounterStatus::unsupported;
    default: return CounterStatus::failed;
  }
}

bool is_permission(CUptiResult result) {
  return result == CUPTI_ERROR_INSUFFICIENT_PRIVILEGES ||
         result == CUPTI_ERROR_VIRTUALIZED_DEVICE_INSUFFICIENT_PRIVILEGES;
}

}  // namespace

CuptiBase::CuptiBase(const LibrarySearch& search)
    : library_("cupti", std::to_string(CUDART_VERSION / 1000), search),
      result_string_(ROOFTILE_SYMBOL(library_, cuptiGetResultString)) {}

void CuptiBase::check(CUptiResult result, const char* what) const {
  if (result == CUPTI_SUCCESS) return;
  const char* text = nullptr;
  if (result_string_(result, &text) != CUPTI_SUCCESS || text == nullptr) text = "unknown result";
  std::string message = std::string{"CUPTI: "} + what + ": " + text;
  if (is_permission(result))
    message += " (ERR_NVGPUCTRPERM: counters need root, CAP_SYS_ADMIN or NVreg_RestrictProfilingToAdminUsers=0)";
  throw CounterError(status_of(result), message);
}

}  // namespace rooftile::kernels::measure
#endif
