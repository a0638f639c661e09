// A stand-in for libcuda.so.1 with one or two invented devices, or none: the functions that `profile from-device`
// calls, with the driver's names and types. FAKE_DEVICES and FAKE_MINOR say which driver this is.
#include <cstddef>
#include <cstring>

namespace {

constexpr int success = 0;
constexpr int error_invalid_value = 1;
constexpr int error_no_device = 100;
constexpr int error_invalid_device = 101;

struct Uuid {
  unsigned char bytes[16];
};

struct Stated {
  int attribute;
  int value;
};
// Round numbers of no product; attributes that are not here are unknown to this driver.
constexpr Stated attributes[] = {
    {10, 32},                        // WARP_SIZE
    {13, 1500000},                   // CLOCK_RATE, kHz
    {16, 100},                       // MULTIPROCESSOR_COUNT
    {36, 2000000},                   // MEMORY_CLOCK_RATE, kHz
    {37, 4096},                      // GLOBAL_MEMORY_BUS_WIDTH, bit
    {38, 33554432},                  // L2_CACHE_SIZE
    {39, 2048},                      // MAX_THREADS_PER_MULTIPROCESSOR
    {75, 9},                         // COMPUTE_CAPABILITY_MAJOR
    {76, FAKE_MINOR}, {81, 233472},  // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
    {82, 65536},                     // MAX_REGISTERS_PER_MULTIPROCESSOR
    {97, 232448},                    // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    {106, 32},                       // MAX_BLOCKS_PER_MULTIPROCESSOR
};

bool exists(int device) { return device >= 0 && device < FAKE_DEVICES; }

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the driver's own names
extern "C" {

int cuInit(unsigned /*flags*/) { return FAKE_DEVICES == 0 ? error_no_device : success; }

int cuGetErrorString(int error, const char** text) {
  *text = error == error_no_device ? "no CUDA-capable device is detected" : "an error";
  return success;
}

int cuDriverGetVersion(int* version) {
  *version = 13020;
  return success;
}

int cuDeviceGetCount(int* count) {
  *count = FAKE_DEVICES;
  return success;
}

int cuDeviceGet(int* device, int index) {
  *device = index;
  return exists(index) ? success : error_invalid_device;
}

int cuDeviceGetName(char* name, int length, int device) {
  if (!exists(device)) return error_invalid_device;
  std::strncpy(name, device == 0 ? "Test GPU (rev. A) \"one\"" : "Test GPU two", static_cast<std::size_t>(length));
  return success;
}

int cuDeviceGetUuid_v2(Uuid* uuid, int device) {
  for (int i = 0; i < 16; ++i) uuid->bytes[i] = static_cast<unsigned char>(i * 16 + device);
  return success;
}

int cuDeviceTotalMem_v2(std::size_t* bytes, int device) {
  *bytes = 10'000'000'001ULL + static_cast<std::size_t>(device);
  return success;
}

int cuDeviceGetAttribute(int* value, int attribute, int /*device*/) {
  for (const Stated& stated : attributes) {
    if (stated.attribute != attribute) continue;
    *value = stated.value;
    return success;
  }
  return error_invalid_value;
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
