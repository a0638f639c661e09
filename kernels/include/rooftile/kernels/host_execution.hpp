// Running a whole attention call on the CPU and judging the result (execution.hpp has what is recorded).
//
//   HostCall run{"rt_flash2", call};                 throws std::invalid_argument where refusal() is not empty
//   run.fill(seed);                                  Q, K, V standard normal, rounded to the element type
//   Execution record = run.execute(options);         O and LSE poisoned before, written by the kernel
//   Accuracy error = run.accuracy();                 against float64
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/kernels/call.hpp"
#include "rooftile/kernels/execution.hpp"

namespace rooftile::kernels {

/// Names of all our kernels, in registry order.
[[nodiscard]] std::vector<std::string_view> kernel_names();

/// Why `kernel` does not take `call`; empty if it does.
[[nodiscard]] std::string refusal(std::string_view kernel, const AttentionCall& call);

/// The tensors `kernel` works on.
[[nodiscard]] Tensors tensors_of(std::string_view kernel, const AttentionCall& call);

/// How far a result is from float64. NaN anywhere makes every number NaN.
struct Accuracy {
  double relative = 0;      ///< ‖O - O64‖ / ‖O64‖ over the whole tensor
  double max_absolute = 0;  ///< of O
  double lse = 0;           ///< max |LSE - LSE64|; rows that see no key must be -inf and O = 0, else NaN
};

/// What is allowed (research: ‖·‖ 2e-3 fp16, 8e-3 bf16; LSE 1e-3 where S stays on chip, 4e-3 / 3e-2 through 16-bit S).
struct Tolerance {
  double relative;
  double lse;
};
[[nodiscard]] Tolerance tolerance_of(std::string_view kernel, Element element);

/// float64 attention of 16-bit inputs (the values after rounding), row by row.
struct Reference {
  std::vector<double> o;    ///< [batch, heads, seq_q, head_dim]
  std::vector<double> lse;  ///< [batch, heads, seq_q]; -inf for rows that see no key
};

class HostCall {
 public:
  HostCall(std::string_view kernel, const AttentionCall& call);
  ~HostCall();
  HostCall(HostCall&&) noexcept;
  HostCall& operator=(HostCall&&) noexcept;

  [[nodiscard]] const AttentionCall& call() const;
  /// Q, K and V from a counter-based generator: element i of tensor t depends on (seed, t, i) alone, so that a GPU
  /// makes the same ones. Normal, mean 0, variance 1, rounded to the element type.
  void fill(std::uint64_t seed);
  /// Inputs as 16-bit patterns; [batch, heads, rows, head_dim] without pad.
  [[nodiscard]] std::vector<std::uint16_t>& input(TensorIndex tensor);

  [[nodiscard]] Execution execute(const HostOptions& options = {});

  /// Results of the last execute() as float, without pad: O [batch, heads, seq_q, head_dim], LSE [batch, heads, seq_q].
  [[nodiscard]] std::vector<float> o() const;
  [[nodiscard]] std::vector<float> lse() const;
  [[nodiscard]] Reference reference() const;
  [[nodiscard]] Accuracy accuracy() const;
  [[nodiscard]] Accuracy accuracy(const Reference& reference) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rooftile::kernels
