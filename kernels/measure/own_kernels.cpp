#include "measure/own_kernels.hpp"

#include <algorithm>
#include <stdexcept>

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

using Entry = KernelEntry<cuda::Launcher>;

/// The forward pass whose O and LSE the backward pass of `name` takes: the family's, whose name begins this one
/// (rt_flash2 for rt_flash2_deterministic); nullptr if there is none.
constexpr const Entry* forward_for(std::string_view name) {
  const Entry* longest = nullptr;
  for (const Entry& entry : registry<cuda::Launcher>) {
    const bool begins = entry.pass == Pass::fwd && name.starts_with(entry.name);
    if (begins && (longest == nullptr || entry.name.size() > longest->name.size())) longest = &entry;
  }
  return longest;
}

constexpr bool every_backward_has_a_forward() {
  for (const Entry& entry : registry<cuda::Launcher>) {
    if (entry.pass == Pass::bwd && forward_for(entry.name) == nullptr) return false;
  }
  return true;
}
static_assert(every_backward_has_a_forward(), "a backward pass is measured on the O and LSE of its family's forward");

/// Both passes of a name of the registry.
class OwnKernel final : public Peer {
 public:
  explicit OwnKernel(std::string_view name)
      : name_(name),
        forward_(find_kernel<cuda::Launcher>(name, Pass::fwd)),
        backward_(find_kernel<cuda::Launcher>(name, Pass::bwd)) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string version() const override { return "rooftile " ROOFTILE_VERSION; }
  [[nodiscard]] bool makes(Pass pass) const override { return (pass == Pass::bwd ? backward_ : forward_) != nullptr; }
  [[nodiscard]] std::string refusal(const AttentionCall& call) override {
    if (std::string why = pass_refusal(*this, call.pass); !why.empty()) return why;
    if (entry(call).sm90a_only && !runs_sm90a()) return "it is compiled for sm_90a alone";
    const char* why = entry(call).refusal(call);
    return why == nullptr ? "" : why;
  }
  [[nodiscard]] Tensors tensors(const AttentionCall& call) const override { return entry(call).tensors(call); }
  [[nodiscard]] std::size_t workspace_bytes(const AttentionCall& /*call*/) override { return 0; }
  void prepare(const AttentionCall& call, const Buffers& buffers, void* /*workspace*/, cudaStream_t stream) override {
    call_ = call;
    buffers_ = buffers;
    stream_ = stream;
  }
  void launch() override { start(entry(call_), call_); }
  void launch_forward() override {
    AttentionCall call = call_;
    call.pass = Pass::fwd;
    const Entry& forward = *forward_for(name_);
    // A workspace of the forward pass would lie where the backward one has dO.
    if (forward.tensors(call).count != first_workspace)
      throw std::logic_error(std::string(forward.name) + " has a workspace and gives no O and LSE to a backward pass");
    start(forward, call);
  }

 private:
  /// Of the call's pass, which this kernel makes.
  [[nodiscard]] const Entry& entry(const AttentionCall& call) const {
    return call.pass == Pass::bwd ? *backward_ : *forward_;
  }
  void start(const Entry& entry, const AttentionCall& call) {
    cuda::Launcher launcher{.stream = stream_};
    entry.launch(launcher, call, buffers_);
    check(launcher.status, "launching " + std::string(entry.name));
  }

  std::string_view name_;
  const Entry* forward_;
  const Entry* backward_;
  AttentionCall call_;
  Buffers buffers_{};
  cudaStream_t stream_ = nullptr;
};

}  // namespace

std::vector<std::unique_ptr<Peer>> own_kernels() {
  std::vector<std::unique_ptr<Peer>> kernels;
  for (const Entry& entry : registry<cuda::Launcher>) {
    const bool known =
        std::any_of(kernels.begin(), kernels.end(), [&](const auto& kernel) { return kernel->name() == entry.name; });
    if (!known) kernels.push_back(std::make_unique<OwnKernel>(entry.name));
  }
  return kernels;
}

}  // namespace rooftile::kernels::measure
