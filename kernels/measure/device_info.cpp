#include "measure/device_info.hpp"

#include <cuda_runtime_api.h>

#include <array>
#include <string_view>

#include "measure/cuda_check.hpp"

namespace rooftile::kernels::measure {
namespace {

std::int64_t attribute(cudaDeviceAttr what, int device) {
  int value = 0;
  if (cudaDeviceGetAttribute(&value, what, device) == cudaSuccess) return value;
  static_cast<void>(cudaGetLastError());
  return 0;
}

/// "GPU-" and the 16 bytes in the usual grouping.
std::string uuid_text(const cudaUUID_t& uuid) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "GPU-";
  for (std::size_t i = 0; i < sizeof(uuid.bytes); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = static_cast<unsigned char>(uuid.bytes[i]);
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

constexpr double hz_per_khz = 1000;

}  // namespace

std::optional<DeviceInfo> find_device(std::string& why) {
  int count = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&count); status != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    why = cudaGetErrorString(status);
    return std::nullopt;
  }
  cudaDeviceProp properties{};
  if (count == 0 || cudaGetDeviceProperties(&properties, 0) != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    why = "no device can be used";
    return std::nullopt;
  }
  DeviceInfo info;
  info.uuid = uuid_text(properties.uuid);
  info.name = properties.name;
  info.major = properties.major;
  info.minor = properties.minor;
  info.sm_count = properties.multiProcessorCount;
  info.memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem);
  info.l2_bytes = properties.l2CacheSize;
  info.max_sm_clock_hz = hz_per_khz * static_cast<double>(attribute(cudaDevAttrClockRate, 0));
  info.max_memory_clock_hz = hz_per_khz * static_cast<double>(attribute(cudaDevAttrMemoryClockRate, 0));
  info.memory_bus_bits = properties.memoryBusWidth;
  info.smem_per_sm_bytes = static_cast<std::int64_t>(properties.sharedMemPerMultiprocessor);
  info.smem_per_cta_bytes = static_cast<std::int64_t>(properties.sharedMemPerBlockOptin);
  info.smem_reserved_per_cta_bytes = static_cast<std::int64_t>(properties.reservedSharedMemPerBlock);
  info.registers_per_sm = properties.regsPerMultiprocessor;
  info.max_threads_per_sm = properties.maxThreadsPerMultiProcessor;
  info.max_ctas_per_sm = properties.maxBlocksPerMultiProcessor;
  info.runs_sm90a = info.major == 9 && info.minor == 0;
  return info;
}

JsonObject to_json(const DeviceInfo& device) {
  JsonObject object;
  object.add("uuid", device.uuid).add("name", device.name);
  object.add("compute_capability", std::to_string(device.major) + "." + std::to_string(device.minor));
  object.add("sm_count", device.sm_count).add("memory_bytes", device.memory_bytes).add("l2_bytes", device.l2_bytes);
  object.add("max_sm_clock_hz", device.max_sm_clock_hz).add("max_memory_clock_hz", device.max_memory_clock_hz);
  object.add("memory_bus_bits", device.memory_bus_bits).add("smem_per_sm_bytes", device.smem_per_sm_bytes);
  object.add("smem_per_cta_bytes", device.smem_per_cta_bytes);
  object.add("smem_reserved_per_cta_bytes", device.smem_reserved_per_cta_bytes);
  object.add("registers_per_sm", device.registers_per_sm).add("max_threads_per_sm", device.max_threads_per_sm);
  object.add("max_ctas_per_sm", device.max_ctas_per_sm);
  return object;
}

}  // namespace rooftile::kernels::measure
