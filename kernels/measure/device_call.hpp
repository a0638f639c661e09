// One call of one kernel on the device: its tensors, filled, poisoned, run, read back.
//
//   DeviceCall call(subject, shape, stream);       CudaError (out_of_memory()) where it does not fit
//   call.fill(seed); call.poison(); call.run();
//   call.matrix(tensor_o, batch, head)             bits of one [seq_q, head_dim]
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <vector>

#include "measure/device_memory.hpp"
#include "measure/peers/peer.hpp"
#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::measure {

/// Device memory that the tensors of a call take, workspaces of libraries apart.
[[nodiscard]] std::int64_t tensor_bytes(const Tensors& tensors);

class DeviceCall {
 public:
  /// Allocates everything and prepares `subject`, which must take the call and outlive this object.
  DeviceCall(Peer& subject, const AttentionCall& call, cudaStream_t stream);
  ~DeviceCall() { subject_->release(); }
  DeviceCall(const DeviceCall&) = delete;
  DeviceCall& operator=(const DeviceCall&) = delete;

  [[nodiscard]] const AttentionCall& call() const { return call_; }
  [[nodiscard]] const Tensors& tensors() const { return tensors_; }

  /// Q, K, V (and dO): the inputs that (seed, tensor, element) give on every machine. Of a backward call O and LSE too,
  /// by the forward pass of its family.
  void fill(std::uint64_t seed);
  /// 0xff into all other tensors: a NaN in every element that nothing writes.
  void poison();
  /// Queues the call once.
  cudaError_t launch();
  /// Runs it once and waits.
  void run();

  /// Rows of one 16-bit matrix as they stand in memory, without pad.
  [[nodiscard]] std::vector<std::uint16_t> matrix(TensorIndex tensor, int batch, int head) const;
  /// Logarithms of one (batch, head): [seq_q].
  [[nodiscard]] std::vector<float> lse(int batch, int head) const;
  /// The same of all of them: [batch, heads, rows, cols] and [batch, heads, seq_q].
  [[nodiscard]] std::vector<std::uint16_t> matrices(TensorIndex tensor) const;
  [[nodiscard]] std::vector<float> lse() const;

 private:
  void allocate();
  void poison(std::size_t tensor);
  template <class T>
  [[nodiscard]] std::vector<T> read(const TensorLayout& layout, const void* memory, int batch, int head) const;

  Peer* subject_;
  AttentionCall call_;
  cudaStream_t stream_;
  Tensors tensors_;
  Buffers memory_{};                    ///< where each tensor lies
  std::vector<DeviceMemory<>> blocks_;  ///< one per tensor, so that memcheck sees who leaves his own
  DeviceMemory<> workspace_;
};

}  // namespace rooftile::kernels::measure
