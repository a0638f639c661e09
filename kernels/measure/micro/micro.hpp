// Micro-benchmarks: one number of the hardware each, measured on the device at hand; `rooftile profile
// from-measurements` makes a profile of them.
//
//   run_micro_benchmarks(keeper, device, {.run = uuid}, write_line);
//   {"kind":"micro","run":"...","name":"shuffle","parameters":{"warps":32,"chains":8},"status":"ok","reason":"",
//    "value":...,"unit":"lanes/cycle/SM","samples":[...],"sm_clock_hz":...}
//
// Each benchmark checks what its kernel computed; a wrong result is a line with status `failed` and no value, what
// the device does not have is `unsupported`. The whole set takes well under a minute.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/device_info.hpp"
#include "measure/json_line.hpp"
#include "measure/timing.hpp"

namespace rooftile::kernels::measure {

/// What one benchmark is called in the output and what it finds out.
struct MicroName {
  std::string_view name;     ///< "dram_read"
  std::string_view unit;     ///< of its value: "B/s"
  std::string_view summary;  ///< one line for people
};

/// All names, in the order in which they run. Needs no device.
[[nodiscard]] std::span<const MicroName> micro_names();

struct MicroOptions {
  std::string run;                ///< UUID of the invocation, goes into every line
  std::vector<std::string> only;  ///< these names; empty: all
};

/// Runs the benchmarks and hands each line to `write` as soon as it is known. A benchmark that fails is a line, and
/// the next one runs; after an error that leaves the device unusable CudaError is thrown, its line written before.
void run_micro_benchmarks(Timekeeper& keeper, const DeviceInfo& device, const MicroOptions& options,
                          const std::function<void(const JsonObject&)>& write);

}  // namespace rooftile::kernels::measure
