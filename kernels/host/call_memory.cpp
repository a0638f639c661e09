#include "host/call_memory.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "rooftile/kernels/element.hpp"
#include "rooftile/kernels/inputs.hpp"

namespace rooftile::kernels::host {
namespace {

using Size = std::size_t;

/// Elements without pad.
Size packed_elements(const TensorLayout& layout) {
  return static_cast<Size>(layout.batch) * static_cast<Size>(layout.heads) * static_cast<Size>(layout.rows) *
         static_cast<Size>(layout.cols);
}

enum class Direction { in, out };

/// Copies every row of a tensor between memory as the kernel sees it and `packed`, which has no pad.
template <class T>
void copy_rows(const TensorLayout& layout, void* memory, std::vector<T>& packed, Direction direction) {
  const Size cols = static_cast<Size>(layout.cols), pitch = static_cast<Size>(layout.pitch);
  auto* const first = static_cast<T*>(memory);
  for (Size row = 0; row < packed.size() / cols; ++row) {
    const bool in = direction == Direction::in;
    std::memcpy(in ? first + row * pitch : &packed[row * cols], in ? &packed[row * cols] : first + row * pitch,
                cols * sizeof(T));
  }
}

}  // namespace

CallMemory::CallMemory(const AttentionCall& call, const Tensors& tensors)
    : call_{call}, tensors_{tensors}, lse_(packed_elements(tensors[tensor_lse])) {
  const Size named = backward() ? first_backward_workspace : first_workspace;
  for (Size i = 0; i < named; ++i) {
    if (i != tensor_lse) matrices_.at(i).assign(packed_elements(tensors[i]), 0xffff);
  }
  if (call.key_padding) key_mask_.assign(packed_elements(tensors[tensor_key_mask]), 1);
}

void CallMemory::fill(std::uint64_t seed) {
  const auto fill_one = [&](TensorIndex tensor) {
    fill_normal(input(tensor).data(), input(tensor).size(), call_.element, seed, tensor);
  };
  for (const TensorIndex tensor : {tensor_q, tensor_k, tensor_v}) fill_one(tensor);
  if (backward()) fill_one(tensor_grad_o);
  if (call_.key_padding) fill_key_mask(key_mask_.data(), call_.batch, call_.seq_kv, seed);
}

void CallMemory::take_forward() {
  const Reference exact = reference();
  std::transform(exact.o.begin(), exact.o.end(), matrices_[tensor_o].begin(),
                 [this](double value) { return bits_of(call_.element, static_cast<float>(value)); });
  std::transform(exact.lse.begin(), exact.lse.end(), lse_.begin(),
                 [](double value) { return static_cast<float>(value); });
  forward_is_known_ = true;
}

void CallMemory::take_forward(std::vector<std::uint16_t> o, std::vector<float> lse) {
  if (o.size() != matrices_[tensor_o].size() || lse.size() != lse_.size())
    throw std::invalid_argument{"take_forward: O or LSE is not of the call's size"};
  matrices_[tensor_o] = std::move(o);
  lse_ = std::move(lse);
  forward_is_known_ = true;
}

Execution CallMemory::execute(const HostOptions& options, const Launch& launch) {
  if (backward() && !forward_is_known_) take_forward();
  Machine machine{options};
  Buffers buffers{};
  for (Size i = 0; i < tensors_.count; ++i) buffers.at(i) = machine.allocate(tensors_[i]);
  const auto copy = [&](TensorRole role, Direction direction) {
    for (Size i = 0; i < matrices_.size(); ++i) {
      if (matrices_[i].empty() || tensors_[i].role != role) continue;
      copy_rows(tensors_[i], buffers[i], matrices_[i], direction);
    }
    if (tensors_[tensor_lse].role == role) copy_rows(tensors_[tensor_lse], buffers[tensor_lse], lse_, direction);
  };
  copy(TensorRole::input, Direction::in);
  if (call_.key_padding) copy_rows(tensors_[tensor_key_mask], buffers[tensor_key_mask], key_mask_, Direction::in);
  launch(machine, buffers);
  copy(TensorRole::output, Direction::out);
  return machine.finish();
}

std::vector<float> CallMemory::matrix(TensorIndex tensor) const {
  const std::vector<std::uint16_t>& bits = matrices_.at(tensor);
  std::vector<float> values(bits.size());
  std::transform(bits.begin(), bits.end(), values.begin(),
                 [this](std::uint16_t element) { return value_of(call_.element, element); });
  return values;
}

Reference CallMemory::reference() const {
  return kernels::reference(call_, matrices_[tensor_q], matrices_[tensor_k], matrices_[tensor_v], key_mask_);
}

Gradients CallMemory::gradients() const {
  return kernels::gradients(call_, matrices_[tensor_q], matrices_[tensor_k], matrices_[tensor_v],
                            matrices_[tensor_grad_o]);
}

}  // namespace rooftile::kernels::host
