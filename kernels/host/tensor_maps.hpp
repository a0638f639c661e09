// A TensorMap as the host encodes it: the BoxedTensor itself.
#pragma once

#include <cstring>
#include <stdexcept>

#include "isa/isa.hpp"

namespace rooftile::kernels::host {

[[nodiscard]] inline TensorMap encode(const BoxedTensor& tensor) {
  constexpr int most_box_rows = 256;  // cuTensorMapEncodeTiled
  if (tensor.box_rows < 8 || tensor.box_rows % 8 != 0 || tensor.box_rows > most_box_rows)
    throw std::invalid_argument{"a box has 8 to 256 rows, in eights"};
  if (tensor.cols < box_cols || tensor.cols % box_cols != 0)
    throw std::invalid_argument{"a boxed tensor's columns come in 64s"};
  TensorMap map{};
  static_assert(sizeof tensor <= sizeof map.bytes);
  std::memcpy(map.bytes, &tensor, sizeof tensor);
  return map;
}

[[nodiscard]] inline BoxedTensor decode(const TensorMap& map) {
  BoxedTensor tensor;
  std::memcpy(&tensor, map.bytes, sizeof tensor);
  return tensor;
}

}  // namespace rooftile::kernels::host
