#include "execute/attention_call.hpp"

#include <algorithm>

#include "rooftile/kernels/host_execution.hpp"

namespace rooftile::experiments {
namespace {

std::string refusal_of(const AttentionShape& shape) {
  if (shape.pass == Pass::fwd_bwd) return "pass fwd+bwd: one pass is executed at a time, fwd or bwd";
  if (shape.dtype != DType::fp16 && shape.dtype != DType::bf16)
    return "dtype " + std::string{name_of(shape.dtype)} + ": our kernels take fp16 and bf16";
  return {};
}

}  // namespace

tl::expected<kernels::AttentionCall, std::string> attention_call(const Workload& workload) {
  const auto* shape = std::get_if<AttentionShape>(&workload);
  if (shape == nullptr) {
    return tl::unexpected{std::string{name_of(op_of(workload))} +
                          " alone: our kernels are run as whole attention calls"};
  }
  if (std::string refusal = refusal_of(*shape); !refusal.empty()) return tl::unexpected{std::move(refusal)};
  // check() has seen that every extent is below 2^31
  return kernels::AttentionCall{
      .element = shape->dtype == DType::fp16 ? kernels::Element::fp16 : kernels::Element::bf16,
      .batch = static_cast<int>(shape->batch),
      .heads = static_cast<int>(shape->heads),
      .kv_heads = static_cast<int>(shape->kv_heads),
      .seq_q = static_cast<int>(shape->seq_q),
      .seq_kv = static_cast<int>(shape->seq_kv),
      .head_dim = static_cast<int>(shape->head_dim),
      .causal = shape->mask == Mask::causal,
      .pass = shape->pass == Pass::bwd ? kernels::Pass::bwd : kernels::Pass::fwd,
      .dropout = {.probability = shape->dropout},
      .key_padding = shape->mask == Mask::key_padding};
}

tl::expected<std::string, std::string> own_kernel(const KernelSpec& spec) {
  std::string name = spec.what_if_anywhere ? "rt_" + spec.name : spec.name;
  const std::vector<std::string_view> known = kernels::kernel_names();
  const std::vector<std::string_view> backward = kernels::kernel_names(kernels::Pass::bwd);
  for (const auto& names : {known, backward}) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return name;
  }
  return tl::unexpected{spec.name + " is described by a spec alone; kernels with a text: " + join(known)};
}

}  // namespace rooftile::experiments
