// Results per cycle per SM of ex2.approx, fp32 -> fp16 conversion, fp32 FMA and warp shuffle.
//
//   results/cycle/SM = 1024 threads x trips x steps x chains x results of one instruction / cycles of the CTA
//
// 32 warps per SM, eight chains per thread: each instruction needs the one before it in its chain and nothing else. 16
// to 32 steps are unrolled, so that the loop itself costs below two per cent. Every chain ends at a number that the
// host works out.
//
//   ex2       x <- 2^-x            the sign is an operand's; ends at the fixed point 0.6411857
//   convert   x <- fp16x2(y, x)    x is the pair's bits, read as fp32: two conversions; ends at a fixed point
//   fma       x <- x a + b         |a| < 1: ends at a fixed point, exactly
//   shuffle   x <- x of lane + 1   ends where it began, so many lanes on
//
// What spoils it: little. Cycles are counted, not time, so a clock that changes does not matter.
#include <cuda_fp16.h>

#include <bit>
#include <cmath>

#include "measure/micro/random.cuh"
#include "measure/micro/sm_clock.cuh"

namespace rooftile::kernels::measure {
namespace unit_rates {

constexpr int threads = 1024;
constexpr int chains = 8;
constexpr int trips = 512;

__host__ __device__ float start_of(std::uint32_t thread, int chain) {
  return random_float(thread * chains + static_cast<std::uint32_t>(chain), 9);
}

struct Ex2 {
  static constexpr std::string_view name = "ex2";
  static constexpr std::string_view unit = "results/cycle/SM";
  static constexpr int steps = 16;
  static constexpr int results = 1;
  __device__ static void step(float& x, float /*a*/, float /*b*/) {
    asm volatile("{.reg .f32 n; neg.f32 n, %0; ex2.approx.ftz.f32 %0, n;}" : "+f"(x));
  }
  static bool right(float end, std::uint32_t /*thread*/, int /*chain*/) { return std::fabs(end - 0.6411857f) < 1e-5f; }
};

struct Convert {
  static constexpr std::string_view name = "convert_f32_f16";
  static constexpr std::string_view unit = "results/cycle/SM";
  static constexpr int steps = 16;
  static constexpr int results = 2;
  __device__ static void step(float& x, float /*a*/, float b) {
    asm volatile("{.reg .b32 p; cvt.rn.f16x2.f32 p, %1, %0; mov.b32 %0, p;}" : "+f"(x) : "f"(b));
  }
  // The upper half stays fp16(b); the lower half is a monotone function of itself and so comes to rest.
  static bool right(float end, std::uint32_t /*thread*/, int /*chain*/) {
    const auto bits_of = [](float x) { return static_cast<std::uint32_t>(__half_as_ushort(__float2half_rn(x))); };
    const auto bits = std::bit_cast<std::uint32_t>(end);
    return bits == (bits_of(1.5f) << 16 | bits_of(end));
  }
};

struct Fma {
  static constexpr std::string_view name = "fma";
  static constexpr std::string_view unit = "results/cycle/SM";
  static constexpr int steps = 32;
  static constexpr int results = 1;
  __device__ static void step(float& x, float a, float b) {
    asm volatile("fma.rn.f32 %0, %0, %1, %2;" : "+f"(x) : "f"(a), "f"(b));
  }
  static bool right(float end, std::uint32_t thread, int chain) {
    float x = start_of(thread, chain);
    for (int i = 0; i < 256; ++i) x = std::fmaf(x, 0.75f, 1.5f);
    return x == end;
  }
};

struct Shuffle {
  static constexpr std::string_view name = "shuffle";
  static constexpr std::string_view unit = "lanes/cycle/SM";
  static constexpr int steps = 16;
  static constexpr int results = 1;
  __device__ static void step(float& x, float /*a*/, float /*b*/) {
    x = __shfl_sync(~0u, x, static_cast<int>(threadIdx.x + 1));  // modulo 32
  }
  static bool right(float end, std::uint32_t thread, int chain) {
    const std::uint32_t lane = (thread + trips * steps) % 32;
    return end == start_of(thread / 32 * 32 + lane, chain);
  }
};

template <class Unit>
__global__ void __launch_bounds__(threads) unit_rate(float a, float b, WarpSpan* spans, float* ends) {
  float x[chains];
#pragma unroll
  for (int chain = 0; chain < chains; ++chain) x[chain] = start_of(threadIdx.x, chain);
  const WarpSpan span = start_span();
#pragma unroll 1
  for (int trip = 0; trip < trips; ++trip) {
#pragma unroll
    for (int step = 0; step < Unit::steps; ++step) {
#pragma unroll
      for (int chain = 0; chain < chains; ++chain) Unit::step(x[chain], a, b);
    }
  }
  end_span(span, spans);
#pragma unroll
  for (int chain = 0; chain < chains; ++chain) ends[(blockIdx.x * threads + threadIdx.x) * chains + chain] = x[chain];
}

/// The first CTA's chains against the host, the other CTAs' against the first.
template <class Unit>
std::string problem_of(const std::vector<float>& ends) {
  constexpr std::size_t per_cta = std::size_t{threads} * chains;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto thread = static_cast<std::uint32_t>(i / chains);
    const bool right =
        i < per_cta ? Unit::right(ends[i], thread, static_cast<int>(i % chains)) : ends[i] == ends[i % per_cta];
    wrong += static_cast<std::size_t>(!right);
  }
  if (wrong == 0) return {};
  return std::to_string(wrong) + " of " + std::to_string(ends.size()) + " chains end at a wrong number";
}

template <class Unit>
void measure(MicroBench& bench) {
  allow_all_shared(bench, reinterpret_cast<const void*>(unit_rate<Unit>));
  DeviceArray<float> ends(static_cast<std::size_t>(bench.device().sm_count) * threads * chains);
  const SpanSamples spans =
      time_spans(bench, threads / 32, [&](int ctas, std::size_t smem, WarpSpan* to, cudaStream_t stream) {
        unit_rate<Unit><<<ctas, threads, smem, stream>>>(0.75f, 1.5f, to, ends.data());
        return cudaGetLastError();
      });
  std::vector<double> values;
  for (const double cycles : spans.cycles) {
    values.push_back(1.0 * threads * trips * Unit::steps * chains * Unit::results / cycles);
  }
  JsonObject parameters;
  parameters.add("warps", threads / 32).add("chains", chains);
  bench.report(
      {Unit::name, parameters, Unit::unit, values, spans.clock_hz, problem_of<Unit>(ends.read(bench.stream()))});
}

}  // namespace unit_rates

void run_ex2(MicroBench& bench) { unit_rates::measure<unit_rates::Ex2>(bench); }
void run_convert(MicroBench& bench) { unit_rates::measure<unit_rates::Convert>(bench); }
void run_fma(MicroBench& bench) { unit_rates::measure<unit_rates::Fma>(bench); }
void run_shuffle(MicroBench& bench) { unit_rates::measure<unit_rates::Shuffle>(bench); }

}  // namespace rooftile::kernels::measure
