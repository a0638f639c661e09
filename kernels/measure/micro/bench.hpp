// What every micro-benchmark works with: the device, a way to time a launch, and a way to report.
//
//   void run_dram_read(MicroBench& bench) {
//     const Samples samples = bench.time(call);
//     bench.report({"dram_read", parameters, "B/s", rates(bytes, samples), samples.clock_hz, problem});
//   }
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "measure/cuda_check.hpp"
#include "measure/micro/micro.hpp"

namespace rooftile::kernels::measure {

/// Device memory of one benchmark, freed at its end.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t count) : count_(count) {
    check(cudaMalloc(reinterpret_cast<void**>(&data_), count * sizeof(T)),
          "cudaMalloc of " + std::to_string(count * sizeof(T)) + " B");
  }
  ~DeviceArray() { static_cast<void>(cudaFree(data_)); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  [[nodiscard]] T* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return count_; }
  /// Every byte of it, in the order of `stream`.
  void fill_bytes(int byte, cudaStream_t stream) {
    check(cudaMemsetAsync(data_, byte, count_ * sizeof(T), stream), "cudaMemset");
  }
  /// Waits for `stream` and copies everything to the host.
  [[nodiscard]] std::vector<T> read(cudaStream_t stream) const {
    std::vector<T> host(count_);
    check(cudaMemcpyAsync(host.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost, stream), "cudaMemcpy");
    check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    return host;
  }

 private:
  T* data_ = nullptr;
  std::size_t count_;
};

/// One line of the output.
struct MicroResult {
  std::string_view name;
  JsonObject parameters;
  std::string_view unit;
  std::vector<double> samples;   ///< in the unit; their median is the value
  std::vector<double> clock_hz;  ///< of the SMs meanwhile; may be empty
  std::string problem;           ///< what the check of the result found; empty: it was right
};

class MicroBench {
 public:
  using Write = std::function<void(const JsonObject&)>;
  MicroBench(Timekeeper& keeper, const DeviceInfo& device, std::string run, Write write)
      : keeper_(&keeper), device_(&device), run_(std::move(run)), write_(std::move(write)) {}

  [[nodiscard]] const DeviceInfo& device() const { return *device_; }
  [[nodiscard]] Timekeeper& keeper() const { return *keeper_; }
  [[nodiscard]] cudaStream_t stream() const { return keeper_->stream(); }

  /// A short series: 10 to 40 samples, at most a third of a second.
  [[nodiscard]] Samples time(const Call& call, L2 l2 = L2::warm, Timer timer = Timer::cuda_event) const;

  /// Writes a line: `ok` with its value, or `failed` where the result has a problem.
  void report(const MicroResult& result) const;
  /// Writes a line without a value; `status` is failed or unsupported.
  void report_none(std::string_view name, std::string_view unit, const JsonObject& parameters, std::string_view status,
                   const std::string& reason) const;

 private:
  [[nodiscard]] JsonObject head(std::string_view name, const JsonObject& parameters, std::string_view status,
                                const std::string& reason) const;

  Timekeeper* keeper_;
  const DeviceInfo* device_;
  std::string run_;
  Write write_;
};

/// amount / seconds of every sample.
[[nodiscard]] std::vector<double> rates(double amount, const Samples& samples);

// One function per name of the table in micro.cpp; each reports under that name, once per set of parameters.
void run_dram_read(MicroBench& bench);
void run_dram_copy(MicroBench& bench);
void run_dram_triad(MicroBench& bench);
void run_l2_read(MicroBench& bench);
void run_smem_read(MicroBench& bench);
void run_mma_sync(MicroBench& bench);
void run_wgmma(MicroBench& bench);
void run_ex2(MicroBench& bench);
void run_convert(MicroBench& bench);
void run_fma(MicroBench& bench);
void run_shuffle(MicroBench& bench);
void run_atomic_add(MicroBench& bench);
void run_launch_stream(MicroBench& bench);
void run_launch_graph(MicroBench& bench);
void run_cta_distance(MicroBench& bench);
void run_latency_smem(MicroBench& bench);
void run_latency_l1(MicroBench& bench);
void run_latency_l2_near(MicroBench& bench);
void run_latency_l2_far(MicroBench& bench);
void run_latency_dram(MicroBench& bench);
void run_latency_dram_loaded(MicroBench& bench);

}  // namespace rooftile::kernels::measure
