// What a Timekeeper is made of: stream, events, sweep buffer and clock stamps. For timing.cpp and timekeeper.cpp alone.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <memory>

#include "measure/counters/activity_trace.hpp"
#include "measure/device_info.hpp"
#include "measure/device_kernels.hpp"
#include "measure/device_memory.hpp"
#include "measure/timing.hpp"

namespace rooftile::kernels::measure {

struct Timekeeper::State {
  explicit State(const DeviceInfo& info);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Queues the first stamp of a pair; the stream is held for at least `hold_seconds`.
  void first_stamp(double hold_seconds);
  /// Queues the second one, long enough after the first for a clock to be read from both.
  void last_stamp();
  /// Lines that an access policy window pins become as any, or no sweep would evict them. At once: nothing that pins
  /// may be queued.
  static void unpin_l2();
  /// The SM clock between the two stamps, both taken; NaN where they make no sense.
  [[nodiscard]] double clock_hz() const;

  /// CUPTI's records, opened by the first who asks.
  [[nodiscard]] ActivityTrace& activity_trace();

  const DeviceInfo device;
  Nvml nvml;
  cudaStream_t stream = nullptr;
  cudaEvent_t begin = nullptr;
  cudaEvent_t end = nullptr;
  DeviceMemory<> sweep;
  DeviceMemory<Stamp> stamps{2};
  DeviceMemory<std::uint32_t> sink{1};
  std::unique_ptr<ActivityTrace> trace;
};

}  // namespace rooftile::kernels::measure
