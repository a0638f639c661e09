// What the NVIDIA driver says of a device, through libcuda loaded at run time: no CUDA toolkit is needed to build or
// run.
//
//   const Driver driver{"libcuda.so.1"};      NoDevice: "libcuda.so.1: cannot open shared object file ..."
//   driver.device(0).sm_count                 132
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "rooftile/model/device.hpp"

namespace rooftile::experiments {

/// There is no driver, or no device behind it; what() is one line that says which.
class NoDevice : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A number that the driver does not know is 0.
struct DriverDevice {
  int index = 0;
  std::string name;          ///< "NVIDIA H100 80GB HBM3"
  std::string uuid;          ///< "GPU-01234567-89ab-..."
  std::string cuda_version;  ///< newest CUDA that the driver runs: "13.0"
  ComputeCapability compute_capability;
  std::int64_t memory_bytes = 0;
  std::int64_t l2_bytes = 0;
  std::int64_t smem_per_sm_bytes = 0;
  std::int64_t smem_per_cta_bytes = 0;  ///< opt-in limit
  std::int64_t smem_reserved_per_cta_bytes = 0;
  int sm_count = 0;
  int max_threads_per_sm = 0;
  int threads_per_warp = 0;
  int max_ctas_per_sm = 0;
  int registers_per_sm = 0;
  int clock_khz = 0;
  int memory_clock_khz = 0;
  int memory_bus_bits = 0;
};

class Driver {
 public:
  /// Loads and starts the driver. Throws NoDevice.
  explicit Driver(const std::string& library);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  /// At least 1.
  [[nodiscard]] int device_count() const;
  /// `index` below device_count(). Throws NoDevice where the device does not answer.
  [[nodiscard]] DriverDevice device(int index) const;

 private:
  struct Functions;
  std::unique_ptr<Functions> functions_;
};

}  // namespace rooftile::experiments
