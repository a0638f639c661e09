// DRAM bandwidth by bytes in flight: Little's law, bandwidth = bytes in flight / latency, until the memory is full.
//
//   dram_read    sum += a[i]              bytes = |a|
//   dram_copy    b[i] = a[i]              bytes = 2 |a|
//   dram_triad   c[i] = a[i] + s b[i]     bytes = 3 |a|      (fp32, one FMA per element)
//   in flight    CTAs x threads x unroll x 16 B x arrays read
//
// Each thread issues `unroll` 16-byte loads per array before it uses the first, and no more until it has used the last.
// Arrays are 512 MiB or eight times the L2, whichever is more. All CTAs are resident from start to end.
// What spoils it: other work on the GPU; lines that a sample leaves in L2 (reads begin after a sweep; writes are in a
// steady state, where each sample pays for the dirty lines of the one before); ECC on GDDR parts, which costs some of
// the bandwidth; fewer resident CTAs than asked for (launch bounds exclude it).
#include <algorithm>

#include "measure/micro/bench.hpp"
#include "measure/micro/memory.cuh"
#include "measure/micro/random.cuh"
#include "rooftile/model/rounding.hpp"

namespace rooftile::kernels::measure {
namespace dram {

constexpr int threads = 256;
constexpr int most_ctas_per_sm = 4;
constexpr int most_unroll = 8;
constexpr float triad_scale = 0.75f;

enum class Stream { read, copy, triad };

struct Arrays {
  uint4* a;
  uint4* b;
  uint4* c;
  std::uint32_t* total;
};

__device__ float as_float(std::uint32_t bits) { return __uint_as_float(bits); }

__device__ uint4 triad_of(uint4 a, uint4 b) {
  const auto one = [](std::uint32_t x, std::uint32_t y) {
    return __float_as_uint(fmaf(triad_scale, as_float(y), as_float(x)));
  };
  return make_uint4(one(a.x, b.x), one(a.y, b.y), one(a.z, b.z), one(a.w, b.w));
}

/// The four elements that start at word 4i of array `seed`: all in [1, 2), so that triad can add them as numbers.
__device__ uint4 element(std::uint32_t i, std::uint32_t seed) {
  const auto word = [&](std::uint32_t k) { return __float_as_uint(random_float(4 * i + k, seed)); };
  return make_uint4(word(0), word(1), word(2), word(3));
}

/// Fills a and b; *total becomes the sum of a's words as they were generated, not as they are read.
__global__ void fill(Arrays arrays, std::uint32_t count) {
  std::uint32_t mine = 0;
  for (std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    const uint4 a = element(i, 1);
    arrays.a[i] = a;
    arrays.b[i] = element(i, 2);
    mine += sum(a);
  }
  add_to_total(mine, arrays.total);
}

/// count is a multiple of gridDim.x x threads x unroll: no thread has a tail.
template <Stream stream, int unroll>
__global__ void __launch_bounds__(threads, most_ctas_per_sm) pass(Arrays arrays, std::uint32_t count) {
  constexpr std::uint32_t block = threads * unroll;
  std::uint32_t mine = 0;
#pragma unroll 1
  for (std::uint32_t i = blockIdx.x * block + threadIdx.x; i < count; i += gridDim.x * block) {
    uint4 a[unroll];
    uint4 b[unroll];
#pragma unroll
    for (int u = 0; u < unroll; ++u) {
      a[u] = load_stream(arrays.a + i + u * threads);
      if constexpr (stream == Stream::triad) b[u] = load_stream(arrays.b + i + u * threads);
    }
#pragma unroll
    for (int u = 0; u < unroll; ++u) {
      if constexpr (stream == Stream::read) mine += sum(a[u]);
      if constexpr (stream == Stream::copy) arrays.c[i + u * threads] = a[u];
      if constexpr (stream == Stream::triad) arrays.c[i + u * threads] = triad_of(a[u], b[u]);
    }
  }
  if constexpr (stream == Stream::read) add_to_total(mine, arrays.total);
}

/// Counts the elements of c that are not what the pass should have written.
template <Stream stream>
__global__ void count_wrong(Arrays arrays, std::uint32_t count) {
  std::uint32_t wrong = 0;
  for (std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    const uint4 a = element(i, 1);
    const uint4 right = stream == Stream::triad ? triad_of(a, element(i, 2)) : a;
    const uint4 is = arrays.c[i];
    wrong += static_cast<std::uint32_t>(is.x != right.x || is.y != right.y || is.z != right.z || is.w != right.w);
  }
  add_to_total(wrong, arrays.total);
}

/// Arrays of one benchmark, filled.
class Workspace {
 public:
  explicit Workspace(const MicroBench& bench)
      : stream_(bench.stream()),
        ctas_(bench.device().sm_count * most_ctas_per_sm),
        count_(elements(bench.device())),
        a_(count_),
        b_(count_),
        c_(count_),
        total_(1) {
    total_.fill_bytes(0, stream_);
    fill<<<ctas_, threads, 0, stream_>>>(arrays(), count_);
    check(cudaGetLastError(), "fill of the arrays");
    sum_ = total_.read(stream_)[0];
  }

