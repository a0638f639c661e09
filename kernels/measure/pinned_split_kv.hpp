// rt_split_kv with K and V pinned in L2 (kernels/specs/rt_split_kv_pinned.yaml): the same kernels, launched with an
// access policy window over both.
#pragma once

#include "measure/own_kernel.hpp"

namespace rooftile::kernels::measure {

/// The part of L2 that is set aside is taken from all other data, so it is as large as the device allows from prepare()
/// to release(), and nothing otherwise.
class PinnedSplitKv final : public OwnKernel {
 public:
  PinnedSplitKv() : OwnKernel("rt_split_kv") {}
  ~PinnedSplitKv() override { PinnedSplitKv::release(); }

  [[nodiscard]] std::string_view name() const override { return "rt_split_kv_pinned"; }
  [[nodiscard]] std::string refusal(const AttentionCall& call) override;
  [[nodiscard]] bool keys_beside_values() const override { return true; }
  void prepare(const AttentionCall& call, const Buffers& buffers, void* workspace, cudaStream_t stream) override;
  void release() noexcept override;

 private:
  [[nodiscard]] const cudaAccessPolicyWindow* window() const override { return &window_; }

  cudaAccessPolicyWindow window_{};
  bool holds_l2_ = false;
};

}  // namespace rooftile::kernels::measure
