#include "measure/device_kernels.hpp"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>

#include "measure/special_registers.cuh"
#include "rooftile/kernels/inputs.hpp"

namespace rooftile::kernels::measure {
namespace {

__global__ void sweep_kernel(const uint4* buffer, std::int64_t count, std::uint32_t* sink) {
  std::uint32_t seen = 0;
  const std::int64_t step = std::int64_t{1} * gridDim.x * blockDim.x;
  for (std::int64_t i = std::int64_t{1} * blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
    const uint4 part = buffer[i];
    seen |= part.x | part.y | part.z | part.w;
  }
  if (seen == 0x5eed5eedu) *sink = seen;  // the buffer is zero: keeps the loads, never stores
}

/// Cycle counters belong to an SM, so both stamps of a pair are taken on SM 0: enough CTAs are launched for one to
/// land there, and the first that does takes the stamp.
__global__ void stamp_kernel(Stamp* out, const Stamp* since, std::uint64_t span_ns) {
  if (sm_id() != 0 || atomicExch(&out->taken, 1u) != 0) return;
  const std::uint64_t start = since != nullptr && since->taken != 0 ? since->nanoseconds : nanoseconds();
  while (nanoseconds() - start < span_ns) __nanosleep(100);
  out->nanoseconds = nanoseconds();
  out->cycles = static_cast<std::uint64_t>(clock64());
}

__global__ void fill_kernel(std::uint16_t* elements, std::int64_t count, bool is_fp16, NormalInputs normal) {
  const std::int64_t step = std::int64_t{1} * gridDim.x * blockDim.x;
  for (std::int64_t i = std::int64_t{1} * blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
    const float value = normal(static_cast<std::uint64_t>(i));
    elements[i] = is_fp16 ? __half_as_ushort(__float2half_rn(value)) : __bfloat16_as_ushort(__float2bfloat16_rn(value));
  }
}

}  // namespace

void queue_sweep(const void* buffer, std::int64_t bytes, std::uint32_t* sink, int sm_count, cudaStream_t stream) {
  sweep_kernel<<<4 * sm_count, 512, 0, stream>>>(static_cast<const uint4*>(buffer), bytes / 16, sink);
}

void queue_stamp(Stamp* out, const Stamp* since, std::uint64_t span_ns, int sm_count, cudaStream_t stream) {
  stamp_kernel<<<2 * sm_count, 1, 0, stream>>>(out, since, span_ns);
}

void queue_fill(std::uint16_t* elements, std::int64_t count, Element element, std::uint64_t seed, std::size_t tensor,
                cudaStream_t stream) {
  const std::int64_t ctas = std::clamp<std::int64_t>((count + 255) / 256, 1, 4096);
  fill_kernel<<<static_cast<unsigned>(ctas), 256, 0, stream>>>(elements, count, element == Element::fp16,
                                                               NormalInputs{seed, tensor});
}

}  // namespace rooftile::kernels::measure
