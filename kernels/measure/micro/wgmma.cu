// Rate of wgmma m64nNk16, fp16 and bf16, N = 64, 128, 256, operands in shared memory, fp32 accumulation.
//
//   FLOP = CTAs x warpgroups x trips x 4 x (2 x 64 x N x 16);     FLOP/s = FLOP / time of the launch
//
// Two warpgroups per SM, each with its own 64 x 64 tile of A, both with the same N x 64 tile of B: random numbers in
// [-1, 1), K-major, 128-byte swizzle. A trip is the tile's four k16 steps as one group; at most one group is pending.
// The accumulators end as trips x A B and are compared with that. sm_90a only.
// What spoils it: power (see mma_sync.cu); at N = 64 the shared memory, which A and B leave no time to spare.
#include "measure/micro/sm_clock.cuh"
#include "measure/micro/tensor_data.cuh"
#include "measure/micro/wgmma_instruction.cuh"

namespace rooftile::kernels::measure {
namespace wgmma_rates {

constexpr int warpgroups = 2;
constexpr int threads = 128 * warpgroups;
constexpr int rows = 64;
constexpr int depth = 64;
constexpr int row_bytes = depth * 2;
constexpr int a_bytes = rows * row_bytes;

using TileA = TensorTile<rows, depth, 7>;
template <int n>
using TileB = TensorTile<n, depth, 8>;  // row n holds the column n of B

/// Trips that take about as long for every N.
template <int n>
constexpr int trips = 4096 * 64 / n;
constexpr std::size_t shared_bytes(int n) { return 1024 + warpgroups * a_bytes + n * row_bytes; }

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
/// Writes one tile: 16-byte chunk c of row r stands at chunk c ^ (r % 8).
template <class Tile, class T>
__device__ void write_tile(std::uint32_t to, int tile, int tile_rows) {
  for (int at = static_cast<int>(threadIdx.x); at < tile_rows * depth / 2; at += threads) {
    const int row = at / (depth / 2);
    const int column = at % (depth / 2) * 2;
    const std::uint32_t place = to + row * row_bytes + ((column / 8 ^ row % 8) * 16 + column % 8 * 2);
    asm volatile("st.shared.b32 [%0], %1;" ::"r"(place), "r"(Tile::template pair<T>(tile, row, column)) : "memory");
  }
}
#endif

/// results[CTA][warpgroup][row][column].
template <int n, class T>
__global__ void __launch_bounds__(threads, 1) wgmma_rate([[maybe_unused]] float* results) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  extern __shared__ unsigned char shared[];
  const auto start = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
  const std::uint32_t base = (start + 1023u) / 1024u * 1024u;
  for (int i = 0; i < warpgroups; ++i) write_tile<TileA, T>(base + i * a_bytes, i, rows);
  const std::uint32_t base_b = base + warpgroups * a_bytes;
  write_tile<TileB<n>, T>(base_b, 0, n);
  fence_async_proxy();
  __syncthreads();

  const int warpgroup = __shfl_sync(~0u, static_cast<int>(threadIdx.x) / 128, 0);
  const std::uint32_t base_a = base + warpgroup * a_bytes;
  float d[n / 2] = {};
#pragma unroll 1
  for (int trip = 0; trip < trips<n>; ++trip) {
    wgmma_fence();
#pragma unroll
    for (int k = 0; k < depth / 16; ++k) wgmma<n, T>(d, descriptor(base_a + 32 * k), descriptor(base_b + 32 * k));
    wgmma_commit();
    wgmma_wait<1>();
  }
  wgmma_wait<0>();
#pragma unroll
  for (float& x : d) asm volatile("" : "+f"(x)::"memory");

  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int row = static_cast<int>(threadIdx.x) % 128 / 32 * 16 + lane / 4;
  float* mine = results + (blockIdx.x * warpgroups + warpgroup) * (rows * n);
#pragma unroll
  for (int i = 0; i < n / 2; ++i) mine[(row + i % 4 / 2 * 8) * n + i / 4 * 8 + lane % 4 * 2 + i % 2] = d[i];
#endif
}

/// ||found - trips x A B|| / ||trips x A B|| over all warpgroups.
template <int n, class T>
double relative_error(const std::vector<float>& found) {
  std::vector<double> right(std::size_t{warpgroups} * rows * n);
  for (std::size_t at = 0; at < right.size(); ++at) {
    const auto place = static_cast<int>(at);
    for (int k = 0; k < depth; ++k) {
      right[at] +=
          TileA::value<T>(place / (n * rows), place / n % rows, k) * TileB<n>::template value<T>(0, place % n, k);
    }
    right[at] *= trips<n>;
  }
  return norm_of_difference(found, right);
}

template <int n, class T>
void measure(MicroBench& bench, std::string_view dtype) {
  JsonObject parameters;
  parameters.add("dtype", dtype).add("n", n).add("warpgroups", warpgroups);
  if (!bench.device().runs_sm90a) {
    return bench.report_none("wgmma", "FLOP/s", parameters, "unsupported", "wgmma needs compute capability 9.0");
  }
  allow_all_shared(bench, reinterpret_cast<const void*>(wgmma_rate<n, T>));
  const int ctas = bench.device().sm_count;
  DeviceArray<float> results(std::size_t{warpgroups} * rows * n * static_cast<std::size_t>(ctas));
  results.fill_bytes(0xff, bench.stream());
  const Samples samples = bench.time([&](cudaStream_t on) {
    wgmma_rate<n, T><<<ctas, threads, shared_bytes(n), on>>>(results.data());
    return cudaGetLastError();
  });
  const double flop = 2.0 * rows * n * depth * trips<n> * warpgroups * ctas;
  const std::vector<float> found = results.read(bench.stream());
  bench.report({"wgmma", parameters, "FLOP/s", rates(flop, samples), samples.clock_hz,
                tensor_problem(relative_error<n, T>(found))});
}

template <class T>
void measure_all(MicroBench& bench, std::string_view dtype) {
  measure<64, T>(bench, dtype);
  measure<128, T>(bench, dtype);
  measure<256, T>(bench, dtype);
}

}  // namespace wgmma_rates

void run_wgmma(MicroBench& bench) {
  wgmma_rates::measure_all<__half>(bench, "fp16");
  wgmma_rates::measure_all<__nv_bfloat16>(bench, "bf16");
}

}  // namespace rooftile::kernels::measure
