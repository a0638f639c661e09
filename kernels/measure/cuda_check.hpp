// What the CUDA runtime refuses becomes an exception that says which call it was.
//
//   check(cudaMalloc(&memory, bytes), "cudaMalloc of 80 GB");      CudaError: "cudaMalloc of 80 GB: out of memory"
//   catch (const CudaError& error) { if (error.out_of_memory()) ... }
//
// No dependency on the driver library: its entry points come from driver_entry(), so that the program starts without.
#pragma once

#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace rooftile::kernels::measure {

class CudaError : public std::runtime_error {
 public:
  CudaError(cudaError_t code, std::string_view what_failed)
      : std::runtime_error(std::string(what_failed) + ": " + cudaGetErrorString(code)), code_(code) {}

  [[nodiscard]] cudaError_t code() const { return code_; }
  [[nodiscard]] bool out_of_memory() const { return code_ == cudaErrorMemoryAllocation; }
  /// After these the process cannot use the device any more; going on with the next cell is pointless.
  [[nodiscard]] bool fatal() const {
    return code_ == cudaErrorIllegalAddress || code_ == cudaErrorLaunchFailure || code_ == cudaErrorLaunchTimeout ||
           code_ == cudaErrorMisalignedAddress || code_ == cudaErrorIllegalInstruction || code_ == cudaErrorAssert ||
           code_ == cudaErrorHardwareStackError || code_ == cudaErrorInvalidAddressSpace ||
           code_ == cudaErrorInvalidPc || code_ == cudaErrorECCUncorrectable;
  }

 private:
  cudaError_t code_;
};

/// Throws CudaError unless `code` is success; clears the runtime's last error, so that the next check starts clean.
inline void check(cudaError_t code, std::string_view what) {
  if (code == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());
  throw CudaError(code, what);
}

/// A function of the driver ("cuDeviceGetUuid") at the version of CUDA it is needed in (12000); nullptr where there is
/// no driver or it does not have it.
template <class Function>
[[nodiscard]] Function* driver_entry(const char* name, unsigned version) {
  void* entry = nullptr;
  auto found = cudaDriverEntryPointSymbolNotFound;
  const auto status = cudaGetDriverEntryPointByVersion(name, &entry, version, cudaEnableDefault, &found);
  if (status != cudaSuccess || found != cudaDriverEntryPointSuccess) {
    static_cast<void>(cudaGetLastError());
    return nullptr;
  }
  return reinterpret_cast<Function*>(entry);
}

}  // namespace rooftile::kernels::measure
