#include "measure/micro/sm_clock.hpp"

#include <algorithm>
#include <span>

#include "measure/samples.hpp"

namespace rooftile::kernels::measure {
namespace {

struct CtaSpan {
  double cycles;
  double clock_hz;
};

CtaSpan cta_span(std::span<const WarpSpan> warps) {
  WarpSpan whole = warps[0];
  for (const WarpSpan& warp : warps) {
    whole.start_cycle = std::min(whole.start_cycle, warp.start_cycle);
    whole.end_cycle = std::max(whole.end_cycle, warp.end_cycle);
    whole.start_ns = std::min(whole.start_ns, warp.start_ns);
    whole.end_ns = std::max(whole.end_ns, warp.end_ns);
  }
  const auto cycles = static_cast<double>(whole.end_cycle - whole.start_cycle);
  const auto ns = static_cast<double>(whole.end_ns - whole.start_ns);
  return {cycles, cycles / ns * 1e9};
}

}  // namespace

SpanSamples time_spans(MicroBench& bench, int warps, const SpanLaunch& launch) {
  constexpr int warm_up = 2;
  constexpr int launches = 12;
  const int ctas = bench.device().sm_count;
  const auto smem = static_cast<std::size_t>(bench.device().smem_per_cta_bytes);
  const auto warps_per_cta = static_cast<std::size_t>(warps);
  DeviceArray<WarpSpan> spans(static_cast<std::size_t>(ctas) * warps_per_cta);
  SpanSamples samples;
  for (int i = 0; i < warm_up + launches; ++i) {
    check(launch(ctas, smem, spans.data(), bench.stream()), "launch");
    const std::vector<WarpSpan> stamps = spans.read(bench.stream());
    if (i < warm_up) continue;
    std::vector<double> cycles;
    std::vector<double> clocks;
    for (std::size_t first = 0; first < stamps.size(); first += warps_per_cta) {
      const CtaSpan span = cta_span(std::span(stamps).subspan(first, warps_per_cta));
      cycles.push_back(span.cycles);
      clocks.push_back(span.clock_hz);
    }
    samples.cycles.push_back(quantile(cycles, 0.5));
    samples.clock_hz.push_back(quantile(clocks, 0.5));
  }
  return samples;
}

void allow_all_shared(const MicroBench& bench, const void* kernel) {
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(bench.device().smem_per_cta_bytes)),
        "cudaFuncSetAttribute of dynamic shared memory");
}

}  // namespace rooftile::kernels::measure
