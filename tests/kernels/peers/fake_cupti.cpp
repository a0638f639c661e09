// A stand-in for libcupti that has recorded one call between two clock stamps, in the records of the toolkit at hand:
// it asks for a buffer, fills it and gives it back at a flush, as CUPTI does.
#if __has_include(<cupti_activity.h>)
#include <cuda.h>
// after cuda.h
#include <cupti_activity.h>
#include <cupti_result.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {

CUpti_BuffersCallbackRequestFunc request = nullptr;
CUpti_BuffersCallbackCompleteFunc complete = nullptr;
int kinds_recorded = 0;

/// Writes records one behind the other.
class Buffer {
 public:
  Buffer() { request(&bytes_, &size_, &most_records_); }
  ~Buffer() { complete(nullptr, 0, bytes_, size_, used_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  template <class Record>
  Record& add(CUpti_ActivityKind kind, std::uint64_t start, std::uint64_t end) {
    Record record{};
    record.kind = kind;
    record.start = start;
    record.end = end;
    void* const at = std::memcpy(bytes_ + used_, &record, sizeof record);
    used_ += sizeof record;
    return *static_cast<Record*>(at);
  }

 private:
  std::uint8_t* bytes_ = nullptr;
  std::size_t size_ = 0, most_records_ = 0, used_ = 0;
};

#if CUPTI_API_VERSION >= 130000
using Kernel = CUpti_ActivityKernel10;
using Copy = CUpti_ActivityMemcpy6;
#else
using Kernel = CUpti_ActivityKernel9;
using Copy = CUpti_ActivityMemcpy5;
#endif
using Fill = CUpti_ActivityMemset4;

void add_kernel(Buffer& buffer, const char* name, std::uint64_t start, std::uint64_t end) {
  buffer.add<Kernel>(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, start, end).name = name;
}

std::size_t size_of(CUpti_ActivityKind kind) {
  if (kind == CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) return sizeof(Kernel);
  return kind == CUPTI_ACTIVITY_KIND_MEMCPY ? sizeof(Copy) : sizeof(Fill);
}

}  // namespace

extern "C" {
CUptiResult cuptiGetResultString(CUptiResult /*result*/, const char** text) {
  *text = "a result";
  return CUPTI_SUCCESS;
}
CUptiResult cuptiActivityRegisterCallbacks(CUpti_BuffersCallbackRequestFunc on_request,
                                           CUpti_BuffersCallbackCompleteFunc on_complete) {
  request = on_request;
  complete = on_complete;
  return CUPTI_SUCCESS;
}
CUptiResult cuptiActivityEnable(CUpti_ActivityKind /*kind*/) {
  ++kinds_recorded;
  return CUPTI_SUCCESS;
}
CUptiResult cuptiActivityDisable(CUpti_ActivityKind /*kind*/) {
  --kinds_recorded;
  return CUPTI_SUCCESS;
}
/// Two buffers, the later one first: the fill before the call and its stamp, then the call of a fill, a kernel and a
/// copy, which takes from 5000 to 9000 ns, and the other stamp.
CUptiResult cuptiActivityFlushAll(std::uint32_t /*flag*/) {
  if (kinds_recorded != 3) return CUPTI_SUCCESS;
  {
    Buffer later;
    add_kernel(later, "_ZN8rooftile7kernels4cuda6kernelINS0_6flash2EEEv", 5300, 8000);
    later.add<Copy>(CUPTI_ACTIVITY_KIND_MEMCPY, 8100, 9000);
    add_kernel(later, "_ZN8rooftile7kernels7measure12_GLOBAL__N_112stamp_kernelEv", 9100, 60000);
  }
  Buffer earlier;
  earlier.add<Fill>(CUPTI_ACTIVITY_KIND_MEMSET, 100, 200);
  add_kernel(earlier, "_ZN8rooftile7kernels7measure12_GLOBAL__N_112stamp_kernelEv", 300, 4900);
  earlier.add<Fill>(CUPTI_ACTIVITY_KIND_MEMSET, 5000, 5200);
  return CUPTI_SUCCESS;
}
CUptiResult cuptiActivityGetNextRecord(std::uint8_t* buffer, std::size_t valid, CUpti_Activity** record) {
  auto* const before = reinterpret_cast<std::uint8_t*>(*record);
  auto* const next = before == nullptr ? buffer : before + size_of((*record)->kind);
  if (next >= buffer + valid) return CUPTI_ERROR_MAX_LIMIT_REACHED;
  *record = reinterpret_cast<CUpti_Activity*>(next);
  return CUPTI_SUCCESS;
}
}
#endif
