// Rate of mma.sync m16n8k16, fp16 and bf16, fp32 accumulation.
//
//   FLOP = CTAs x warps x trips x 8 mma x 4096;     FLOP/s = FLOP / time of the launch
//
// Every warp keeps two A and four B fragments of random numbers in [-1, 1) and eight accumulators that depend on
// nothing but themselves: no loads, no shuffles. Four warps per scheduler. Accumulator (i, j) ends as trips x A_i B_j
// and is compared with that.
// What spoils it: power. Operands change from instruction to instruction, but less than in a GEMM, whose rate a power
// limit can pull below this one; compare rate / clock, not rates.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "measure/micro/bench.hpp"
#include "measure/micro/tensor_data.cuh"

namespace rooftile::kernels::measure {
namespace mma_sync {

constexpr int threads = 512;
constexpr int rows = 16;
constexpr int columns = 8;
constexpr int depth = 16;
constexpr int a_tiles = 2;
constexpr int b_tiles = 4;
constexpr int trips = 8192;

using TileA = TensorTile<rows, depth, 5>;
using TileB = TensorTile<columns, depth, 6>;  // row n holds the column n of B

template <class T>
__device__ void mma(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  if constexpr (std::is_same_v<T, __half>) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
}

/// results[CTA][warp][accumulator][row][column].
template <class T>
__global__ void __launch_bounds__(threads) mma_rate(float* results) {
  const int row = static_cast<int>(threadIdx.x % 32) / 4;
  const int column = static_cast<int>(threadIdx.x % 4) * 2;
  std::uint32_t a[a_tiles][4];
  std::uint32_t b[b_tiles][2];
  float d[a_tiles][b_tiles][4] = {};
  for (int i = 0; i < a_tiles; ++i) {
    for (int r = 0; r < 4; ++r) a[i][r] = TileA::pair<T>(i, row + r % 2 * 8, column + r / 2 * 8);
  }
  for (int j = 0; j < b_tiles; ++j) {
    for (int r = 0; r < 2; ++r) b[j][r] = TileB::pair<T>(j, row, column + r * 8);
  }
#pragma unroll 1
  for (int trip = 0; trip < trips; ++trip) {
#pragma unroll
    for (int i = 0; i < a_tiles; ++i) {
#pragma unroll
      for (int j = 0; j < b_tiles; ++j) mma<T>(d[i][j], a[i], b[j]);
    }
  }
  float* mine = results + (blockIdx.x * (threads / 32) + threadIdx.x / 32) * (a_tiles * b_tiles * rows * columns);
  for (int i = 0; i < a_tiles; ++i) {
    for (int j = 0; j < b_tiles; ++j) {
      for (int r = 0; r < 4; ++r) {
        mine[((i * b_tiles + j) * rows + row + r / 2 * 8) * columns + column + r % 2] = d[i][j][r];
      }
    }
  }
}

/// ||found - trips x A B|| / ||trips x A B|| over all warps.
template <class T>
double relative_error(const std::vector<float>& found) {
  std::vector<double> right(std::size_t{a_tiles} * b_tiles * rows * columns);
  for (std::size_t at = 0; at < right.size(); ++at) {
    const auto place = static_cast<int>(at);
    const int tile = place / (columns * rows);
    for (int k = 0; k < depth; ++k) {
      right[at] += TileA::value<T>(tile / b_tiles, place / columns % rows, k) *
                   TileB::value<T>(tile % b_tiles, place % columns, k);
    }
    right[at] *= trips;
  }
  return norm_of_difference(found, right);
}

template <class T>
void measure(MicroBench& bench, std::string_view dtype) {
  const int ctas = bench.device().sm_count;
  constexpr std::size_t per_cta = std::size_t{threads} / 32 * a_tiles * b_tiles * rows * columns;
  DeviceArray<float> results(per_cta * static_cast<std::size_t>(ctas));
  results.fill_bytes(0xff, bench.stream());
  const Samples samples = bench.time([&](cudaStream_t on) {
    mma_rate<T><<<ctas, threads, 0, on>>>(results.data());
    return cudaGetLastError();
  });
  const double flop = 2.0 * rows * columns * depth * a_tiles * b_tiles * trips * (threads / 32) * ctas;
  JsonObject parameters;
  parameters.add("dtype", dtype).add("warps", threads / 32).add("accumulators", a_tiles * b_tiles);
  const std::vector<float> found = results.read(bench.stream());
  bench.report({"mma_sync", parameters, "FLOP/s", rates(flop, samples), samples.clock_hz,
                tensor_problem(relative_error<T>(found))});
}

}  // namespace mma_sync

void run_mma_sync(MicroBench& bench) {
  mma_sync::measure<__half>(bench, "fp16");
  mma_sync::measure<__nv_bfloat16>(bench, "bf16");
}

}  // namespace rooftile::kernels::measure
