#include "measure/device_call.hpp"

#include "measure/cuda_check.hpp"
#include "measure/device_kernels.hpp"

namespace rooftile::kernels::measure {
namespace {

/// Bytes from the begin of a tensor to that of the next in its block: at most what cudaMalloc aligns to.
constexpr std::int64_t aligned(std::int64_t bytes) {
  constexpr std::int64_t alignment = 256;
  return (bytes + alignment - 1) / alignment * alignment;
}

/// What `read` gives of each (batch, head), one behind the other.
template <class T, class Read>
std::vector<T> all_heads(const TensorLayout& layout, const Read& read) {
  std::vector<T> all;
  for (int batch = 0; batch < layout.batch; ++batch) {
    for (int head = 0; head < layout.heads; ++head) {
      const std::vector<T> one = read(batch, head);
      all.insert(all.end(), one.begin(), one.end());
    }
  }
  return all;
}

}  // namespace

std::int64_t tensor_bytes(const Tensors& tensors) {
  std::int64_t bytes = 0;
  for (const TensorLayout& layout : tensors) bytes += layout.bytes();
  return bytes;
}

DeviceCall::DeviceCall(Peer& subject, const AttentionCall& call, cudaStream_t stream)
    : subject_(&subject), call_(call), stream_(stream), tensors_(subject.tensors(call)) {
  allocate();
  if (const std::size_t wanted = subject.workspace_bytes(call); wanted > 0)
    workspace_ = DeviceMemory<>(static_cast<std::int64_t>(wanted));
  subject.prepare(call, memory_, workspace_.data(), stream);
}

void DeviceCall::allocate() {
  for (std::size_t i = 0; i < tensors_.count; ++i) {
    if (i == tensor_v && subject_->keys_beside_values()) continue;  // has come with K
    const bool with_values = i == tensor_k && subject_->keys_beside_values();
    const std::int64_t own = with_values ? aligned(tensors_[i].bytes()) : tensors_[i].bytes();
    unsigned char* const block = blocks_.emplace_back(own + (with_values ? tensors_[tensor_v].bytes() : 0)).data();
    memory_.at(i) = block;
    if (with_values) memory_.at(tensor_v) = block + own;
  }
}

void DeviceCall::fill(std::uint64_t seed) {
  const bool backward = call_.pass == Pass::bwd;
  for (const std::size_t tensor : {tensor_q, tensor_k, tensor_v, tensor_grad_o}) {
    if (tensor == tensor_grad_o && !backward) continue;
    auto* elements = static_cast<std::uint16_t*>(memory_[tensor]);
    queue_fill(elements, tensors_[tensor].elements(), call_.element, seed, tensor, stream_);
    check(cudaGetLastError(), "filling the inputs");
  }
  if (!backward) return;
  for (const std::size_t tensor : {tensor_o, tensor_lse}) poison(tensor);
  subject_->launch_forward();
}

void DeviceCall::poison() {
  for (std::size_t i = 0; i < tensors_.count; ++i) {
    if (tensors_[i].role != TensorRole::input) poison(i);
  }
}

void DeviceCall::poison(std::size_t tensor) {
  const auto bytes = static_cast<std::size_t>(tensors_[tensor].bytes());
  check(cudaMemsetAsync(memory_[tensor], 0xff, bytes, stream_), "poisoning the outputs");
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
  return read<std::uint16_t>(tensors_[tensor], memory_[tensor], batch, head);
}

std::vector<float> DeviceCall::lse(int batch, int head) const {
  return read<float>(tensors_[tensor_lse], memory_[tensor_lse], batch, head);
}

std::vector<std::uint16_t> DeviceCall::matrices(TensorIndex tensor) const {
  return all_heads<std::uint16_t>(tensors_[tensor], [&](int batch, int head) { return matrix(tensor, batch, head); });
}

std::vector<float> DeviceCall::lse() const {
  return all_heads<float>(tensors_[tensor_lse], [&](int batch, int head) { return lse(batch, head); });
}

}  // namespace rooftile::kernels::measure
