// libcupti, loaded at run time: what all that is done with it shares. Only for files that have cupti_result.h.
#pragma once

#include <cuda.h>
#include <cuda_runtime_api.h>
// after cuda.h
#include <cupti_result.h>

#include "measure/counters/counter_error.hpp"
#include "measure/shared_library.hpp"

namespace rooftile::kernels::measure {

class CuptiBase {
 public:
  /// Throws Unavailable where libcupti is missing.
  explicit CuptiBase(const LibrarySearch& search);

  /// Throws CounterError, with CUPTI's text, unless `result` is success.
  void check(CUptiResult result, const char* what) const;

 protected:
  [[nodiscard]] const SharedLibrary& library() const { return library_; }

 private:
  SharedLibrary library_;
  decltype(&::cuptiGetResultString) result_string_;
};

}  // namespace rooftile::kernels::measure
