// From the words of a question to a call of our own kernels.
#pragma once

#include <string>

#include "rooftile/kernels/call.hpp"
#include "rooftile/model/kernel_spec.hpp"
#include "rooftile/model/workload.hpp"
#include "tl/expected.hpp"

namespace rooftile::experiments {

/// The call that a workload means, or why none of our kernels takes it, whatever its head dim: a part of attention
/// alone, both passes at once, a dtype that is not 16 bits wide. The seed of dropout is 0.
[[nodiscard]] tl::expected<kernels::AttentionCall, std::string> attention_call(const Workload& workload);

/// The kernel of ours that a spec stands for: a bare algorithm name means ours ("rt_flash2" for flash2). Or why there
/// is none: a published implementation has a spec, its text is elsewhere.
[[nodiscard]] tl::expected<std::string, std::string> own_kernel(const KernelSpec& spec);

}  // namespace rooftile::experiments
