// How long a simulation takes. Names: simulate/<kernel>/<profile>/batch:<B>/N:<N>/SMs:<S>, SMs:0 as many as the profile
// says. Built and counted once; the whole call is timed.
//
//   events   executions of tile ops per second
//   slowdown time of the simulation over the time that it simulates
//   peak_MiB resident memory of the process at most so far
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <filesystem>
#include <string>

#include "rooftile/model/algorithm.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"
#include "rooftile/sim/simulate.hpp"

namespace rooftile::sim {
namespace {

const std::filesystem::path root{ROOFTILE_SOURCE_DIR};

/// A kernel on a device it is built for.
struct Runs {
  const char* name;
  const char* profile;
  const char* spec;
  AttentionShape shape;  ///< without batch and lengths
  bool decodes = false;  ///< one query per sequence
};

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void run(benchmark::State& state, const Runs& subject) {
  static Program program;
  static ProgramCounts counts;
  Device device = yaml::load_profile(root / "hw_profiles" / (std::string{subject.profile} + ".yaml")).device;
  const KernelSpec spec = yaml::load_spec(root / "kernels/specs" / (std::string{subject.spec} + ".yaml"));
  if (state.range(2) > 0) device.sm.count = Count{static_cast<double>(state.range(2))};
  AttentionShape shape = subject.shape;
  shape.batch = state.range(0);
  shape.seq_kv = state.range(1);
  shape.seq_q = subject.decodes ? 1 : shape.seq_kv;
  if (!build(program, device, shape, spec)) return state.SkipWithError("not built");
  count(program, counts);
  std::int64_t events = 0;
  Seconds simulated;
  for (auto _ : state) {
    const auto simulation = simulate(device, program, counts);
    if (!simulation) return state.SkipWithError(simulation.error().reason.c_str());
    events += simulation->tile_events;
    simulated += simulation->answer.time;
  }
  state.counters["events"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
  state.counters["slowdown"] =
      benchmark::Counter(simulated.value(), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["peak_MiB"] = peak_mib();
}

constexpr AttentionShape prefill{.heads = 32, .kv_heads = 32, .head_dim = 128, .mask = Mask::causal};
constexpr AttentionShape decode{.heads = 32, .kv_heads = 8, .head_dim = 128};
constexpr AttentionShape training{
    .heads = 32, .kv_heads = 32, .head_dim = 128, .mask = Mask::causal, .pass = Pass::bwd};

void add(const Runs& subject, std::initializer_list<std::array<std::int64_t, 3>> sizes) {
  const std::string name = std::string{"simulate/"} + subject.name + '/' + subject.profile;
  auto* bench = benchmark::RegisterBenchmark(name.c_str(), run, subject);
  bench->ArgNames({"batch", "N", "SMs"})->Unit(benchmark::kMillisecond);
  for (const auto& [batch, n, sms] : sizes) bench->Args({batch, n, sms});
}

/// Registered before main() of predict_bench.cpp runs.
const bool added = [] {
  constexpr const char *a100 = "a100_sxm4_80gb", *h100 = "h100_sxm5_80gb";
  add({"flash2", a100, "rt_flash2", prefill}, {{16, 1024, 0},  // of the papers
                                               {1, 1024, 0},
                                               {4, 1024, 0},  // batch
                                               {1, 2048, 0},
                                               {1, 4096, 0},
                                               {1, 8192, 0},
                                               {1, 16384, 0},
                                               {1, 65536, 0},  // length
                                               {4, 4096, 27},
                                               {4, 4096, 54},
                                               {4, 4096, 108},
                                               {4, 4096, 216}});  // SMs
  add({"flash1", a100, "rt_flash1", prefill}, {{1, 4096, 0}});
  add({"flash3", h100, "rt_flash3", prefill}, {{1, 4096, 0}});
  add({"standard", a100, "rt_standard", prefill}, {{1, 4096, 0}});
  add({"split_kv", a100, "rt_split_kv", decode, true}, {{16, 65536, 0}});
  add({"backward", a100, "fa2", training}, {{1, 4096, 0}});
  return true;
}();

}  // namespace
}  // namespace rooftile::sim
