// A GPU as the model sees it: what a profile in hw_profiles/ says, in types.
//
// Member names ARE the profile's keys: device.memory.dram.bandwidth is `memory: {dram: {bandwidth: 1555 GB/s}}`.
// A leaf that no profile states is unknown(); device_leaves.hpp lists every leaf with its unit and meaning.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "rooftile/model/quantity.hpp"
#include "rooftile/model/workload.hpp"

namespace rooftile {

struct ComputeCapability {
  int major = 0;
  int minor = 0;
  friend constexpr auto operator<=>(ComputeCapability, ComputeCapability) = default;
};

/// "8.0"; "none" for devices that have none (AMD's), which are kept as 0.0.
[[nodiscard]] std::string to_string(ComputeCapability capability);

/// Clock frequencies. Attention runs at tensor_boost (the clock of the datasheet's tensor peak).
struct Clocks {
  Hertz base = Hertz::unknown();
  Hertz boost = Hertz::unknown();
  Hertz tensor_boost = Hertz::unknown();
  Hertz tensor_sustained = Hertz::unknown();  ///< clock x efficiency of a large GEMM, in one number
};

/// Results per cycle per SM of the units beside the tensor cores.
struct UnitRates {
  PerCycle fma_fp32 = PerCycle::unknown();
  PerCycle ex2 = PerCycle::unknown();
  PerCycle convert_fp32_fp16 = PerCycle::unknown();
  PerCycle alu = PerCycle::unknown();      ///< integer and compare operations
  PerCycle shuffle = PerCycle::unknown();  ///< lanes exchanged
};

/// Dense tensor FLOP per cycle per SM; the key names input type and accumulator.
struct TensorRates {
  FlopsPerCycle fp16_fp32 = FlopsPerCycle::unknown();
  FlopsPerCycle bf16_fp32 = FlopsPerCycle::unknown();
  FlopsPerCycle tf32_fp32 = FlopsPerCycle::unknown();
  FlopsPerCycle fp8_fp32 = FlopsPerCycle::unknown();
  Count mma_sync_fraction = Count::unknown();  ///< what mma.sync reaches of these rates
};

/// One streaming multiprocessor and how many there are.
struct Sm {
  Count count = Count::unknown();
  Count max_threads = Count::unknown();
  Count max_warps = Count::unknown();
  Count max_ctas = Count::unknown();
  Count registers = Count::unknown();
  Count register_unit = Count::unknown();  ///< registers are given to a warp in multiples of this
  Count max_registers_per_thread = Count::unknown();
  Bytes smem_capacity = Bytes::unknown();
  Bytes smem_per_cta = Bytes::unknown();
  Bytes smem_reserved_per_cta = Bytes::unknown();
  Bytes smem_unit = Bytes::unknown();  ///< shared memory is given to a CTA in multiples of this
  UnitRates rates;
  TensorRates tensor;
};

struct SharedMemory {
  BytesPerCycle bandwidth = BytesPerCycle::unknown();  ///< per SM
  Cycles latency = Cycles::unknown();
};
struct L1Cache {
  Bytes capacity = Bytes::unknown();  ///< per SM, shared memory included
  Bytes line = Bytes::unknown();
  Bytes sector = Bytes::unknown();
  Cycles latency = Cycles::unknown();
};
struct L2Cache {
  Bytes capacity = Bytes::unknown();
  Count persisting_fraction = Count::unknown();        ///< of the capacity, can be set aside for persisting accesses
  Count partitions = Count::unknown();                 ///< lines that SMs of both sides read stand in each partition
  BytesPerCycle bandwidth = BytesPerCycle::unknown();  ///< whole chip, at the boost clock
  Cycles latency_near = Cycles::unknown();
  Cycles latency_far = Cycles::unknown();
};
struct Dram {
  Bytes capacity = Bytes::unknown();
  BytesPerSecond bandwidth = BytesPerSecond::unknown();
  Bytes bus = Bytes::unknown();  ///< bytes moved per transfer (5120 bit = 640 B)
  Hertz clock = Hertz::unknown();
  Count transfers_per_clock = Count::unknown();  ///< 2 for HBM
  Cycles latency = Cycles::unknown();
  Count sustained_fraction = Count::unknown();  ///< of bandwidth, large streams
};
struct HostMemory {
  BytesPerSecond link = BytesPerSecond::unknown();
  BytesPerSecond bandwidth = BytesPerSecond::unknown();
  Bytes capacity = Bytes::unknown();
};

struct Memory {
  SharedMemory smem;
  L1Cache l1;
  L2Cache l2;
  Dram dram;
  HostMemory host;
};

/// Least time from one kernel to the next, by how they are launched.
struct LaunchPeriods {
  Seconds stream_period = Seconds::unknown();     ///< queued in a stream, back to back
  Seconds graph_period = Seconds::unknown();      ///< nodes of a CUDA graph
  Seconds framework_period = Seconds::unknown();  ///< operations issued by an eager framework
};

struct Power {
  Watts tdp = Watts::unknown();
};
struct Energy {
  JoulesPerByte dram = JoulesPerByte::unknown();
  JoulesPerByte l2 = JoulesPerByte::unknown();
  JoulesPerByte l1 = JoulesPerByte::unknown();
};

struct Device {
  std::string name;
  ComputeCapability compute_capability;
  Clocks clock;
  Sm sm;
  Memory memory;
  LaunchPeriods launch;
  Power power;
  Energy energy;
};

/// Dense matrix-multiply rate of one SM for a dtype with fp32 accumulation; fp32 itself runs on the FMA units (2 per
/// FMA). unknown() where the profile does not say.
[[nodiscard]] FlopsPerCycle matmul_rate(const Device& device, DType dtype);

/// The leaf behind matmul_rate(): "sm.tensor.fp16_fp32".
[[nodiscard]] std::string_view matmul_rate_leaf(DType dtype);

/// Whole-chip dense matrix peak at the datasheet's tensor clock.
[[nodiscard]] FlopsPerSecond matmul_peak(const Device& device, DType dtype);

/// FLOP/byte at which DRAM and tensor cores take equally long: matmul_peak / DRAM bandwidth.
[[nodiscard]] FlopsPerByte ridge(const Device& device, DType dtype);

}  // namespace rooftile
