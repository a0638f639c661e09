#include "measure/own_kernel.hpp"

#include <stdexcept>

#include "measure/cuda_check.hpp"

namespace rooftile::kernels::measure {
namespace {

bool runs_sm90a() {
  const auto major = device_attribute(cudaDevAttrComputeCapabilityMajor);
  const auto minor = device_attribute(cudaDevAttrComputeCapabilityMinor);
  return !major || !minor || (*major == 9 && *minor == 0);
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

}  // namespace

std::optional<std::int64_t> device_attribute(cudaDeviceAttr which) {
  int device = 0, value = 0;
  if (cudaGetDevice(&device) == cudaSuccess && cudaDeviceGetAttribute(&value, which, device) == cudaSuccess)
    return value;
  static_cast<void>(cudaGetLastError());
  return std::nullopt;
}

OwnKernel::OwnKernel(std::string_view name)
    : name_(name),
      forward_(find_kernel<cuda::Launcher>(name, Pass::fwd)),
      backward_(find_kernel<cuda::Launcher>(name, Pass::bwd)) {}

std::string OwnKernel::refusal(const AttentionCall& call) {
  if (std::string why = pass_refusal(*this, call.pass); !why.empty()) return why;
  if (entry(call).sm90a_only && !runs_sm90a()) return "it is compiled for sm_90a alone";
  const char* why = entry(call).refusal(call);
  return why == nullptr ? "" : why;
}

void OwnKernel::prepare(const AttentionCall& call, const Buffers& buffers, void* /*workspace*/, cudaStream_t stream) {
  call_ = call;
  buffers_ = buffers;
  stream_ = stream;
}

void OwnKernel::launch_forward() {
  AttentionCall call = call_;
  call.pass = Pass::fwd;
  const Entry& forward = *forward_for(name_);
  // A workspace of the forward pass would lie where the backward one has dO.
  if (forward.tensors(call).count != first_workspace)
    throw std::logic_error(std::string(forward.name) + " has a workspace and gives no O and LSE to a backward pass");
  start(forward, call);
}

void OwnKernel::start(const Entry& entry, const AttentionCall& call) {
  cuda::Launcher launcher{.stream = stream_, .window = window()};
  entry.launch(launcher, call, buffers_);
  check(launcher.status, "launching " + std::string(entry.name));
}

}  // namespace rooftile::kernels::measure
