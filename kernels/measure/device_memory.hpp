// Memory on the device that is given back when its owner goes.
//
//   DeviceMemory<float> buffer(1024);      CudaError (out_of_memory()) where the device has no room
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <utility>

#include "measure/cuda_check.hpp"

namespace rooftile::kernels::measure {

template <class T = unsigned char>
class DeviceMemory {
 public:
  DeviceMemory() = default;
  explicit DeviceMemory(std::int64_t count) : bytes_(count * static_cast<std::int64_t>(sizeof(T))) {
    void* memory = nullptr;
    check(cudaMalloc(&memory, static_cast<std::size_t>(bytes_)), "cudaMalloc of " + std::to_string(bytes_) + " bytes");
    data_ = static_cast<T*>(memory);
  }
  ~DeviceMemory() { static_cast<void>(cudaFree(data_)); }
  DeviceMemory(DeviceMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  DeviceMemory& operator=(DeviceMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  [[nodiscard]] T* data() const { return data_; }
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

 private:
  T* data_ = nullptr;
  std::int64_t bytes_ = 0;
};

}  // namespace rooftile::kernels::measure
