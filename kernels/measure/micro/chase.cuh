// Pointer chases: one thread, each load needs the address that the one before it brought.
//
//   const Ring ring(bench, 20);                                2^20 lines of 128 bytes, linked in a random order
//   timed_chase<Level::dram>(at, loads, &parking).cycles       of so many loads from `at` on
//   ring.place(loads)                                          where a chase from ring.place(0) has to end
#pragma once

#include "measure/micro/bench.hpp"
#include "measure/micro/sm_clock.cuh"

namespace rooftile::kernels::measure {
namespace latency {

using Address = unsigned long long;
constexpr int line_bytes = 128;
constexpr int line_addresses = line_bytes / static_cast<int>(sizeof(Address));
constexpr int unroll = 16;
constexpr const char* lost = "the chase does not end where the ring says";

/// Which line is visited at step `step`: a random order of the 2^bits lines (multiplications by odd numbers and
/// xors with a right shift can be undone, so no line comes twice).
__host__ __device__ inline std::uint32_t line_at(std::uint32_t step, int bits) {
  const std::uint32_t mask = (1u << bits) - 1u;
  std::uint32_t x = step & mask;
  x = (x * 0x9e3779b1u) & mask;
  x ^= x >> (bits / 2);
  x = (x * 0x85ebca6bu) & mask;
  return x ^ x >> (bits / 2);
}

/// Links 2^bits lines of 128 bytes to one ring in the order of line_at.
static __global__ void link(Address* lines, int bits) {
  const std::uint32_t count = 1u << bits;
  for (std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
    lines[std::size_t{line_at(i, bits)} * line_addresses] =
        reinterpret_cast<Address>(lines + std::size_t{line_at(i + 1, bits)} * line_addresses);
  }
}

enum class Level { shared, l1, l2, dram };

template <Level level>
__device__ __forceinline__ void follow(Address& at) {
  if constexpr (level == Level::shared) {
    asm volatile("{.reg .u32 a; cvt.u32.u64 a, %0; ld.shared.u32 a, [a]; cvt.u64.u32 %0, a;}" : "+l"(at)::"memory");
  } else if constexpr (level == Level::l1) {
    asm volatile("ld.global.ca.u64 %0, [%0];" : "+l"(at)::"memory");
  } else {
    asm volatile("ld.global.cg.u64 %0, [%0];" : "+l"(at)::"memory");
  }
}

/// Follows `loads` (a multiple of unroll) addresses; cycles. The store makes sure that the last one has arrived.
template <Level level>
__device__ __forceinline__ long long chase(Address& at, int loads, Address* parking) {
  const long long start = clock64();
#pragma unroll 1
  for (int i = 0; i < loads; i += unroll) {
#pragma unroll
    for (int u = 0; u < unroll; ++u) follow<level>(at);
  }
  const auto slot = static_cast<unsigned>(__cvta_generic_to_shared(parking));
  asm volatile("st.shared.u64 [%0], %1;" ::"r"(slot), "l"(at) : "memory");
  return clock64() - start;
}

struct Chase {
  long long cycles;
  unsigned long long ns;
  Address end;
};

template <Level level>
__device__ Chase timed_chase(Address& at, int loads, Address* parking) {
  Chase chased{};
  const unsigned long long start = nanoseconds();
  chased.cycles = chase<level>(at, loads, parking);
  chased.ns = nanoseconds() - start;
  chased.end = at;
  return chased;
}

/// 2^bits lines in device memory, linked.
class Ring {
 public:
  Ring(const MicroBench& bench, int bits) : bits_(bits), lines_((std::size_t{1} << bits) * line_addresses) {
    link<<<256, 256, 0, bench.stream()>>>(lines_.data(), bits);
    check(cudaGetLastError(), "link of the ring");
  }
  /// Where a chase is after so many steps from the ring's start.
  [[nodiscard]] const Address* place(std::uint32_t step) const {
    return lines_.data() + std::size_t{line_at(step, bits_)} * line_addresses;
  }

 private:
  int bits_;
  DeviceArray<Address> lines_;
};

}  // namespace latency
}  // namespace rooftile::kernels::measure
