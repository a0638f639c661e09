// The tensors of one call on the host, filled, launched on and read back, whatever launches. HostCall gives it a kernel
// of the registry.
//
//   CallMemory memory{call, family::tensors(call)};
//   memory.fill(seed);
//   Execution record = memory.execute(options, [&](Machine& machine, const Buffers& buffers) { ... });
//   Accuracy error = accuracy(call, memory.reference(), memory.o(), memory.lse());
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "host/machine.hpp"
#include "rooftile/kernels/accuracy.hpp"
#include "rooftile/kernels/call.hpp"
#include "rooftile/kernels/execution.hpp"

namespace rooftile::kernels::host {

class CallMemory {
 public:
  using Launch = std::function<void(Machine&, const Buffers&)>;

  CallMemory(const AttentionCall& call, const Tensors& tensors);

  /// Q, K, V standard normal (inputs.hpp).
  void fill(std::uint64_t seed);
  /// Runs `launch` on a new machine whose memory is poisoned but for the inputs; keeps O and LSE.
  Execution execute(const HostOptions& options, const Launch& launch);

  [[nodiscard]] const AttentionCall& call() const { return call_; }
  [[nodiscard]] const Tensors& tensors() const { return tensors_; }
  /// Q, K or V as 16-bit patterns, without pad.
  [[nodiscard]] std::vector<std::uint16_t>& input(TensorIndex tensor) { return inputs_.at(tensor); }
  /// Of the last execute(), without pad.
  [[nodiscard]] std::vector<float> o() const;
  [[nodiscard]] const std::vector<float>& lse() const { return lse_; }
  [[nodiscard]] Reference reference() const;

 private:
  AttentionCall call_;
  Tensors tensors_;
  std::array<std::vector<std::uint16_t>, 3> inputs_;
  std::vector<std::uint16_t> o_;
  std::vector<float> lse_;
};

}  // namespace rooftile::kernels::host
