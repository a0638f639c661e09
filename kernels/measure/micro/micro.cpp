// The table of micro-benchmarks, and what they share on the host.
#include "measure/micro/micro.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "measure/micro/bench.hpp"
#include "measure/samples.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr std::array names = {
    MicroName{"dram_read", "B/s", "DRAM read bandwidth by bytes in flight"},
    MicroName{"dram_copy", "B/s", "DRAM copy bandwidth (read and write) by bytes in flight"},
    MicroName{"dram_triad", "B/s", "DRAM triad bandwidth (two reads, one write) by bytes in flight"},
    MicroName{"l2_read", "B/s", "L2 read bandwidth, the working set well inside L2"},
    MicroName{"smem_read", "B/cycle/SM", "shared memory read bandwidth, 16 bytes per lane, no bank conflicts"},
    MicroName{"mma_sync", "FLOP/s", "mma.sync m16n8k16 with fp32 accumulation, by dtype"},
    MicroName{"wgmma", "FLOP/s", "wgmma m64nNk16 from shared memory with fp32 accumulation, by dtype and N"},
    MicroName{"ex2", "results/cycle/SM", "ex2.approx"},
    MicroName{"convert_f32_f16", "results/cycle/SM", "fp32 to fp16, two per instruction"},
    MicroName{"fma", "results/cycle/SM", "fp32 FMA"},
    MicroName{"shuffle", "lanes/cycle/SM", "lanes exchanged by warp shuffles"},
    MicroName{"atomic_add", "results/s", "fp32 additions in L2, by how many threads share an address"},
    MicroName{"launch_stream", "s", "from one empty kernel to the next in a stream"},
    MicroName{"launch_graph", "s", "from one empty kernel to the next in a CUDA graph"},
    MicroName{"cta_distance", "CTAs", "between neighbours on an SM, when the grid just fills the GPU"},
    MicroName{"latency_smem", "cycle", "shared memory, pointer chase"},
    MicroName{"latency_l1", "cycle", "L1 hit, pointer chase"},
    MicroName{"latency_l2_near", "cycle", "L2 hit, the faster half of the lines"},
    MicroName{"latency_l2_far", "cycle", "L2 hit, the slower half of the lines"},
    MicroName{"latency_dram", "cycle", "miss of all caches, pointer chase"},
    MicroName{"latency_dram_loaded", "cycle", "the same while other CTAs read from DRAM, by how much"},
};

/// What runs for a name.
struct Entry {
  std::string_view name;
  void (*run)(MicroBench&);
};
constexpr std::array table = {
    Entry{"dram_read", run_dram_read},
    Entry{"dram_copy", run_dram_copy},
    Entry{"dram_triad", run_dram_triad},
    Entry{"l2_read", run_l2_read},
    Entry{"smem_read", run_smem_read},
    Entry{"mma_sync", run_mma_sync},
    Entry{"wgmma", run_wgmma},
    Entry{"ex2", run_ex2},
    Entry{"convert_f32_f16", run_convert},
    Entry{"fma", run_fma},
    Entry{"shuffle", run_shuffle},
    Entry{"atomic_add", run_atomic_add},
    Entry{"launch_stream", run_launch_stream},
    Entry{"launch_graph", run_launch_graph},
    Entry{"cta_distance", run_cta_distance},
    Entry{"latency_smem", run_latency_smem},
    Entry{"latency_l1", run_latency_l1},
    Entry{"latency_l2_near", run_latency_l2_near},
    Entry{"latency_l2_far", run_latency_l2_far},
    Entry{"latency_dram", run_latency_dram},
    Entry{"latency_dram_loaded", run_latency_dram_loaded},
};
static_assert(names.size() == table.size());

std::string_view unit_of(std::string_view name) {
  const auto* found =
      std::find_if(names.begin(), names.end(), [&](const MicroName& entry) { return entry.name == name; });
  return found->unit;
}

bool wanted(const Entry& entry, const std::vector<std::string>& only) {
  return only.empty() || std::find(only.begin(), only.end(), entry.name) != only.end();
}

}  // namespace

std::span<const MicroName> micro_names() { return names; }

void run_micro_benchmarks(Timekeeper& keeper, const DeviceInfo& device, const MicroOptions& options,
                          const std::function<void(const JsonObject&)>& write) {
  MicroBench bench(keeper, device, options.run, write);
  for (const Entry& entry : table) {
    if (!wanted(entry, options.only)) continue;
    try {
      entry.run(bench);
    } catch (const CudaError& error) {
      const bool no_code = error.code() == cudaErrorNoKernelImageForDevice;
      bench.report_none(entry.name, unit_of(entry.name), {}, no_code ? "unsupported" : "failed", error.what());
      if (error.fatal()) throw;
    }
  }
}

Samples MicroBench::time(const Call& call, L2 l2, Timer timer) const {
  TimingOptions options;
  options.timer = timer;
  options.l2 = l2;
  options.stop = {.min_samples = 10, .max_samples = 40, .min_seconds = 0.002, .time_out = 0.33};
  return time_launches(*keeper_, call, options);
}

JsonObject MicroBench::head(std::string_view name, const JsonObject& parameters, std::string_view status,
                            const std::string& reason) const {
  JsonObject line;
  line.add("kind", "micro").add("run", run_).add("name", name).add("parameters", parameters);
  line.add("status", status).add("reason", reason);
  return line;
}

void MicroBench::report(const MicroResult& result) const {
  std::string problem = result.problem;
  if (problem.empty() && result.samples.empty()) problem = "no sample was kept";
  if (!problem.empty()) return report_none(result.name, result.unit, result.parameters, "failed", problem);
  JsonObject line = head(result.name, result.parameters, "ok", "");
  line.add("value", summarise(result.samples).median).add("unit", result.unit).add("samples", result.samples);
  std::vector<double> clocks;
  std::copy_if(result.clock_hz.begin(), result.clock_hz.end(), std::back_inserter(clocks),
               [](double clock) { return std::isfinite(clock); });
  line.add("sm_clock_hz", quantile(clocks, 0.5));
  write_(line);
}

void MicroBench::report_none(std::string_view name, std::string_view unit, const JsonObject& parameters,
                             std::string_view status, const std::string& reason) const {
  JsonObject line = head(name, parameters, status, reason);
  line.add_null("value").add("unit", unit).add("samples", std::vector<double>{}).add_null("sm_clock_hz");
  write_(line);
}

std::vector<double> rates(double amount, const Samples& samples) {
  std::vector<double> values;
  for (const double seconds : samples.seconds) values.push_back(amount / seconds);
  return values;
}

}  // namespace rooftile::kernels::measure
