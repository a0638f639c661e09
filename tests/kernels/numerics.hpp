// What tests against float64 share: the instances of kernels that they go through, calls of a shape, and what a right
// run is.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "support.hpp"

namespace rooftile::kernels {

/// One pass of a kernel: "rt_flash2_bwd" in names of tests.
struct KernelPass {
  std::string_view name;
  Pass pass = Pass::fwd;
};
inline std::string to_string(const KernelPass& kernel) {
  return std::string{kernel.name} + (kernel.pass == Pass::bwd ? "_bwd" : "");
}
inline void PrintTo(const KernelPass& kernel, std::ostream* out) { *out << to_string(kernel); }

/// Every kernel of the registry that makes a pass.
inline std::vector<KernelPass> kernels_that_make(Pass pass) {
  std::vector<KernelPass> kernels;
  for (const std::string_view name : kernel_names(pass)) kernels.push_back({name, pass});
  return kernels;
}

/// Under the sanitizers one of the element types, which differ in nothing but how numbers are rounded.
inline std::vector<Element> element_types() {
  return sanitized ? std::vector{Element::bf16} : std::vector{Element::fp16, Element::bf16};
}

/// Kernel, element type, head dim, causal: all of a call but its shape.
using Instance = std::tuple<KernelPass, Element, int, bool>;

/// "rt_flash2_bwd_fp16_d64_causal"
inline std::string name_of_instance(const testing::TestParamInfo<Instance>& info) {
  const auto& [kernel, element, head_dim, causal] = info.param;
  return to_string(kernel) + (element == Element::fp16 ? "_fp16_d" : "_bf16_d") + std::to_string(head_dim) +
         (causal ? "_causal" : "_full");
}

struct CallShape {
  int heads, kv_heads, seq_q, seq_kv;
  int batch = 1;
};

inline AttentionCall call_of(const Instance& instance, const CallShape& shape, const Dropout& dropout = {}) {
  const auto& [kernel, element, head_dim, causal] = instance;
  return {.element = element,
          .batch = shape.batch,
          .heads = shape.heads,
          .kv_heads = shape.kv_heads,
          .seq_q = shape.seq_q,
          .seq_kv = shape.seq_kv,
          .head_dim = head_dim,
          .causal = causal,
          .pass = kernel.pass,
          .dropout = dropout};
}

/// A test that goes through instances.
class InstanceTest : public testing::TestWithParam<Instance> {
 protected:
  [[nodiscard]] static std::string_view kernel() { return std::get<KernelPass>(GetParam()).name; }
  [[nodiscard]] static AttentionCall call_of(const CallShape& shape, const Dropout& dropout = {}) {
    return kernels::call_of(GetParam(), shape, dropout);
  }
};

inline void expect_healthy(const Execution& run) {
  EXPECT_EQ(faults_of(run), "");
  EXPECT_EQ(bank_conflicts_of(run), 0);
}

/// The results of the last execution are close to float64, as close as this kernel promises.
inline void expect_float64(std::string_view kernel, const HostCall& run) {
  const Accuracy error = run.accuracy();
  const Tolerance allowed = tolerance_of(kernel, run.call().element, run.call().pass);
  EXPECT_LE(error.relative, allowed.relative);
  EXPECT_LE(error.lse, allowed.lse);
}

}  // namespace rooftile::kernels
