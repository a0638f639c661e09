#include "measure/device_call.hpp"

#include "measure/cuda_check.hpp"
#include "measure/device_kernels.hpp"

namespace rooftile::kernels::measure {

std::int64_t tensor_bytes(const Tensors& tensors) {
  std::int64_t bytes = 0;
  for (const TensorLayout& layout : tensors) bytes += layout.bytes();
  return bytes;
}

DeviceCall::DeviceCall(Peer& subject, const AttentionCall& call, cudaStream_t stream)
    : subject_(&subject), call_(call), stream_(stream), tensors_(subject.tensors(call)) {
  Buffers buffers{};
  for (std::size_t i = 0; i < tensors_.count; ++i) {
    memory_.emplace_back(tensors_[i].bytes());
    buffers.at(i) = memory_.back().data();
  }
  if (const std::size_t wanted = subject.workspace_bytes(call); wanted > 0)
    workspace_ = DeviceMemory<>(static_cast<std::int64_t>(wanted));
  subject.prepare(call, buffers, workspace_.data(), stream);
}

void DeviceCall::fill(std::uint64_t seed) {
  for (const std::size_t tensor : {tensor_q, tensor_k, tensor_v}) {
    auto* elements = reinterpret_cast<std::uint16_t*>(memory_[tensor].data());
    queue_fill(elements, tensors_[tensor].elements(), call_.element, seed, tensor, stream_);
    check(cudaGetLastError(), "filling the inputs");
  }
}

void DeviceCall::poison() {
  for (std::size_t i = 0; i < tensors_.count; ++i) {
    if (tensors_[i].role == TensorRole::input) continue;
    const auto bytes = static_cast<std::size_t>(memory_[i].bytes());
    check(cudaMemsetAsync(memory_[i].data(), 0xff, bytes, stream_), "poisoning the outputs");
  }
}

cudaError_t DeviceCall::launch() {
  subject_->launch();
  return cudaSuccess;
}

void DeviceCall::run() {
  check(launch(), "the call");
  check(cudaStreamSynchronize(stream_), "the call");
}

template <class T>
std::vector<T> DeviceCall::read(const TensorLayout& layout, const void* memory, int batch, int head) const {
  const std::int64_t first = (std::int64_t{batch} * layout.heads + head) * layout.matrix_elements();
  const auto columns = static_cast<std::size_t>(layout.cols);
  std::vector<T> values(static_cast<std::size_t>(layout.rows) * columns);
  check(cudaStreamSynchronize(stream_), "the call");
  check(cudaMemcpy2D(values.data(), columns * sizeof(T), static_cast<const T*>(memory) + first,
                     static_cast<std::size_t>(layout.pitch) * sizeof(T), columns * sizeof(T),
                     static_cast<std::size_t>(layout.rows), cudaMemcpyDeviceToHost),
        std::string("reading ") + layout.name);
  return values;
}

std::vector<std::uint16_t> DeviceCall::matrix(TensorIndex tensor, int batch, int head) const {
  return read<std::uint16_t>(tensors_[tensor], memory_[tensor].data(), batch, head);
}

std::vector<float> DeviceCall::lse(int batch, int head) const {
  return read<float>(tensors_[tensor_lse], memory_[tensor_lse].data(), batch, head);
}

}  // namespace rooftile::kernels::measure
