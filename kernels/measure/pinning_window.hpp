// The access policy window that pins a block of memory in L2 (CUDA C++ Programming Guide, "L2 Access Management").
#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

namespace rooftile::kernels::measure {

/// Of `bytes` from `first`, as much as the `set_aside` bytes of L2 hold persists; the other lines are as any. A window
/// has at most `largest_window` bytes, and what lies behind it is as any, too. All above zero.
[[nodiscard]] inline cudaAccessPolicyWindow pinning_window(void* first, std::int64_t bytes, std::int64_t set_aside,
                                                           std::int64_t largest_window) {
  cudaAccessPolicyWindow window{};
  const std::int64_t covered = std::min(bytes, largest_window);
  window.base_ptr = first;
  window.num_bytes = static_cast<std::size_t>(covered);
  // Lines are drawn with this probability: with 1 and more lines than fit they would push one another out.
  window.hitRatio = static_cast<float>(std::min(1.0, static_cast<double>(set_aside) / static_cast<double>(covered)));
  window.hitProp = cudaAccessPropertyPersisting;
  window.missProp = cudaAccessPropertyNormal;
  return window;
}

}  // namespace rooftile::kernels::measure
