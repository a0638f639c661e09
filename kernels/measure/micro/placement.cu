// Which CTAs share an SM: how far apart two neighbours on it stand in the grid, when the grid just fills the GPU.
//
//   CTA       0   1   2 ... 107 108 109 ...
//   SM        0   2   4 ... 105   0   2 ...        distance 108: first one CTA for every SM, then the second
//
// Every CTA says on which SM it is, and stays until all must have begun; shared memory lets as many on an SM as asked
// for. A sample is a pair of neighbours. The simulator hands out CTAs like this (sim/src/launch_run.hpp, place_at()),
// and times of small causal grids hang on it by up to 10 %.
// What spoils it: other work on the GPU, which takes places.
#include <algorithm>
#include <map>

#include "measure/micro/bench.hpp"
#include "measure/special_registers.cuh"

namespace rooftile::kernels::measure {
namespace placement {

constexpr int threads = 128;
constexpr long long stay = 200'000;  // cycles: a launch of thousands of CTAs takes tens of microseconds

__global__ void __launch_bounds__(threads) say_where(unsigned* sm_of) {
  const long long begin = clock64();
  if (threadIdx.x == 0) sm_of[blockIdx.x] = sm_id();
  while (clock64() - begin < stay) {
  }
}

/// The first CTAs' SMs in words: "0 2 4 6".
std::string first_sms(const std::vector<unsigned>& sm_of) {
  constexpr std::size_t most = 16;
  std::string text;
  for (std::size_t cta = 0; cta < std::min(most, sm_of.size()); ++cta) {
    if (cta > 0) text += ' ';
    text += std::to_string(sm_of[cta]);
  }
  return text;
}

void measure(MicroBench& bench, int residents) {
  const DeviceInfo& device = bench.device();
  const auto smem =
      static_cast<std::size_t>(device.smem_per_sm_bytes / residents - device.smem_reserved_per_cta_bytes) / 128 * 128;
  check(cudaFuncSetAttribute(reinterpret_cast<const void*>(say_where), cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(smem)),
        "cudaFuncSetAttribute of dynamic shared memory");
  const int ctas = device.sm_count * residents;
  DeviceArray<unsigned> sm_of(static_cast<std::size_t>(ctas));
  for (int i = 0; i < 2; ++i) {  // the first launch loads the kernel
    say_where<<<ctas, threads, smem, bench.stream()>>>(sm_of.data());
    check(cudaGetLastError(), "launch");
  }
  const std::vector<unsigned> found = sm_of.read(bench.stream());
  std::map<unsigned, std::vector<int>> ctas_of;
  for (int cta = 0; cta < ctas; ++cta) ctas_of[found[static_cast<std::size_t>(cta)]].push_back(cta);
  std::vector<double> distances;
  std::string problem;
  for (const auto& [sm, its] : ctas_of) {
    if (its.size() != static_cast<std::size_t>(residents)) {
      problem = "SM " + std::to_string(sm) + " had " + std::to_string(its.size()) + " CTAs";
    }
    for (std::size_t n = 1; n < its.size(); ++n) distances.push_back(its[n] - its[n - 1]);
  }
  JsonObject parameters;
  parameters.add("residents", residents).add("first_sms", first_sms(found));
  bench.report({"cta_distance", parameters, "CTAs", distances, {}, problem});
}

}  // namespace placement

void run_cta_distance(MicroBench& bench) {
  for (const int residents : {2, 4}) placement::measure(bench, residents);
}

}  // namespace rooftile::kernels::measure
