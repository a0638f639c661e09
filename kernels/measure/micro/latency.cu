// Latencies by pointer chase: one thread, each load needs the address that the one before it brought.
//
//   smem, L1     cycles of 2048 loads / 2048, in 16 KiB after one round
//   L2           for each of 2048 lines spread over an eighth of the L2: cycles of 64 loads of that line / 64. Lines
//                behind the other side of a split L2 are slower: near is the lower quartile of the lines, far the upper
//   DRAM         cycles of 4096 loads / 4096, each of a line never asked for before, over four times the L2
//
// A chain holds addresses, not indices, so that a step is the load alone. The end of each chain is known and compared.
// The clock is read after a store that needs the last load. All in SM cycles.
// What spoils it: the TLB (the DRAM chase jumps across more than one TLB covers, as real random access does); an L2
// that keeps a copy of a far line on the near side, which makes near and far alike; a memory clock that has gone idle.
#include <algorithm>

#include "measure/micro/chase.cuh"
#include "measure/samples.hpp"

namespace rooftile::kernels::measure {
namespace latency {

constexpr int l2_line_bits = 11;
constexpr int l2_lines = 1 << l2_line_bits;
constexpr int l2_loads = 64;

/// Every line points at itself.
__global__ void link_to_self(Address* lines, std::uint32_t count) {
  for (std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    lines[std::size_t{i} * line_addresses] = reinterpret_cast<Address>(lines + std::size_t{i} * line_addresses);
  }
}

/// `warm_up` loads that do not count, then `loads` that do.
template <Level level>
__global__ void chase_global(const Address* first, int warm_up, int loads, Chase* result) {
  __shared__ Address parking;
  auto at = reinterpret_cast<Address>(first);
  if (warm_up > 0) chase<level>(at, warm_up, &parking);
  *result = timed_chase<level>(at, loads, &parking);
}

__global__ void chase_shared(int bits, int warm_up, int loads, Chase* result) {
  extern __shared__ Address slots[];
  __shared__ Address parking;
  const auto base = static_cast<std::uint32_t>(__cvta_generic_to_shared(slots));
  for (std::uint32_t i = 0; i < (1u << bits); ++i) slots[line_at(i, bits)] = base + 8 * line_at(i + 1, bits);
  Address at = base + 8 * line_at(0, bits);
  chase<Level::shared>(at, warm_up, &parking);
  *result = timed_chase<Level::shared>(at, loads, &parking);
  result->end = (at - base) / 8;
}

/// Each line alone: cycles[line] of l2_loads loads after unroll that bring it into L2.
__global__ void chase_lines(const Address* lines, std::uint32_t stride, Chase* results) {
  __shared__ Address parking;
  for (int i = 0; i < l2_lines; ++i) {
    auto at = reinterpret_cast<Address>(lines + std::size_t{line_at(static_cast<std::uint32_t>(i), l2_line_bits)} *
                                                    stride * line_addresses);
    chase<Level::l2>(at, unroll, &parking);
    results[i] = timed_chase<Level::l2>(at, l2_loads, &parking);
  }
}

constexpr int launches = 12;
/// One chase per launch; `launch` queues it, `right` knows its end.
template <class Launch, class Right>
void measure(MicroBench& bench, std::string_view name, int loads, Launch launch, Right right) {
  DeviceArray<Chase> result(1);
  std::vector<double> values;
  std::vector<double> clocks;
  std::string problem;
  for (int i = 0; i < launches; ++i) {
    launch(result.data());
    check(cudaGetLastError(), name);
    const Chase chase = result.read(bench.stream())[0];
    values.push_back(static_cast<double>(chase.cycles) / loads);
    clocks.push_back(static_cast<double>(chase.cycles) / static_cast<double>(chase.ns) * 1e9);
    if (!right(chase.end)) problem = lost;
  }
  JsonObject parameters;
  parameters.add("loads", loads);
  bench.report({name, parameters, "cycle", values, clocks, problem});
}

/// The quantile `fraction` of the lines' latencies.
void measure_lines(MicroBench& bench, std::string_view name, double fraction) {
  const auto stride = static_cast<std::uint32_t>(bench.device().l2_bytes / 8 / line_bytes / l2_lines);
  const JsonObject parameters = JsonObject().add("lines", l2_lines).add("loads", l2_loads);
  if (stride == 0)
    return bench.report_none(name, "cycle", parameters, "unsupported", "the driver does not tell the size of the L2");
  DeviceArray<Address> lines(std::size_t{l2_lines} * stride * line_addresses);
  link_to_self<<<256, 256, 0, bench.stream()>>>(lines.data(), l2_lines * stride);
  DeviceArray<Chase> results(l2_lines);
  std::vector<double> values;
  std::string problem;
  for (int launch = 0; launch < launches; ++launch) {
    chase_lines<<<1, 1, 0, bench.stream()>>>(lines.data(), stride, results.data());
    check(cudaGetLastError(), name);
    const std::vector<Chase> chases = results.read(bench.stream());
    std::vector<double> cycles;
    for (std::uint32_t i = 0; i < l2_lines; ++i) {
      const Address* line = lines.data() + std::size_t{line_at(i, l2_line_bits)} * stride * line_addresses;
      if (chases[i].end != reinterpret_cast<Address>(line)) problem = lost;
      cycles.push_back(static_cast<double>(chases[i].cycles) / l2_loads);
    }
    values.push_back(quantile(cycles, fraction));
  }
  bench.report({name, parameters, "cycle", values, {}, problem});
}

void measure_smem(MicroBench& bench) {
  constexpr int bits = 11;  // 2048 addresses of 8 bytes
  constexpr int loads = 2048;
  const auto launch = [&](Chase* to) { chase_shared<<<1, 1, 8 << bits, bench.stream()>>>(bits, unroll, loads, to); };
  measure(bench, "latency_smem", loads, launch, [](Address end) { return end == line_at(unroll + loads, bits); });
}

void measure_l1(MicroBench& bench) {
  constexpr int bits = 7;  // 128 lines, 16 KiB
  constexpr int loads = 2048;
  const Ring ring(bench, bits);
  const auto launch = [&](Chase* to) {
    chase_global<Level::l1><<<1, 1, 0, bench.stream()>>>(ring.place(0), 1 << bits, loads, to);
  };
  const auto end = reinterpret_cast<Address>(ring.place((1 << bits) + loads));
  measure(bench, "latency_l1", loads, launch, [&](Address found) { return found == end; });
}

void measure_dram(MicroBench& bench) {
  constexpr int loads = 4096;
  int bits = 20;  // 128 MiB
  while ((std::int64_t{line_bytes} << bits) < 4 * bench.device().l2_bytes) ++bits;
  const Ring ring(bench, bits);
  std::uint32_t step = 0;
  const auto launch = [&](Chase* to) {
    bench.keeper().sweep_l2();  // what an earlier launch or the linking left
    chase_global<Level::dram><<<1, 1, 0, bench.stream()>>>(ring.place(step), 0, loads, to);
    step += loads;
  };
  measure(bench, "latency_dram", loads, launch,
          [&](Address end) { return end == reinterpret_cast<Address>(ring.place(step)); });
}

}  // namespace latency

void run_latency_smem(MicroBench& bench) { latency::measure_smem(bench); }
void run_latency_l1(MicroBench& bench) { latency::measure_l1(bench); }
void run_latency_l2_near(MicroBench& bench) { latency::measure_lines(bench, "latency_l2_near", 0.25); }
void run_latency_l2_far(MicroBench& bench) { latency::measure_lines(bench, "latency_l2_far", 0.75); }
void run_latency_dram(MicroBench& bench) { latency::measure_dram(bench); }

}  // namespace rooftile::kernels::measure
