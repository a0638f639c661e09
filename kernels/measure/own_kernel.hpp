// One of our kernels behind the interface of the peers: its forward and its backward pass.
#pragma once

#include <optional>

#include "cuda/launch.hpp"
#include "measure/peers/peer.hpp"
#include "text/registry.hpp"

namespace rooftile::kernels::measure {

/// An attribute of the device at hand; nothing where there is none, so that a plan can be made anywhere.
[[nodiscard]] std::optional<std::int64_t> device_attribute(cudaDeviceAttr which);

/// Both passes of a name of the registry.
class OwnKernel : public Peer {
 public:
  explicit OwnKernel(std::string_view name);

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string_view own_kernel() const final { return name_; }
  [[nodiscard]] std::string version() const override { return "rooftile " ROOFTILE_VERSION; }
  [[nodiscard]] bool makes(Pass pass) const override { return (pass == Pass::bwd ? backward_ : forward_) != nullptr; }
  [[nodiscard]] std::string refusal(const AttentionCall& call) override;
  [[nodiscard]] Tensors tensors(const AttentionCall& call) const override { return entry(call).tensors(call); }
  [[nodiscard]] std::size_t workspace_bytes(const AttentionCall& /*call*/) override { return 0; }
  void prepare(const AttentionCall& call, const Buffers& buffers, void* workspace, cudaStream_t stream) override;
  void launch() override { start(entry(call_), call_); }
  void launch_forward() override;

 protected:
  /// The lines that launches keep in L2; nullptr: none.
  [[nodiscard]] virtual const cudaAccessPolicyWindow* window() const { return nullptr; }

 private:
  using Entry = KernelEntry<cuda::Launcher>;

  /// Of the call's pass, which this kernel makes.
  [[nodiscard]] const Entry& entry(const AttentionCall& call) const {
    return call.pass == Pass::bwd ? *backward_ : *forward_;
  }
  void start(const Entry& entry, const AttentionCall& call);

  std::string_view name_;
  const Entry* forward_;
  const Entry* backward_;
  AttentionCall call_;
  Buffers buffers_{};
  cudaStream_t stream_ = nullptr;
};

}  // namespace rooftile::kernels::measure
