// How fast one core plays the GPU: whole calls on the host, kernel texts and all their bookkeeping included.
// Names: execute/<kernel>/<head dim>/<N>
//
//   mma   m16n8k16 instructions per second, 4096 FLOP each
#include <benchmark/benchmark.h>

#include <string>

#include "rooftile/kernels/host_execution.hpp"

namespace rooftile::kernels {
namespace {

void execute(benchmark::State& state, const char* kernel) {
  const int head_dim = static_cast<int>(state.range(0)), n = static_cast<int>(state.range(1));
  HostCall run{kernel, {.heads = 2, .kv_heads = 2, .seq_q = n, .seq_kv = n, .head_dim = head_dim}};
  run.fill(1);
  std::int64_t mma = 0;
  for (auto _ : state) {
    const Execution record = run.execute();
    if (!record.faults.empty()) state.SkipWithError(record.faults.front().text.c_str());
    for (const LaunchExecution& launch : record.launches) mma += launch.mma;
  }
  state.counters["mma"] = benchmark::Counter(static_cast<double>(mma), benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(execute, rt_flash2, "rt_flash2")
    ->Name("execute/rt_flash2")
    ->ArgsProduct({{64, 128}, {1024}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(execute, rt_standard, "rt_standard")
    ->Name("execute/rt_standard")
    ->ArgsProduct({{64, 128}, {1024}})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rooftile::kernels
