// Shared memory read bandwidth: 16 bytes per lane, 512 contiguous bytes per warp and instruction, no bank conflicts.
//
//   B/cycle/SM = warps x trips x loads x 512 B / cycles of the CTA
//
// 32 warps with eight loads in flight each; the sum of everything read is checked.
// What spoils it: the additions that use what was loaded (four per 16 bytes; they are issued beside the loads and a
// warp's load takes four cycles of the memory, so they stay hidden).
#include "measure/micro/memory.cuh"
#include "measure/micro/random.cuh"
#include "measure/micro/sm_clock.cuh"
#include "measure/samples.hpp"

namespace rooftile::kernels::measure {
namespace smem {

constexpr int threads = 1024;
constexpr int loads = 8;
constexpr int trips = 1024;
constexpr int elements = 2048;  // of 16 bytes: 32 KiB

__host__ __device__ std::uint32_t element_sum(std::uint32_t i) {
  return random_word(4 * i, 4) + random_word(4 * i + 1, 4) + random_word(4 * i + 2, 4) + random_word(4 * i + 3, 4);
}

__global__ void __launch_bounds__(threads) read_shared(WarpSpan* spans, std::uint32_t* sums) {
  extern __shared__ uint4 shared[];
  for (std::uint32_t i = threadIdx.x; i < elements; i += threads) {
    const auto word = [&](std::uint32_t k) { return random_word(4 * i + k, 4); };
    shared[i] = make_uint4(word(0), word(1), word(2), word(3));
  }
  const auto base = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
  std::uint32_t mine = 0;
  std::uint32_t at = threadIdx.x;
  const WarpSpan span = start_span();
#pragma unroll 1
  for (int trip = 0; trip < trips; ++trip) {
    uint4 v[loads];
#pragma unroll
    for (int u = 0; u < loads; ++u) v[u] = load_shared(base + 16 * ((at + 32 * u) % elements));
#pragma unroll
    for (int u = 0; u < loads; ++u) mine += sum(v[u]);
    at += 32 * loads;
  }
  end_span(span, spans);
  sums[blockIdx.x * threads + threadIdx.x] = mine;
}

/// What a thread of this lane must have added up: it walks through the lane's elements, all of them equally often.
std::uint32_t expected_sum(std::uint32_t lane) {
  std::uint32_t once = 0;
  for (std::uint32_t i = lane; i < elements; i += 32) once += element_sum(i);
  return once * (trips * loads / (elements / 32));
}

void measure(MicroBench& bench) {
  allow_all_shared(bench, reinterpret_cast<const void*>(read_shared));
  DeviceArray<std::uint32_t> sums(static_cast<std::size_t>(bench.device().sm_count) * threads);
  const SpanSamples spans =
      time_spans(bench, threads / 32, [&](int ctas, std::size_t smem, WarpSpan* to, cudaStream_t stream) {
        read_shared<<<ctas, threads, smem, stream>>>(to, sums.data());
        return cudaGetLastError();
      });
  std::string problem;
  const std::vector<std::uint32_t> found = sums.read(bench.stream());
  std::vector<std::uint32_t> expected(32);
  for (std::uint32_t lane = 0; lane < 32; ++lane) expected[lane] = expected_sum(lane);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] != expected[i % 32]) problem = "the sum of what was read is wrong";
  }
  std::vector<double> values;
  for (const double cycles : spans.cycles) values.push_back(16.0 * threads * loads * trips / cycles);
  JsonObject parameters;
  parameters.add("warps", threads / 32).add("loads", loads);
  bench.report({"smem_read", parameters, "B/cycle/SM", values, spans.clock_hz, problem});
}

}  // namespace smem

void run_smem_read(MicroBench& bench) { smem::measure(bench); }

}  // namespace rooftile::kernels::measure
