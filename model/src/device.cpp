#include "rooftile/model/device.hpp"

namespace rooftile {

std::string to_string(ComputeCapability capability) {
  if (capability == ComputeCapability{}) return "none";
  return std::to_string(capability.major) + '.' + std::to_string(capability.minor);
}

FlopsPerCycle matmul_rate(const Device& device, DType dtype) {
  switch (dtype) {
    case DType::fp16: return device.sm.tensor.fp16_fp32;
    case DType::bf16: return device.sm.tensor.bf16_fp32;
    case DType::fp8_e4m3: return device.sm.tensor.fp8_fp32;
    case DType::fp32: return Flops{2} * device.sm.rates.fma_fp32;
  }
  return FlopsPerCycle::unknown();
}

std::string_view matmul_rate_leaf(DType dtype) {
  switch (dtype) {
    case DType::fp16: return "sm.tensor.fp16_fp32";
    case DType::bf16: return "sm.tensor.bf16_fp32";
    case DType::fp8_e4m3: return "sm.tensor.fp8_fp32";
    case DType::fp32: return "sm.rates.fma_fp32";
  }
  return "";
}

FlopsPerSecond matmul_peak(const Device& device, DType dtype) {
  return matmul_rate(device, dtype) * device.clock.tensor_boost * device.sm.count.value();
}

FlopsPerByte ridge(const Device& device, DType dtype) {
  return matmul_peak(device, dtype) / device.memory.dram.bandwidth;
}

}  // namespace rooftile
