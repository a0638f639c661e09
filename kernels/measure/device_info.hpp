// What there is to know of the GPU and the machine around it, read once per run, and the clocks, power and temperature
// that change meanwhile.
//
//   device()           "NVIDIA H100 80GB HBM3", 132 SMs ...; nothing where there is no driver or no GPU
//   Nvml nvml;         nvml.read().power_w; NaN for whatever cannot be read
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "measure/json_line.hpp"

namespace rooftile::kernels::measure {

/// Properties of one device; SI units. Numbers that the driver does not tell are 0.
struct DeviceInfo {
  int ordinal = 0;
  std::string uuid;  ///< "GPU-xxxxxxxx-xxxx-..."
  std::string name;
  int major = 0;
  int minor = 0;
  int sm_count = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t l2_bytes = 0;
  double max_sm_clock_hz = 0;
  double max_memory_clock_hz = 0;
  int memory_bus_bits = 0;
  std::int64_t smem_per_sm_bytes = 0;
  std::int64_t smem_per_cta_bytes = 0;  ///< with the opt-in
  std::int64_t smem_reserved_per_cta_bytes = 0;
  std::int64_t registers_per_sm = 0;
  int max_threads_per_sm = 0;
  int max_ctas_per_sm = 0;
  bool runs_sm90a = false;  ///< compute capability 9.0: wgmma and TMA code built for 90a runs here
};

/// The first device; nullopt with `why` ("no driver: CUDA driver version is insufficient ...") where there is none.
[[nodiscard]] std::optional<DeviceInfo> find_device(std::string& why);

/// The object "device" of a run line.
[[nodiscard]] JsonObject to_json(const DeviceInfo& device);

/// A moment of the device; NaN for what is not readable.
struct DeviceState {
  double sm_clock_hz;
  double memory_clock_hz;
  double power_w;
  double temperature_c;
  std::uint64_t throttle_reasons;  ///< bits as NVML has them; 0 where they are not readable
};

/// Names of the throttle reasons that slow a kernel down ("sw_power_cap", "hw_thermal_slowdown" ...). Idle and clocks
/// set by an application are none.
[[nodiscard]] std::vector<std::string> throttle_names(std::uint64_t reasons);

/// The management library, loaded at run time where it exists; without it every reading is NaN.
class Nvml {
 public:
  /// `uuid` as in DeviceInfo.
  explicit Nvml(const std::string& uuid);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  [[nodiscard]] DeviceState read() const;
  /// "580.65.06"; empty where it is not readable.
  [[nodiscard]] std::string driver_version() const;
  /// Highest clocks; NaN where they are not readable.
  [[nodiscard]] double max_sm_clock_hz() const;
  [[nodiscard]] double max_memory_clock_hz() const;

 private:
  struct Library;
  std::unique_ptr<Library> library_;
};

}  // namespace rooftile::kernels::measure
