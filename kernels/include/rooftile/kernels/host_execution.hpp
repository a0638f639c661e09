// Running a whole attention call on the CPU and judging the result (execution.hpp has what is recorded).
//
//   HostCall run{"rt_flash2", call};                 throws std::invalid_argument where refusal() is not empty
//   run.fill(seed);                                  Q, K, V standard normal, rounded to the element type
//   Execution record = run.execute(options);         O and LSE poisoned before, written by the kernel
//   Accuracy error = run.accuracy();                 against float64
//
// A backward call gets dO too; its O and LSE are those of float64, rounded, or given. dQ, dK and dV take the place of O
// and LSE.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/kernels/accuracy.hpp"
#include "rooftile/kernels/call.hpp"
#include "rooftile/kernels/execution.hpp"
#include "rooftile/kernels/gradients.hpp"

namespace rooftile::kernels {

/// Names of all our kernels that make this pass, in registry order.
[[nodiscard]] std::vector<std::string_view> kernel_names(Pass pass = Pass::fwd);

/// Why `kernel` does not take `call`; empty if it does.
[[nodiscard]] std::string refusal(std::string_view kernel, const AttentionCall& call);

/// The tensors `kernel` works on.
[[nodiscard]] Tensors tensors_of(std::string_view kernel, const AttentionCall& call);

/// What is allowed of `kernel`'s results.
[[nodiscard]] Tolerance tolerance_of(std::string_view kernel, Element element, Pass pass = Pass::fwd);

class HostCall {
 public:
  HostCall(std::string_view kernel, const AttentionCall& call);
  ~HostCall();
  HostCall(HostCall&&) noexcept;
  HostCall& operator=(HostCall&&) noexcept;

  [[nodiscard]] const AttentionCall& call() const;
  /// Q, K and V (and dO) from a counter-based generator: element i of tensor t depends on (seed, t, i) alone, so that a
  /// GPU makes the same ones. Normal, mean 0, variance 1, rounded to the element type. With key padding each sequence
  /// keeps its first keys, a length of its own.
  void fill(std::uint64_t seed);
  /// Inputs as 16-bit patterns; [batch, heads, rows, head_dim] without pad.
  [[nodiscard]] std::vector<std::uint16_t>& input(TensorIndex tensor);
  /// The mask of a call with key padding, [batch, seq_kv]: 0 where the key is padding.
  [[nodiscard]] std::vector<std::uint8_t>& key_mask();

  /// Of a backward call: O and LSE as a forward pass gave them, in the place of float64's, until an input changes.
  /// Throws std::invalid_argument for wrong sizes.
  void take_forward(std::vector<std::uint16_t> o, std::vector<float> lse);

  [[nodiscard]] Execution execute(const HostOptions& options = {});

  /// Results of the last execute() as float, without pad: O [batch, heads, seq_q, head_dim], LSE [batch, heads, seq_q].
  [[nodiscard]] std::vector<float> o() const;
  [[nodiscard]] std::vector<float> lse() const;
  [[nodiscard]] Reference reference() const;
  /// Of O and LSE, or of the gradients.
  [[nodiscard]] Accuracy accuracy() const;
  [[nodiscard]] Accuracy accuracy(const Reference& reference) const;

  /// Of a backward call: dQ, dK or dV as float, without pad.
  [[nodiscard]] std::vector<float> gradient(TensorIndex tensor) const;
  [[nodiscard]] Gradients gradients() const;
  [[nodiscard]] GradientAccuracy gradient_accuracy() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rooftile::kernels
