// How many predictions a second are made. Names: predict/<predictor>/<kernel>/<what>/<N>
//
//   prepared    on one core; the program is built and counted once; predictions are timed
//   built       on one core; the program is built and counted anew for every prediction, each time for another length:
//               N and seven longer ones, as in a sweep
//   all_cores   the same on every core at once, as a batch is answered; prepared_all_cores the first
#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>

#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/counter.hpp"
#include "rooftile/model/predictor.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"

namespace rooftile {
namespace {

const std::filesystem::path source_dir{ROOFTILE_SOURCE_DIR};

/// A kernel on a device it is built for, asked for N keys.
struct Subject {
  const char* name;
  const char* profile;
  const char* spec;
  bool decodes;          ///< one query per sequence instead of N
  std::int64_t longest;  ///< the largest N that is asked
  Pass pass = Pass::fwd;
};
// standard attention at a million keys does not fit any device
constexpr Subject subjects[] = {{"flash1", "a100_sxm4_80gb", "rt_flash1", false, 1 << 20},
                                {"flash2", "a100_sxm4_80gb", "rt_flash2", false, 1 << 20},
                                {"flash3", "h100_sxm5_80gb", "rt_flash3", false, 1 << 20},
                                {"split_kv", "a100_sxm4_80gb", "rt_split_kv", true, 1 << 20},
                                {"standard", "a100_sxm4_80gb", "rt_standard", false, 16384},
                                {"backward", "a100_sxm4_80gb", "fa2", false, 1 << 18, Pass::bwd}};

struct Setup {
  Device device;
  KernelSpec spec;

  explicit Setup(const Subject& subject)
      : device{yaml::load_profile(source_dir / "hw_profiles" / (std::string{subject.profile} + ".yaml")).device},
        spec{yaml::load_spec(source_dir / "kernels/specs" / (std::string{subject.spec} + ".yaml"))} {}
};

/// Causal, d = 128, 32 heads: the shape of a Llama-like prefill or of a step of decoding, with 8 K/V heads; of a
/// backward pass as the papers measure it, with as many K/V heads as heads.
Workload workload_of(const Subject& subject, std::int64_t n) {
  return AttentionShape{.batch = 1,
                        .heads = 32,
                        .kv_heads = subject.pass == Pass::fwd ? 8 : 32,
                        .seq_q = subject.decodes ? 1 : n,
                        .seq_kv = n,
                        .head_dim = 128,
                        .mask = Mask::causal,
                        .pass = subject.pass};
}

void prepared(benchmark::State& state, const Predictor& predictor, const Subject& subject) {
  Program program;
  const Setup setup{subject};
  const Device& device = setup.device;
  if (!build(program, device, workload_of(subject, state.range(0)), setup.spec)) state.SkipWithError("not built");
  ProgramCounts counts;
  count(program, counts);
  for (auto _ : state) {
    benchmark::DoNotOptimize(program);
    benchmark::DoNotOptimize(counts);
    auto prediction = predictor.predict(device, program, counts);
    if (!prediction) state.SkipWithError(prediction.error().reason.c_str());
    benchmark::DoNotOptimize(prediction);
  }
  state.SetItemsProcessed(state.iterations());
}

/// The lengths of a sweep.
constexpr std::int64_t lengths = 8, longer_by = 256;

void built(benchmark::State& state, const Predictor& predictor, const Subject& subject) {
  Program program;
  const Setup setup{subject};
  const Device& device = setup.device;
  Counter counter;
  std::int64_t step = 0;
  for (auto _ : state) {
    Workload workload = workload_of(subject, state.range(0) + longer_by * (step++ % lengths));
    benchmark::DoNotOptimize(workload);
    if (!build(program, device, workload, setup.spec)) state.SkipWithError("not built");
    auto prediction = predictor.predict(device, program, counter.count(program));
    if (!prediction) state.SkipWithError(prediction.error().reason.c_str());
    benchmark::DoNotOptimize(prediction);
  }
  state.SetItemsProcessed(state.iterations());
}

void add(const Predictor& predictor, const Subject& subject) {
  const std::string prefix = "predict/" + std::string{predictor.name()} + "/" + subject.name;
  const auto sizes = [&](benchmark::internal::Benchmark* b) { b->Arg(512)->Arg(4096)->Arg(subject.longest); };
  sizes(
      benchmark::RegisterBenchmark((prefix + "/prepared").c_str(), prepared, std::cref(predictor), std::cref(subject)));
  sizes(benchmark::RegisterBenchmark((prefix + "/built").c_str(), built, std::cref(predictor), std::cref(subject)));
  const auto on_all_cores = [](benchmark::internal::Benchmark* b) {
    b->Arg(4096)->Threads(benchmark::CPUInfo::Get().num_cpus)->UseRealTime();
  };
  on_all_cores(benchmark::RegisterBenchmark((prefix + "/prepared_all_cores").c_str(), prepared, std::cref(predictor),
                                            std::cref(subject)));
  on_all_cores(
      benchmark::RegisterBenchmark((prefix + "/all_cores").c_str(), built, std::cref(predictor), std::cref(subject)));
}

}  // namespace
}  // namespace rooftile

int main(int argc, char** argv) {
  for (const rooftile::Predictor* predictor : rooftile::predictors()) {
    for (const rooftile::Subject& subject : rooftile::subjects) rooftile::add(*predictor, subject);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
