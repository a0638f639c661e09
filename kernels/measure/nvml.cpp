// NVML as far as it is needed here. Its header is not part of every toolkit, and the library comes with the driver: the
// declarations below are its documented C interface (NVML API Reference Guide).
#include <dlfcn.h>

#include <array>

#include "measure/device_info.hpp"
#include "measure/samples.hpp"

namespace rooftile::kernels::measure {
namespace {

using NvmlDevice = void*;
constexpr int nvml_success = 0;
constexpr int clock_sm = 1;
constexpr int clock_memory = 2;
constexpr double hz_per_mhz = 1e6;
constexpr double watt_per_milliwatt = 1e-3;

struct Reason {
  std::uint64_t bit;
  const char* name;
};
constexpr std::array<Reason, 5> slowing{{{0x04, "sw_power_cap"},
                                         {0x08, "hw_slowdown"},
                                         {0x20, "sw_thermal_slowdown"},
                                         {0x40, "hw_thermal_slowdown"},
                                         {0x80, "hw_power_brake"}}};

}  // namespace

std::vector<std::string> throttle_names(std::uint64_t reasons) {
  std::vector<std::string> names;
  for (const Reason& reason : slowing) {
    if ((reasons & reason.bit) != 0) names.emplace_back(reason.name);
  }
  return names;
}

/// The functions found in the library; a missing one is null.
struct Nvml::Library {
  void* handle = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  NvmlDevice device = nullptr;

  template <class... Arguments>
  int call(const char* name, Arguments... arguments) const {
    using Function = int(Arguments...);
    void* function = handle == nullptr ? nullptr : dlsym(handle, name);
    return function == nullptr ? -1 : reinterpret_cast<Function*>(function)(arguments...);
  }
  /// A reading that the library writes as an unsigned int; NaN where it refuses.
  template <class... Arguments>
  double reading(const char* name, Arguments... arguments) const {
    unsigned value = 0;
    if (device == nullptr || call(name, device, arguments..., &value) != nvml_success) return nan;
    return value;
  }
};

Nvml::Nvml(const std::string& uuid) : library_(std::make_unique<Library>()) {
  if (library_->call("nvmlInit_v2") != nvml_success) return;
  if (library_->call("nvmlDeviceGetHandleByUUID", uuid.c_str(), &library_->device) != nvml_success)
    library_->device = nullptr;
}

Nvml::~Nvml() {
  if (library_->handle == nullptr) return;
  library_->call("nvmlShutdown");
  dlclose(library_->handle);
}

DeviceState Nvml::read() const {
  unsigned long long reasons = 0;
  if (library_->device == nullptr ||
      library_->call("nvmlDeviceGetCurrentClocksThrottleReasons", library_->device, &reasons) != nvml_success) {
    reasons = 0;
  }
  return {.sm_clock_hz = hz_per_mhz * library_->reading("nvmlDeviceGetClockInfo", clock_sm),
          .memory_clock_hz = hz_per_mhz * library_->reading("nvmlDeviceGetClockInfo", clock_memory),
          .power_w = watt_per_milliwatt * library_->reading("nvmlDeviceGetPowerUsage"),
          .temperature_c = library_->reading("nvmlDeviceGetTemperature", 0),
          .throttle_reasons = reasons};
}

std::string Nvml::driver_version() const {
  std::array<char, 96> text{};
  const int status = library_->call("nvmlSystemGetDriverVersion", text.data(), static_cast<unsigned>(text.size()));
  return status == nvml_success ? text.data() : "";
}

double Nvml::max_sm_clock_hz() const { return hz_per_mhz * library_->reading("nvmlDeviceGetMaxClockInfo", clock_sm); }
double Nvml::max_memory_clock_hz() const {
  return hz_per_mhz * library_->reading("nvmlDeviceGetMaxClockInfo", clock_memory);
}

}  // namespace rooftile::kernels::measure
