// How many predictions a second one core makes. Names: predict/<predictor>/<kernel>/<what>/<N>
//
//   prepared   the program is built and counted once; predictions are timed
//   built      the program is built and counted anew for every prediction
#include <benchmark/benchmark.h>

#include <filesystem>
#include <string>

#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/predictor.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "rooftile/model_yaml/spec_reader.hpp"

namespace rooftile {
namespace {

const std::filesystem::path source_dir{ROOFTILE_SOURCE_DIR};

struct Setup {
  Profile profile = yaml::load_profile(source_dir / "hw_profiles/a100_sxm4_80gb.yaml");
  KernelSpec flash2 = yaml::load_spec(source_dir / "kernels/specs/rt_flash2.yaml");
  KernelSpec standard = yaml::load_spec(source_dir / "kernels/specs/rt_standard.yaml");
};
const Setup& setup() {
  static const Setup loaded;
  return loaded;
}

/// Causal GQA, d = 128: the shape of a Llama-like prefill.
Workload gqa(std::int64_t n) {
  return AttentionShape{
      .batch = 1, .heads = 32, .kv_heads = 8, .seq_q = n, .seq_kv = n, .head_dim = 128, .mask = Mask::causal};
}

void prepared(benchmark::State& state, const Predictor& predictor, const KernelSpec& spec) {
  Program program;
  const Device& device = setup().profile.device;
  if (!build(program, device, gqa(state.range(0)), spec)) state.SkipWithError("not built");
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

void built(benchmark::State& state, const Predictor& predictor, const KernelSpec& spec) {
  Program program;
  const Device& device = setup().profile.device;
  Workload workload = gqa(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(workload);
    if (!build(program, device, workload, spec)) state.SkipWithError("not built");
    auto prediction = predictor.predict(device, program);
    if (!prediction) state.SkipWithError(prediction.error().reason.c_str());
    benchmark::DoNotOptimize(prediction);
  }
  state.SetItemsProcessed(state.iterations());
}

void add(const std::string& name, const Predictor& predictor, const KernelSpec& spec) {
  const std::string prefix = "predict/" + std::string{predictor.name()} + "/" + name;
  // standard attention at a million keys does not fit any device
  const std::int64_t longest = spec.algorithm == Algorithm::standard ? 16384 : 1 << 20;
  const auto sizes = [longest](benchmark::internal::Benchmark* b) { b->Arg(512)->Arg(4096)->Arg(longest); };
  sizes(benchmark::RegisterBenchmark((prefix + "/prepared").c_str(), prepared, std::cref(predictor), std::cref(spec)));
  sizes(benchmark::RegisterBenchmark((prefix + "/built").c_str(), built, std::cref(predictor), std::cref(spec)));
}

}  // namespace
}  // namespace rooftile

int main(int argc, char** argv) {
  for (const rooftile::Predictor* predictor : rooftile::predictors()) {
    rooftile::add("flash2", *predictor, rooftile::setup().flash2);
    rooftile::add("standard", *predictor, rooftile::setup().standard);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
