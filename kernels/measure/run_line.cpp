#include "measure/run_line.hpp"

#include <cuda_runtime_api.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <random>

namespace rooftile::kernels::measure {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

/// "AMD EPYC 9654 96-Core Processor"
std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "";
}

/// Now, ISO 8601, in UTC.
std::string now() {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), length};
}

int version(cudaError_t (*read)(int*)) {
  int number = 0;
  return read(&number) == cudaSuccess ? number : 0;
}

}  // namespace

std::string new_uuid() {
  std::random_device random;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  for (char& character : text) {
    if (character == 'x') character = digits[random() & 15U];
    if (character == 'y') character = digits[8U + (random() & 3U)];
  }
  return text;
}

JsonObject run_line(const std::string& run, const std::vector<std::string>& argv, const DeviceInfo& device,
                    const Nvml& nvml, std::span<const std::unique_ptr<Peer>> subjects) {
  JsonObject host;
  host.add("name", host_name()).add("cpu", cpu_name());
  for (const std::unique_ptr<Peer>& subject : subjects) {
    if (subject->own_kernel().empty()) host.add(subject->name(), subject->version());
  }
  JsonObject line;
  line.add("kind", "run").add("run", run).add("started_at", now()).add("program", "rooftile-measure");
  line.add("version", ROOFTILE_VERSION).add("argv", argv).add("host", host).add("driver", nvml.driver_version());
  line.add("cuda_driver", version(cudaDriverGetVersion)).add("cuda_runtime", version(cudaRuntimeGetVersion));
  line.add("nvcc", ROOFTILE_NVCC_VERSION).add("build", ROOFTILE_BUILD_TYPE).add("device", to_json(device));
  return line;
}

}  // namespace rooftile::kernels::measure
