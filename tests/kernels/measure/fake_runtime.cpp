// A stand-in for what DeviceCall needs of the CUDA runtime, and for the kernel that fills inputs: memory is the host's.
#include <cuda_runtime_api.h>

#include <cstdlib>
#include <cstring>

#include "measure/device_kernels.hpp"
#include "rooftile/kernels/inputs.hpp"

extern "C" {
cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  *memory = std::malloc(bytes);
  return *memory != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}
cudaError_t cudaFree(void* memory) {
  std::free(memory);
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t /*stream*/) {
  std::memset(memory, value, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemcpy2D(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width,
                         std::size_t height, cudaMemcpyKind /*kind*/) {
  for (std::size_t row = 0; row < height; ++row)
    std::memcpy(static_cast<char*>(to) + row * to_pitch, static_cast<const char*>(from) + row * from_pitch, width);
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t /*stream*/) { return cudaSuccess; }
cudaError_t cudaGetLastError() { return cudaSuccess; }
const char* cudaGetErrorString(cudaError_t /*error*/) { return "an error"; }
}

namespace rooftile::kernels::measure {

void queue_fill(std::uint16_t* elements, std::int64_t count, Element element, std::uint64_t seed, std::size_t tensor,
                cudaStream_t /*stream*/) {
  fill_normal(elements, static_cast<std::size_t>(count), element, seed, tensor);
}

}  // namespace rooftile::kernels::measure
