// What a load waits for at a DRAM that others use: a pointer chase while CTAs stream, by how much they stream.
//
//   latency      cycles of 2048 loads / 2048, each of a line never asked for before (chase.cuh)
//   bandwidth    bytes that arrived at the other CTAs meanwhile / nanoseconds of the chase
//   in flight    CTAs x threads x unroll x 16 B
//
// Block 0 chases, the others read an array of 512 MiB or eight times the L2 again and again until the chase has ended.
// Each of their warps counts what it read every 16 trips: the count is right to 16 trips of each warp. No CTA beside it
// is the latency alone. In SM cycles.
// What spoils it: as for latency_dram; a chase so short that the others have not begun (they have 512 loads' time).
#include <algorithm>

#include "measure/micro/chase.cuh"
#include "measure/micro/memory.cuh"
#include "measure/samples.hpp"
#include "rooftile/model/rounding.hpp"

namespace rooftile::kernels::measure {
namespace loaded_latency {

using latency::Address;
using latency::Chase;
using latency::Level;

constexpr int threads = 256;
constexpr int unroll = 4;
constexpr int most_ctas_per_sm = 3;  // and one that chases, on one of the SMs
constexpr int steps_per_cta = 4;     // points of the curve for each CTA that an SM gets
constexpr int trips_per_count = 16;
constexpr int warm_up = 512;
constexpr int loads = 2048;
constexpr int launches = 8;

/// What the CTAs tell each other.
struct Beside {
  unsigned long long streamed;  ///< bytes that have arrived
  int ended;                    ///< the chase has
  std::uint32_t total;
};

struct Result {
  Chase chase;
  unsigned long long streamed;  ///< bytes while it ran
};

/// Reads the array from this CTA's place on until the chase has ended. count is a multiple of threads x unroll.
__device__ void stream(const uint4* data, std::uint32_t count, Beside* beside) {
  constexpr std::uint32_t block = threads * unroll;
  const std::uint32_t stride = (gridDim.x - 1) * block;
  std::uint32_t i = (blockIdx.x - 1) * block + threadIdx.x;
  std::uint32_t mine = 0;
#pragma unroll 1
  for (int trip = 1;; ++trip) {
    uint4 read[unroll];
#pragma unroll
    for (int u = 0; u < unroll; ++u) read[u] = load_stream(data + i + u * threads);
#pragma unroll
    for (int u = 0; u < unroll; ++u) mine += sum(read[u]);
    i += stride;
    if (i >= count) i -= count;
    if (trip % trips_per_count != 0) continue;
    if (threadIdx.x % 32 == 0) atomicAdd(&beside->streamed, 16ULL * 32 * unroll * trips_per_count);
    if (*static_cast<volatile int*>(&beside->ended) != 0) break;
  }
  add_to_total(mine, &beside->total);
}

__global__ void __launch_bounds__(threads, most_ctas_per_sm + 1)
    chase_beside(const Address* first, const uint4* data, std::uint32_t count, Beside* beside, Result* result) {
  __shared__ Address parking;
  if (blockIdx.x > 0) return stream(data, count, beside);
  if (threadIdx.x > 0) return;
  const volatile unsigned long long* streamed = &beside->streamed;
  auto at = reinterpret_cast<Address>(first);
  latency::chase<Level::dram>(at, warm_up, &parking);
  const unsigned long long before = *streamed;
  result->chase = latency::timed_chase<Level::dram>(at, loads, &parking);
  result->streamed = *streamed - before;
  *static_cast<volatile int*>(&beside->ended) = 1;
}

/// The array that is streamed; its words do not matter.
class Stream {
 public:
  explicit Stream(const MicroBench& bench) : count_(elements(bench.device())), data_(count_) {
    data_.fill_bytes(0x3c, bench.stream());
  }
  [[nodiscard]] const uint4* data() const { return data_.data(); }
  [[nodiscard]] std::uint32_t count() const { return count_; }

 private:
  static std::uint32_t elements(const DeviceInfo& device) {
    const std::int64_t bytes = std::max<std::int64_t>(std::int64_t{512} << 20, 8 * device.l2_bytes);
    return static_cast<std::uint32_t>(round_up(bytes / 16, std::int64_t{threads} * unroll));
  }

  std::uint32_t count_;
  DeviceArray<uint4> data_;
};

/// The whole curve; `step` goes on along the ring, so that no line is asked for twice.
class Curve {
 public:
  explicit Curve(MicroBench& bench) : bench_(bench), ring_(bench, ring_bits(bench)), stream_(bench) {}

  void measure(int ctas) {
    std::vector<double> cycles, clocks, rates;
    std::string problem;
    for (int i = 0; i < launches; ++i) {
      const Result result = launch(ctas);
      const auto ns = static_cast<double>(result.chase.ns);
      cycles.push_back(static_cast<double>(result.chase.cycles) / loads);
      clocks.push_back(static_cast<double>(result.chase.cycles) / ns * 1e9);
      rates.push_back(static_cast<double>(result.streamed) / ns * 1e9);
      if (result.chase.end != reinterpret_cast<Address>(ring_.place(step_))) problem = latency::lost;
      if ((result.streamed > 0) != (ctas > 0)) problem = "the other CTAs did not stream while it ran";
    }
    JsonObject parameters;
    parameters.add("loads", loads).add("ctas", ctas).add("threads", threads).add("unroll", unroll);
    parameters.add("bytes_in_flight", std::int64_t{16} * ctas * threads * unroll);
    parameters.add("bandwidth", quantile(rates, 0.5));
    bench_.report({"latency_dram_loaded", parameters, "cycle", cycles, clocks, problem});
  }

 private:
  /// A ring of at least 128 MiB and four times the L2.
  static int ring_bits(const MicroBench& bench) {
    int bits = 20;
    while ((std::int64_t{latency::line_bytes} << bits) < 4 * bench.device().l2_bytes) ++bits;
    return bits;
  }

  Result launch(int ctas) {
    beside_.fill_bytes(0, bench_.stream());
    bench_.keeper().sweep_l2();
    chase_beside<<<1 + ctas, threads, 0, bench_.stream()>>>(ring_.place(step_), stream_.data(), stream_.count(),
                                                            beside_.data(), result_.data());
    check(cudaGetLastError(), "the chase");
    step_ += warm_up + loads;
    return result_.read(bench_.stream())[0];
  }

  MicroBench& bench_;
  latency::Ring ring_;
  Stream stream_;
  DeviceArray<Beside> beside_{1};
  DeviceArray<Result> result_{1};
  std::uint32_t step_ = 0;
};

}  // namespace loaded_latency

void run_latency_dram_loaded(MicroBench& bench) {
  using namespace loaded_latency;
  Curve curve(bench);
  for (int step = 0; step <= most_ctas_per_sm * steps_per_cta; ++step)
    curve.measure(bench.device().sm_count * step / steps_per_cta);
}

}  // namespace rooftile::kernels::measure
