#include "measure/own_kernels.hpp"

#include <algorithm>

#include "cuda/launch.hpp"
#include "measure/cuda_check.hpp"
#include "text/registry.hpp"

namespace rooftile::kernels::measure {
namespace {

/// True also without a device: a plan can be made anywhere.
bool runs_sm90a() {
  int device = 0, major = 0, minor = 0;
  if (cudaGetDevice(&device) != cudaSuccess ||
      cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) != cudaSuccess ||
      cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device) != cudaSuccess) {
    return true;
  }
  return major == 9 && minor == 0;
}

class OwnKernel final : public Peer {
 public:
  explicit OwnKernel(const KernelEntry<cuda::Launcher>& entry) : entry_(&entry) {}

  [[nodiscard]] std::string_view name() const override { return entry_->name; }
  [[nodiscard]] std::string version() const override { return "rooftile " ROOFTILE_VERSION; }
  [[nodiscard]] std::string refusal(const AttentionCall& call) override {
    if (entry_->sm90a_only && !runs_sm90a()) return "it is compiled for sm_90a alone";
    const char* why = entry_->refusal(call);
    return why == nullptr ? "" : why;
  }
  [[nodiscard]] Tensors tensors(const AttentionCall& call) const override { return entry_->tensors(call); }
  [[nodiscard]] std::size_t workspace_bytes(const AttentionCall& /*call*/) override { return 0; }
  void prepare(const AttentionCall& call, const Buffers& buffers, void* /*workspace*/, cudaStream_t stream) override {
    call_ = call;
    buffers_ = buffers;
    stream_ = stream;
  }
  void launch() override {
    cuda::Launcher launcher{.stream = stream_};
    entry_->launch(launcher, call_, buffers_);
    check(launcher.status, "launching " + std::string(entry_->name));
  }

 private:
  const KernelEntry<cuda::Launcher>* entry_;
  AttentionCall call_;
  Buffers buffers_{};
  cudaStream_t stream_ = nullptr;
};

}  // namespace

std::vector<std::unique_ptr<Peer>> own_kernels() {
  std::vector<std::unique_ptr<Peer>> kernels;
  for (const KernelEntry<cuda::Launcher>& entry : registry<cuda::Launcher>) {
    if (entry.pass == Pass::fwd) kernels.push_back(std::make_unique<OwnKernel>(entry));
  }
  return kernels;
}

}  // namespace rooftile::kernels::measure
