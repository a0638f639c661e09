#include "rooftile/model/device_leaves.hpp"

namespace rooftile {
namespace {

// The path's text and the member are the same words, so that they cannot differ.
#define ROOFTILE_LEAF(path, least, most, whole, meaning)                                                          \
  DeviceLeaf {                                                                                                    \
#path, decltype(Device::path)::dimension, [](Device & device) { return device.path.storage(); }, least, most, \
                                                                                                  whole, meaning  \
  }

constexpr bool whole = true;
constexpr bool real = false;

// Limits catch a wrong prefix or a swapped leaf; they are far outside any machine that one may want to imagine.
constexpr DeviceLeaf leaves[] = {
    ROOFTILE_LEAF(clock.base, 1e6, 1e11, real, "guaranteed clock"),
    ROOFTILE_LEAF(clock.boost, 1e6, 1e11, real, "highest clock of the SMs and the L2"),
    ROOFTILE_LEAF(clock.tensor_boost, 1e6, 1e11, real, "clock of the datasheet's tensor peak; attention runs at it"),
    ROOFTILE_LEAF(clock.tensor_sustained, 1e6, 1e11, real,
                  "best large GEMM / (SMs x FLOP per cycle): clock x efficiency"),

    ROOFTILE_LEAF(sm.count, 1, 1e5, whole, "SMs of the product"),
    ROOFTILE_LEAF(sm.max_threads, 32, 1e5, whole, "resident threads per SM"),
    ROOFTILE_LEAF(sm.max_warps, 1, 1e4, whole, "resident warps per SM"),
    ROOFTILE_LEAF(sm.max_ctas, 1, 1e4, whole, "resident CTAs per SM"),
    ROOFTILE_LEAF(sm.registers, 1024, 1e7, whole, "32-bit registers per SM"),
    ROOFTILE_LEAF(sm.register_unit, 1, 1e5, whole, "registers are given to a warp in multiples of this"),
    ROOFTILE_LEAF(sm.max_registers_per_thread, 16, 4096, whole, "most registers of one thread"),
    ROOFTILE_LEAF(sm.smem_capacity, 1024, 1e9, whole, "shared memory per SM at the largest carve-out"),
    ROOFTILE_LEAF(sm.smem_per_cta, 1024, 1e9, whole, "most shared memory of one CTA (opt-in limit)"),
    ROOFTILE_LEAF(sm.smem_reserved_per_cta, 0, 1e6, whole, "shared memory that the driver keeps in every CTA"),
    ROOFTILE_LEAF(sm.smem_unit, 1, 1e6, whole, "shared memory is given to a CTA in multiples of this"),
    ROOFTILE_LEAF(sm.rates.fma_fp32, 1, 1e5, real, "fp32 FMA results per cycle per SM"),
    ROOFTILE_LEAF(sm.rates.ex2, 0.5, 1e5, real, "ex2.approx results per cycle per SM"),
    ROOFTILE_LEAF(sm.rates.convert_fp32_fp16, 0.5, 1e5, real, "fp32 to fp16 conversions per cycle per SM"),
    ROOFTILE_LEAF(sm.rates.alu, 0.5, 1e5, real, "32-bit integer and compare results per cycle per SM"),
    ROOFTILE_LEAF(sm.rates.shuffle, 0.5, 1e5, real, "lanes that warp shuffles exchange per cycle per SM"),
    ROOFTILE_LEAF(sm.tensor.fp16_fp32, 1, 1e7, real, "dense fp16 tensor FLOP per cycle per SM, fp32 accumulator"),
    ROOFTILE_LEAF(sm.tensor.bf16_fp32, 1, 1e7, real, "dense bf16 tensor FLOP per cycle per SM, fp32 accumulator"),
    ROOFTILE_LEAF(sm.tensor.tf32_fp32, 1, 1e7, real, "dense tf32 tensor FLOP per cycle per SM, fp32 accumulator"),
    ROOFTILE_LEAF(sm.tensor.fp8_fp32, 1, 1e7, real, "dense fp8 tensor FLOP per cycle per SM, fp32 accumulator"),
    ROOFTILE_LEAF(sm.tensor.mma_sync_fraction, 0.01, 1, real, "part of these rates that mma.sync reaches"),

    ROOFTILE_LEAF(memory.smem.bandwidth, 1, 1e6, real, "shared memory bytes per cycle per SM"),
    ROOFTILE_LEAF(memory.smem.latency, 1, 1e5, real, "shared memory load, pointer chase"),
    ROOFTILE_LEAF(memory.l1.capacity, 1024, 1e9, whole, "L1 and shared memory together, per SM"),
    ROOFTILE_LEAF(memory.l1.line, 16, 4096, whole, "cache line"),
    ROOFTILE_LEAF(memory.l1.sector, 8, 4096, whole, "smallest part of a line that is moved"),
    ROOFTILE_LEAF(memory.l1.latency, 1, 1e5, real, "L1 hit, pointer chase"),
    ROOFTILE_LEAF(memory.l2.capacity, 1024, 1e12, whole, "whole chip"),
    ROOFTILE_LEAF(memory.l2.persisting_fraction, 0, 1, real, "part that can be set aside for persisting accesses"),
    ROOFTILE_LEAF(memory.l2.partitions, 1, 64, whole, "lines read from both sides stand in each partition"),
    ROOFTILE_LEAF(memory.l2.bandwidth, 1, 1e7, real, "reads, whole chip, per cycle of clock.boost"),
    ROOFTILE_LEAF(memory.l2.latency_near, 1, 1e6, real, "hit in the partition of the SM's own side"),
    ROOFTILE_LEAF(memory.l2.latency_far, 1, 1e6, real, "hit in the other partition"),
    ROOFTILE_LEAF(memory.dram.capacity, 1e6, 1e18, whole, "device memory"),
    ROOFTILE_LEAF(memory.dram.bandwidth, 1e6, 1e18, real, "datasheet bandwidth"),
    ROOFTILE_LEAF(memory.dram.bus, 1, 1e6, whole, "bytes per transfer (5120 bit = 640 B)"),
    ROOFTILE_LEAF(memory.dram.clock, 1e6, 1e12, real, "memory clock"),
    ROOFTILE_LEAF(memory.dram.transfers_per_clock, 1, 64, whole, "2 for HBM and for GDDR6 at its data-strobe clock"),
    ROOFTILE_LEAF(memory.dram.latency, 1, 1e6, real, "load that misses all caches, in SM cycles"),
    ROOFTILE_LEAF(memory.dram.sustained_fraction, 0.01, 1, real, "part of the bandwidth that large streams reach"),
    ROOFTILE_LEAF(memory.host.link, 1e6, 1e15, real, "host link (PCIe, C2C), per direction"),
    ROOFTILE_LEAF(memory.host.bandwidth, 1e6, 1e15, real, "host memory"),
    ROOFTILE_LEAF(memory.host.capacity, 1e6, 1e18, whole, "host memory"),

    ROOFTILE_LEAF(launch.stream_period, 0, 1, real, "least time between kernels queued in a stream"),
    ROOFTILE_LEAF(launch.graph_period, 0, 1, real, "least time between kernel nodes of a CUDA graph"),
    ROOFTILE_LEAF(launch.framework_period, 0, 1, real, "least time between operations of an eager framework"),
    ROOFTILE_LEAF(power.tdp, 0.1, 1e6, real, "board power limit"),
    ROOFTILE_LEAF(energy.dram, 0, 1, real, "per bit moved between DRAM and L2"),
    ROOFTILE_LEAF(energy.l2, 0, 1, real, "per bit moved between L2 and L1"),
    ROOFTILE_LEAF(energy.l1, 0, 1, real, "per bit moved between L1 and registers"),
};

#undef ROOFTILE_LEAF

}  // namespace

std::span<const DeviceLeaf> device_leaves() { return leaves; }

const DeviceLeaf* find_leaf(std::string_view path) {
  for (const DeviceLeaf& leaf : leaves) {
    if (leaf.path == path) return &leaf;
  }
  return nullptr;
}

double value_of(const Device& device, const DeviceLeaf& leaf) {
  return *leaf.storage(const_cast<Device&>(device));  // only read
}

}  // namespace rooftile
