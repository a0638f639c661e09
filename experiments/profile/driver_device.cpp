#include "profile/driver_device.hpp"

#include <dlfcn.h>

#include <array>
#include <cstdio>

namespace rooftile::experiments {
namespace {

// The few declarations of the CUDA driver API that are needed here (CUDA Driver API reference, "Initialization",
// "Version Management", "Device Management"); the numbers are part of its binary interface.
using Result = int;
using DeviceHandle = int;
using UuidBytes = std::array<unsigned char, 16>;
constexpr Result success = 0;

enum Attribute : int {
  warp_size = 10,
  clock_rate = 13,
  multiprocessor_count = 16,
  memory_clock_rate = 36,
  global_memory_bus_width = 37,
  l2_cache_size = 38,
  max_threads_per_multiprocessor = 39,
  compute_capability_major = 75,
  compute_capability_minor = 76,
  max_shared_memory_per_multiprocessor = 81,
  max_registers_per_multiprocessor = 82,
  max_shared_memory_per_block_optin = 97,
  max_blocks_per_multiprocessor = 106,
  reserved_shared_memory_per_block = 111
};

std::string uuid_text(const UuidBytes& uuid) {
  std::string text = "GPU-";
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    std::array<char, 3> two{};
    std::snprintf(two.data(), two.size(), "%02x", uuid[i]);
    text += two.data();
  }
  return text;
}

}  // namespace

struct Driver::Functions {
  struct Uuid {
    UuidBytes bytes;
  };

  void* library = nullptr;
  std::string name;
  Result (*init)(unsigned flags) = nullptr;
  Result (*version)(int* version) = nullptr;
  Result (*count)(int* count) = nullptr;
  Result (*get)(DeviceHandle* device, int index) = nullptr;
  Result (*get_name)(char* name, int length, DeviceHandle device) = nullptr;
  Result (*get_uuid)(Uuid* uuid, DeviceHandle device) = nullptr;
  Result (*total_memory)(std::size_t* bytes, DeviceHandle device) = nullptr;
  Result (*attribute)(int* value, int attribute, DeviceHandle device) = nullptr;
  Result (*error_text)(Result error, const char** text) = nullptr;

  explicit Functions(const std::string& file) : library{::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)}, name{file} {
    if (library == nullptr) throw NoDevice{std::string{"no NVIDIA driver: "} + ::dlerror()};
  }
  ~Functions() { ::dlclose(library); }
  Functions(const Functions&) = delete;
  Functions& operator=(const Functions&) = delete;

  template <class Function>
  void find(Function& function, const char* symbol) const {
    function = reinterpret_cast<Function>(::dlsym(library, symbol));
    if (function == nullptr) throw NoDevice{"no NVIDIA driver: " + name + " has no " + symbol};
  }

  void require(Result result, const std::string& call) const {
    if (result == success) return;
    const char* text = nullptr;
    const bool known = error_text(result, &text) == success && text != nullptr;
    throw NoDevice{call + " of " + name + ": " + (known ? text : "error " + std::to_string(result))};
  }

  /// 0 where this driver does not know the attribute.
  int value(Attribute wanted, DeviceHandle device) const {
    int found = 0;
    return attribute(&found, wanted, device) == success ? found : 0;
  }
};

Driver::Driver(const std::string& library) : functions_{std::make_unique<Functions>(library)} {
  Functions& f = *functions_;
  f.find(f.error_text, "cuGetErrorString");
  f.find(f.init, "cuInit");
  f.find(f.version, "cuDriverGetVersion");
  f.find(f.count, "cuDeviceGetCount");
  f.find(f.get, "cuDeviceGet");
  f.find(f.get_name, "cuDeviceGetName");
  f.find(f.get_uuid, "cuDeviceGetUuid_v2");
  f.find(f.total_memory, "cuDeviceTotalMem_v2");
  f.find(f.attribute, "cuDeviceGetAttribute");
  f.require(f.init(0), "cuInit");
  if (device_count() < 1) throw NoDevice{"no NVIDIA device: the driver in " + library + " counts none"};
}

Driver::~Driver() = default;

int Driver::device_count() const {
  int count = 0;
  functions_->require(functions_->count(&count), "cuDeviceGetCount");
  return count;
}

DriverDevice Driver::device(int index) const {
  const Functions& f = *functions_;
  DeviceHandle handle = 0;
  f.require(f.get(&handle, index), "cuDeviceGet");
  DriverDevice device;
  device.index = index;
  std::array<char, 256> name{};
  f.require(f.get_name(name.data(), static_cast<int>(name.size()) - 1, handle), "cuDeviceGetName");
  device.name = name.data();
  Functions::Uuid uuid{};
  f.require(f.get_uuid(&uuid, handle), "cuDeviceGetUuid");
  device.uuid = uuid_text(uuid.bytes);
  std::size_t bytes = 0;
  f.require(f.total_memory(&bytes, handle), "cuDeviceTotalMem");
  device.memory_bytes = static_cast<std::int64_t>(bytes);
  int version = 0;
  f.require(f.version(&version), "cuDriverGetVersion");
  device.cuda_version = std::to_string(version / 1000) + '.' + std::to_string(version % 1000 / 10);
  device.compute_capability = {f.value(compute_capability_major, handle), f.value(compute_capability_minor, handle)};
  device.sm_count = f.value(multiprocessor_count, handle);
  device.max_threads_per_sm = f.value(max_threads_per_multiprocessor, handle);
  device.threads_per_warp = f.value(warp_size, handle);
  device.max_ctas_per_sm = f.value(max_blocks_per_multiprocessor, handle);
  device.registers_per_sm = f.value(max_registers_per_multiprocessor, handle);
  device.smem_per_sm_bytes = f.value(max_shared_memory_per_multiprocessor, handle);
  device.smem_per_cta_bytes = f.value(max_shared_memory_per_block_optin, handle);
  device.smem_reserved_per_cta_bytes = f.value(reserved_shared_memory_per_block, handle);
  device.l2_bytes = f.value(l2_cache_size, handle);
  device.clock_khz = f.value(clock_rate, handle);
  device.memory_clock_khz = f.value(memory_clock_rate, handle);
  device.memory_bus_bits = f.value(global_memory_bus_width, handle);
  return device;
}

}  // namespace rooftile::experiments
