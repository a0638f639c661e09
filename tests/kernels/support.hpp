// What the tests of our kernels share: calls in words, runs that must be free of faults.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/kernels/host_execution.hpp"

namespace rooftile::kernels {

/// A build with AddressSanitizer takes ten times as long: tests take fewer shapes there, each kernel, element type,
/// head dim and mask still among them.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// "fp16 b1 h4/2 129x257 d64 causal": what a failing test was about.
inline std::string describe(const AttentionCall& call) {
  const auto number = [](int value) { return std::to_string(value); };
  return std::string{call.element == Element::fp16 ? "fp16" : "bf16"} + " b" + number(call.batch) + " h" +
         number(call.heads) + "/" + number(call.kv_heads) + " " + number(call.seq_q) + "x" + number(call.seq_kv) +
         " d" + number(call.head_dim) + (call.causal ? " causal" : "") + (call.key_padding ? " padded" : "") +
         (call.dropout.drops() ? " dropout " + std::to_string(call.dropout.probability) : "") +
         (call.pass == Pass::bwd ? " backward" : "");
}

/// GoogleTest prints calls in words.
inline void PrintTo(const AttentionCall& call, std::ostream* out) { *out << describe(call); }

/// Kernels that take a call with key padding, in registry order.
inline std::vector<std::string_view> kernels_with_key_padding() {
  std::vector<std::string_view> names = kernel_names();
  std::erase_if(names, [](std::string_view name) { return !refusal(name, {.key_padding = true}).empty(); });
  return names;
}

/// Faults as lines; empty for a correct run.
inline std::string faults_of(const Execution& run) {
  std::string lines;
  for (const Fault& fault : run.faults) lines += fault.launch + ": " + fault.text + " at " + fault.where + "\n";
  return lines;
}

/// All launches together.
inline std::int64_t bank_conflicts_of(const Execution& run) {
  std::int64_t conflicts = 0;
  for (const LaunchExecution& launch : run.launches) conflicts += launch.bank_conflicts;
  return conflicts;
}

}  // namespace rooftile::kernels