  [[nodiscard]] Arrays arrays() const { return {a_.data(), b_.data(), c_.data(), total_.data()}; }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] double bytes() const { return 16.0 * count_; }
  void poison() { c_.fill_bytes(0xff, stream_); }

  /// What is wrong with one more pass; empty if nothing is.
  template <Stream stream>
  std::string problem(const Call& call) {
    total_.fill_bytes(0, stream_);
    check(call(stream_), "pass");
    if constexpr (stream == Stream::read) {
      const std::uint32_t total = total_.read(stream_)[0];
      return total == sum_ ? "" : "the sum of what was read is wrong";
    } else {
      count_wrong<stream><<<ctas_, threads, 0, stream_>>>(arrays(), count_);
      check(cudaGetLastError(), "check of the pass");
      const std::uint32_t wrong = total_.read(stream_)[0];
      return wrong == 0 ? "" : std::to_string(wrong) + " of " + std::to_string(count_) + " elements are wrong";
    }
  }

 private:
  static std::uint32_t elements(const DeviceInfo& device) {
    const std::int64_t block = std::int64_t{device.sm_count} * most_ctas_per_sm * threads * most_unroll;
    const std::int64_t bytes = std::max<std::int64_t>(std::int64_t{512} << 20, 8 * device.l2_bytes);
    return static_cast<std::uint32_t>(round_up(bytes / 16, block));
  }

  cudaStream_t stream_;
  int ctas_;
  std::uint32_t count_;
  DeviceArray<uint4> a_;
  DeviceArray<uint4> b_;
  DeviceArray<uint4> c_;
  DeviceArray<std::uint32_t> total_;
  std::uint32_t sum_ = 0;
};

constexpr std::string_view name_of(Stream stream) {
  return stream == Stream::read ? "dram_read" : stream == Stream::copy ? "dram_copy" : "dram_triad";
}
constexpr int arrays_moved(Stream stream) { return stream == Stream::read ? 1 : stream == Stream::copy ? 2 : 3; }

template <Stream stream, int unroll>
void measure(MicroBench& bench, Workspace& workspace, int ctas_per_sm) {
  const int ctas = bench.device().sm_count * ctas_per_sm;
  const Call call = [&](cudaStream_t on) {
    pass<stream, unroll><<<ctas, threads, 0, on>>>(workspace.arrays(), workspace.count());
    return cudaGetLastError();
  };
  workspace.poison();
  const Samples samples = bench.time(call, stream == Stream::read ? L2::cold : L2::warm);
  const int arrays_read = stream == Stream::triad ? 2 : 1;
  JsonObject parameters;
  parameters.add("ctas", ctas).add("threads", threads).add("unroll", unroll);
  parameters.add("bytes_in_flight", std::int64_t{16} * arrays_read * ctas * threads * unroll);
  bench.report({name_of(stream), parameters, "B/s", rates(arrays_moved(stream) * workspace.bytes(), samples),
                samples.clock_hz, workspace.problem<stream>(call)});
}

template <Stream stream>
void sweep(MicroBench& bench) {
  Workspace workspace(bench);
  for (int ctas_per_sm = 1; ctas_per_sm <= most_ctas_per_sm; ctas_per_sm *= 2) {
    measure<stream, 1>(bench, workspace, ctas_per_sm);
    measure<stream, 2>(bench, workspace, ctas_per_sm);
    measure<stream, 4>(bench, workspace, ctas_per_sm);
    measure<stream, most_unroll>(bench, workspace, ctas_per_sm);
  }
}

}  // namespace dram

void run_dram_read(MicroBench& bench) { dram::sweep<dram::Stream::read>(bench); }
void run_dram_copy(MicroBench& bench) { dram::sweep<dram::Stream::copy>(bench); }
void run_dram_triad(MicroBench& bench) { dram::sweep<dram::Stream::triad>(bench); }

}  // namespace rooftile::kernels::measure
