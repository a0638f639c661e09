// fp32 additions to global memory (red.global.add), performed in L2.
//
//   results/s = CTAs x threads x trips / time of the launch
//   contention c: every address is shared by c threads, each in another warp; the lanes of a warp add to 32
//   neighbouring addresses, as the accumulation of a gradient tile does
//
// Each address must end as c x trips x launches; below 2^24 that sum of ones is exact.
// What spoils it: addresses that do not stay in L2 (at most 1024 threads x 2 per SM, 4 B each).
#include <array>

#include "measure/micro/bench.hpp"

namespace rooftile::kernels::measure {
namespace atomic {

constexpr int threads = 512;
constexpr int ctas_per_sm = 4;
constexpr int trips = 64;

__global__ void __launch_bounds__(threads, ctas_per_sm) add_ones(float* sums, unsigned addresses) {
  float* mine = sums + (blockIdx.x * threads + threadIdx.x) % addresses;
#pragma unroll 1
  for (int trip = 0; trip < trips; ++trip)
    asm volatile("red.global.add.f32 [%0], %1;" ::"l"(mine), "f"(1.f) : "memory");
}

void measure(MicroBench& bench, int contention) {
  const int ctas = bench.device().sm_count * ctas_per_sm;
  const auto addresses = static_cast<std::size_t>(ctas) * threads / static_cast<std::size_t>(contention);
  DeviceArray<float> sums(addresses);
  sums.fill_bytes(0, bench.stream());
  int launches = 0;
  const Samples samples = bench.time([&](cudaStream_t on) {
    ++launches;
    add_ones<<<ctas, threads, 0, on>>>(sums.data(), static_cast<unsigned>(addresses));
    return cudaGetLastError();
  });
  std::string problem;
  const auto expected = static_cast<float>(static_cast<std::int64_t>(contention) * trips * launches);
  for (const float found : sums.read(bench.stream())) {
    if (found != expected) problem = "a sum is " + json_number(found) + " instead of " + json_number(expected);
  }
  JsonObject parameters;
  parameters.add("contention", contention).add("ctas", ctas).add("threads", threads);
  bench.report(
      {"atomic_add", parameters, "results/s", rates(1.0 * ctas * threads * trips, samples), samples.clock_hz, problem});
}

}  // namespace atomic

void run_atomic_add(MicroBench& bench) {
  for (const int contention : {1, 4, 16, 64})
    atomic::measure(bench, contention);  // divide ctas x threads, whatever the GPU
}

}  // namespace rooftile::kernels::measure
