#include <algorithm>
#include <stdexcept>
#include <utility>

#include "host/call_memory.hpp"
#include "host/launch.hpp"
#include "rooftile/kernels/host_execution.hpp"
#include "text/registry.hpp"

namespace rooftile::kernels {
namespace {

using Entry = KernelEntry<host::Launcher>;

bool find_any(std::string_view kernel) {
  return find_kernel<host::Launcher>(kernel, Pass::fwd) != nullptr ||
         find_kernel<host::Launcher>(kernel, Pass::bwd) != nullptr;
}
const char* without(Pass pass) {
  return pass == Pass::bwd ? " has no backward pass" : " has no forward pass of its own";
}

const Entry& entry_of(std::string_view kernel, Pass pass) {
  if (const Entry* found = find_kernel<host::Launcher>(kernel, pass)) return *found;
  if (find_any(kernel)) throw std::invalid_argument{std::string{kernel} + without(pass)};
  std::string message = "no kernel of rooftile is called '" + std::string{kernel} + "'; there are";
  for (const std::string_view name : kernel_names()) message += " " + std::string{name};
  throw std::invalid_argument{message};
}

/// What no kernel takes.
std::string refusal_of_numbers(const AttentionCall& call) {
  for (const int extent : {call.batch, call.heads, call.kv_heads, call.seq_q, call.seq_kv, call.head_dim}) {
    if (extent < 1) return "every extent must be at least 1";
  }
  if (call.heads % call.kv_heads != 0) return "kv_heads must divide heads";
  if (!(call.dropout.probability >= 0 && call.dropout.probability < 1)) return "dropout must be a probability below 1";
  if (call.causal && call.key_padding) return "one mask at a time: causal or key_padding";
  return {};
}

}  // namespace

std::vector<std::string_view> kernel_names(Pass pass) {
  std::vector<std::string_view> names;
  for (const Entry& entry : registry<host::Launcher>) {
    if (entry.pass == pass) names.push_back(entry.name);
  }
  return names;
}

std::string refusal(std::string_view kernel, const AttentionCall& call) {
  if (find_any(kernel) && find_kernel<host::Launcher>(kernel, call.pass) == nullptr)
    return std::string{kernel} + without(call.pass);
  const Entry& entry = entry_of(kernel, call.pass);
  if (std::string reason = refusal_of_numbers(call); !reason.empty()) return reason;
  const char* const reason = entry.refusal(call);
  return reason == nullptr ? std::string{} : std::string{reason};
}

Tensors tensors_of(std::string_view kernel, const AttentionCall& call) {
  return entry_of(kernel, call.pass).tensors(call);
}

Tolerance tolerance_of(std::string_view kernel, Element element, Pass pass) {
  if (pass == Pass::bwd) return {gradient_tolerance(element), 0};
  return tolerance_of(tensors_of(kernel, {.element = element}), element);
}

const TensorTraffic* LaunchExecution::tensor(std::string_view tensor_name) const {
  const auto found = std::ranges::find(tensors, tensor_name, &TensorTraffic::name);
  return found == tensors.end() ? nullptr : &*found;
}

struct HostCall::State {
  const Entry& entry;
  host::CallMemory memory;
};

HostCall::HostCall(std::string_view kernel, const AttentionCall& call) {
  if (const std::string reason = refusal(kernel, call); !reason.empty())
    throw std::invalid_argument{std::string{kernel} + ": " + reason};
  const Entry& entry = entry_of(kernel, call.pass);
  state_ = std::make_unique<State>(State{entry, host::CallMemory{call, entry.tensors(call)}});
}
HostCall::~HostCall() = default;
HostCall::HostCall(HostCall&&) noexcept = default;
HostCall& HostCall::operator=(HostCall&&) noexcept = default;

const AttentionCall& HostCall::call() const { return state_->memory.call(); }
void HostCall::fill(std::uint64_t seed) { state_->memory.fill(seed); }
std::vector<std::uint16_t>& HostCall::input(TensorIndex tensor) { return state_->memory.input(tensor); }

std::vector<std::uint8_t>& HostCall::key_mask() { return state_->memory.key_mask(); }

void HostCall::take_forward(std::vector<std::uint16_t> o, std::vector<float> lse) {
  state_->memory.take_forward(std::move(o), std::move(lse));
}

Execution HostCall::execute(const HostOptions& options) {
  return state_->memory.execute(options, [this](host::Machine& machine, const Buffers& buffers) {
    host::Launcher launcher{machine};
    state_->entry.launch(launcher, call(), buffers);
  });
}

std::vector<float> HostCall::o() const { return state_->memory.matrix(tensor_o); }
std::vector<float> HostCall::lse() const { return state_->memory.lse(); }
Reference HostCall::reference() const { return state_->memory.reference(); }
Accuracy HostCall::accuracy() const {
  return call().pass == Pass::bwd ? overall(gradient_accuracy()) : accuracy(reference());
}
Accuracy HostCall::accuracy(const Reference& exact) const { return kernels::accuracy(call(), exact, o(), lse()); }

std::vector<float> HostCall::gradient(TensorIndex tensor) const { return state_->memory.matrix(tensor); }
Gradients HostCall::gradients() const { return state_->memory.gradients(); }
GradientAccuracy HostCall::gradient_accuracy() const {
  return kernels::gradient_accuracy(gradients(), gradient(tensor_grad_q), gradient(tensor_grad_k),
                                    gradient(tensor_grad_v));
}

}  // namespace rooftile::kernels
