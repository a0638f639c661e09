#include "rooftile/model/cost_table.hpp"

#include <algorithm>

namespace rooftile {
namespace {

/// Philox4x32-10 (Salmon et al. 2011): 10 rounds of 2 wide multiplications (2 slots each) and 4 xors give 4 numbers.
constexpr double integer_ops_per_random_number = 10.0 * (2 * 2 + 4) / 4;

}  // namespace

double part_of_peak(const Device& device, DType dtype, MathPath math, Sustained sustained) {
  if (dtype == DType::fp32) return 1;
  const double path = math == MathPath::mma_sync ? device.sm.tensor.mma_sync_fraction.value() : 1.0;
  return sustained == Sustained::yes ? std::min(path, device.clock.tensor_sustained / device.clock.tensor_boost) : path;
}

CostTable::CostTable(const Device& device, const Program& program)
    : clock_{device.clock.tensor_boost},
      dram_latency_{device.memory.dram.latency.value()},
      dram_refresh_{dram_refresh(device, clock_)} {
  // L2 bandwidth is stated at the boost clock; an SM has its share of it
  const double l2_share = device.memory.l2.bandwidth.value() * (device.clock.boost / clock_) / device.sm.count.value();
  const double smem = device.memory.smem.bandwidth.value();
  const UnitRates& rates = device.sm.rates;
  const bool on_tensor_cores = program.dtype != DType::fp32;

  const double l2_latency = (device.memory.l2.latency_near.value() + device.memory.l2.latency_far.value()) / 2;
  set(OpKind::load, Unit::memory, l2_share, l2_latency);
  set(OpKind::store, Unit::memory, l2_share);
  set(OpKind::atomic, Unit::memory, l2_share / 2);  // read and written
  set(OpKind::lds, Unit::smem, smem, device.memory.smem.latency.value());
  set(OpKind::sts, Unit::smem, smem);
  set(OpKind::mma, on_tensor_cores ? Unit::tensor : Unit::fma,
      matmul_rate(device, program.dtype).value() *
          part_of_peak(device, program.dtype, program.math, program.clock_sustained ? Sustained::yes : Sustained::no));
  set(OpKind::exp2, Unit::exp2, rates.ex2.value());
  set(OpKind::fma, Unit::fma, rates.fma_fp32.value());
  set(OpKind::convert, Unit::convert, rates.convert_fp32_fp16.value());
  set(OpKind::alu, Unit::issue, rates.alu.value());
  set(OpKind::rng, Unit::issue, rates.alu.value() / integer_ops_per_random_number);
  set(OpKind::reduce, Unit::issue, rates.shuffle.value());
  cost_[static_cast<std::size_t>(OpKind::barrier)] = {Unit::issue, 0, 0};
}

void CostTable::set(OpKind kind, Unit unit, double rate, double latency) {
  cost_[static_cast<std::size_t>(kind)] = {unit, 1 / rate, latency};
}

std::vector<std::string_view> CostTable::needs(const Program& program) {
  std::vector<std::string_view> paths{"clock.boost",
                                      "clock.tensor_boost",
                                      "sm.count",
                                      "sm.rates.fma_fp32",
                                      "sm.rates.ex2",
                                      "sm.rates.convert_fp32_fp16",
                                      "sm.rates.alu",
                                      "sm.rates.shuffle",
                                      "memory.smem.bandwidth",
                                      "memory.smem.latency",
                                      "memory.l2.bandwidth",
                                      "memory.l2.latency_near",
                                      "memory.l2.latency_far",
                                      "memory.dram.latency",
                                      "memory.dram.bandwidth",
                                      "memory.dram.sustained_fraction"};
  paths.push_back(matmul_rate_leaf(program.dtype));
  if (program.clock_sustained) paths.emplace_back("clock.tensor_sustained");
  if (program.dtype != DType::fp32 && program.math == MathPath::mma_sync)
    paths.emplace_back("sm.tensor.mma_sync_fraction");
  return paths;
}

}  // namespace rooftile
