// The tensors of one call on the host, filled, launched on and read back, whatever launches. HostCall gives it a kernel
// of the registry.
//
//   CallMemory memory{call, family::tensors(call)};
//   memory.fill(seed);
//   Execution record = memory.execute(options, [&](Machine& machine, const Buffers& buffers) { ... });
//   Accuracy error = accuracy(call, memory.reference(), memory.o(), memory.lse());
//
// What a backward call needs of the forward one, O and LSE, are those of float64, rounded, of the inputs as they are at
// execute(), unless take_forward() gives others.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "host/machine.hpp"
#include "rooftile/kernels/accuracy.hpp"
#include "rooftile/kernels/call.hpp"
#include "rooftile/kernels/execution.hpp"
#include "rooftile/kernels/gradients.hpp"

namespace rooftile::kernels::host {

class CallMemory {
 public:
  using Launch = std::function<void(Machine&, const Buffers&)>;

  CallMemory(const AttentionCall& call, const Tensors& tensors);

  /// Q, K, V (and dO) standard normal, and what is padded (inputs.hpp).
  void fill(std::uint64_t seed);
  /// O and LSE of a backward call as some forward pass gave them, until an input changes. Throws std::invalid_argument
  /// for wrong sizes.
  void take_forward(std::vector<std::uint16_t> o, std::vector<float> lse);
  /// Runs `launch` on a new machine whose memory is poisoned but for the inputs; keeps the outputs.
  Execution execute(const HostOptions& options, const Launch& launch);

  [[nodiscard]] const AttentionCall& call() const { return call_; }
  [[nodiscard]] const Tensors& tensors() const { return tensors_; }
  /// Q, K, V or dO as 16-bit patterns, without pad.
  [[nodiscard]] std::vector<std::uint16_t>& input(TensorIndex tensor) {
    forward_is_known_ = false;
    return matrices_.at(tensor);
  }
  /// The mask of a call with key padding, [batch, seq_kv].
  [[nodiscard]] std::vector<std::uint8_t>& key_mask() { return key_mask_; }
  /// A 16-bit tensor after the last execute(), without pad.
  [[nodiscard]] std::vector<float> matrix(TensorIndex tensor) const;
  [[nodiscard]] std::vector<float> o() const { return matrix(tensor_o); }
  [[nodiscard]] const std::vector<float>& lse() const { return lse_; }
  [[nodiscard]] Reference reference() const;
  [[nodiscard]] Gradients gradients() const;

 private:
  [[nodiscard]] bool backward() const { return call_.pass == Pass::bwd; }
  /// O and LSE of the inputs.
  void take_forward();

  AttentionCall call_;
  Tensors tensors_;
  std::array<std::vector<std::uint16_t>, first_backward_workspace> matrices_;  ///< by TensorIndex; empty for LSE
  std::vector<float> lse_;
  std::vector<std::uint8_t> key_mask_;
  bool forward_is_known_ = false;  ///< backward: O and LSE are those of the inputs
};

}  // namespace rooftile::kernels::host
