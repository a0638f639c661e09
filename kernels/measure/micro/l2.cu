// L2 read bandwidth: every SM reads the same working set, an eighth of the L2, over and over.
//
//   bytes = CTAs x repeats x working set;  bytes_per_cycle = (bytes / s) / SM clock
//
// ld.global.cg does not look into L1. CTAs start at different places of the set, so that they do not ask for the same
// lines at the same time. Four loads of 16 bytes per thread are in flight, 1024 threads per SM twice.
// What spoils it: a set that does not fit one partition of a split L2 (an eighth does); an L2 clock that is not the SM
// clock (the value in bytes per cycle counts SM cycles); lines read from both sides, which a split L2 may keep twice.
#include "measure/micro/bench.hpp"
#include "measure/micro/memory.cuh"
#include "measure/micro/random.cuh"

namespace rooftile::kernels::measure {
namespace l2 {

constexpr int threads = 512;
constexpr int ctas_per_sm = 4;
constexpr int unroll = 4;
constexpr int repeats = 4;
constexpr std::uint32_t step = threads * unroll;  // elements that a CTA reads at a time

__global__ void fill(uint4* set, std::uint32_t count, std::uint32_t* total) {
  std::uint32_t mine = 0;
  for (std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    const auto word = [&](std::uint32_t k) { return random_word(4 * i + k, 3); };
    set[i] = make_uint4(word(0), word(1), word(2), word(3));
    mine += word(0) + word(1) + word(2) + word(3);
  }
  add_to_total(mine, total);
}

/// Every CTA reads all `count` elements (a multiple of `step`) `repeats` times.
__global__ void __launch_bounds__(threads, ctas_per_sm)
    read_set(const uint4* set, std::uint32_t count, std::uint32_t* total) {
  const std::uint32_t steps = count / step;
  std::uint32_t at = static_cast<std::uint32_t>(std::uint64_t{blockIdx.x} * steps / gridDim.x) * step;
  std::uint32_t mine = 0;
#pragma unroll 1
  for (std::uint32_t trip = 0; trip < repeats * steps; ++trip) {
    uint4 v[unroll];
#pragma unroll
    for (int u = 0; u < unroll; ++u) v[u] = load_l2(set + at + u * threads + threadIdx.x);
#pragma unroll
    for (int u = 0; u < unroll; ++u) mine += sum(v[u]);
    at = at + step == count ? 0 : at + step;
  }
  add_to_total(mine, total);
}

void measure(MicroBench& bench) {
  const DeviceInfo& device = bench.device();
  const auto count = static_cast<std::uint32_t>(device.l2_bytes / 8 / 16 / step * step);
  if (count == 0)
    return bench.report_none("l2_read", "B/s", {}, "unsupported", "the driver does not tell the size of the L2");
  DeviceArray<uint4> set(count);
  DeviceArray<std::uint32_t> total(1);
  const int ctas = device.sm_count * ctas_per_sm;
  total.fill_bytes(0, bench.stream());
  fill<<<ctas, threads, 0, bench.stream()>>>(set.data(), count, total.data());
  check(cudaGetLastError(), "fill of the working set");
  const std::uint32_t expected = total.read(bench.stream())[0] * static_cast<std::uint32_t>(ctas * repeats);

  const Call call = [&](cudaStream_t on) {
    read_set<<<ctas, threads, 0, on>>>(set.data(), count, total.data());
    return cudaGetLastError();
  };
  const Samples samples = bench.time(call);
  total.fill_bytes(0, bench.stream());
  check(call(bench.stream()), "l2_read");
  const bool right = total.read(bench.stream())[0] == expected;

  const double bytes = 16.0 * count * ctas * repeats;
  const std::vector<double> values = rates(bytes, samples);
  std::vector<double> per_cycle;
  for (std::size_t i = 0; i < values.size(); ++i) per_cycle.push_back(values[i] / samples.clock_hz[i]);
  JsonObject parameters;
  parameters.add("ctas", ctas).add("threads", threads).add("unroll", unroll).add("set_bytes", std::int64_t{16} * count);
  parameters.add("bytes_per_cycle", quantile(per_cycle, 0.5));
  bench.report(
      {"l2_read", parameters, "B/s", values, samples.clock_hz, right ? "" : "the sum of what was read is wrong"});
}

}  // namespace l2

void run_l2_read(MicroBench& bench) { l2::measure(bench); }

}  // namespace rooftile::kernels::measure
