#include "host/call_memory.hpp"

#include <algorithm>
#include <cstring>

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
    : call_{call},
      tensors_{tensors},
      o_(packed_elements(tensors[tensor_o]), 0xffff),
      lse_(packed_elements(tensors[tensor_lse])) {
  for (Size i = 0; i < inputs_.size(); ++i) inputs_[i].resize(packed_elements(tensors[i]));
}

void CallMemory::fill(std::uint64_t seed) {
  for (Size i = 0; i < inputs_.size(); ++i) {
    fill_normal(inputs_[i].data(), inputs_[i].size(), call_.element, seed, i);
  }
}

Execution CallMemory::execute(const HostOptions& options, const Launch& launch) {
  Machine machine{options};
  Buffers buffers{};
  for (Size i = 0; i < tensors_.count; ++i) buffers[i] = machine.allocate(tensors_[i]);
  for (Size i = 0; i < inputs_.size(); ++i) copy_rows(tensors_[i], buffers[i], inputs_[i], Direction::in);
  launch(machine, buffers);
  copy_rows(tensors_[tensor_o], buffers[tensor_o], o_, Direction::out);
  copy_rows(tensors_[tensor_lse], buffers[tensor_lse], lse_, Direction::out);
  return machine.finish();
}

std::vector<float> CallMemory::o() const {
  std::vector<float> values(o_.size());
  std::transform(o_.begin(), o_.end(), values.begin(),
                 [this](std::uint16_t bits) { return value_of(call_.element, bits); });
  return values;
}

Reference CallMemory::reference() const {
  return kernels::reference(call_, inputs_[tensor_q], inputs_[tensor_k], inputs_[tensor_v]);
}

}  // namespace rooftile::kernels::host
