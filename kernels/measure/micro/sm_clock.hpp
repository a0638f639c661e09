// Rates per cycle of one SM: a CTA that has the SM to itself stamps its start and its end with the SM's own clock.
//
//   warp 0   |start ......................... end|          cycles of a CTA = last end - first start
//   warp 31    |start .......................... end|       clock           = cycles / nanoseconds of globaltimer
//
// A launch is one sample: the median over its CTAs. CTAs ask for all the shared memory there is, so that no two of
// them share an SM.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "measure/micro/bench.hpp"

namespace rooftile::kernels::measure {

/// Start and end of one warp.
struct WarpSpan {
  long long start_cycle;
  long long end_cycle;
  unsigned long long start_ns;
  unsigned long long end_ns;
};

/// Queues one launch of one CTA per SM with this much dynamic shared memory.
using SpanLaunch = std::function<cudaError_t(int ctas, std::size_t smem, WarpSpan* spans, cudaStream_t stream)>;

struct SpanSamples {
  std::vector<double> cycles;    ///< per launch: median over the CTAs
  std::vector<double> clock_hz;  ///< per launch
};

/// Times 12 launches after 2 that do not count. Shared memory above 48 KiB has to be allowed by the caller
/// (allow_all_shared).
[[nodiscard]] SpanSamples time_spans(MicroBench& bench, int warps, const SpanLaunch& launch);

/// Lets a kernel have all the shared memory that a CTA can ask for.
void allow_all_shared(const MicroBench& bench, const void* kernel);

}  // namespace rooftile::kernels::measure
