#include "measure/pinned_split_kv.hpp"

#include "measure/cuda_check.hpp"
#include "measure/pinning_window.hpp"

namespace rooftile::kernels::measure {

std::string PinnedSplitKv::refusal(const AttentionCall& call) {
  if (std::string why = OwnKernel::refusal(call); !why.empty()) return why;
  return device_attribute(cudaDevAttrMaxPersistingL2CacheSize) == 0 ? "the device sets no part of its L2 aside" : "";
}

void PinnedSplitKv::prepare(const AttentionCall& call, const Buffers& buffers, void* workspace, cudaStream_t stream) {
  OwnKernel::prepare(call, buffers, workspace, stream);
  const auto* const keys = static_cast<const unsigned char*>(buffers[tensor_k]);
  const auto* const values = static_cast<const unsigned char*>(buffers[tensor_v]);
  const std::int64_t set_aside = device_attribute(cudaDevAttrMaxPersistingL2CacheSize).value_or(0);
  const std::int64_t largest = device_attribute(cudaDevAttrMaxAccessPolicyWindowSize).value_or(0);
  if (set_aside <= 0 || largest <= 0) throw Unavailable("the device sets no part of its L2 aside");
  window_ = pinning_window(buffers[tensor_k], values - keys + tensors(call)[tensor_v].bytes(), set_aside, largest);
  check(cudaDeviceSetLimit(cudaLimitPersistingL2CacheSize, static_cast<std::size_t>(set_aside)),
        "setting a part of L2 aside");
  holds_l2_ = true;
}

void PinnedSplitKv::release() noexcept {
  if (!holds_l2_) return;
  holds_l2_ = false;
  static_cast<void>(cudaCtxResetPersistingL2Cache());
  static_cast<void>(cudaDeviceSetLimit(cudaLimitPersistingL2CacheSize, 0));
}

}  // namespace rooftile::kernels::measure
