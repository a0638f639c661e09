// K and V are moved by equal tiles: what is found out for one op holds for the next.
#pragma once

#include <algorithm>

#include "rooftile/model/program.hpp"

namespace rooftile {

/// True if op i of the program moves an equal tile, in the same trips, of an equal tensor as the op before it.
[[nodiscard]] inline bool repeats_previous_tile(const Program& program, const Launch& launch, std::int16_t i) {
  if (i == launch.first_op) return false;
  const TileOp& op = program.ops[static_cast<std::size_t>(i)];
  const TileOp& before = program.ops[static_cast<std::size_t>(i - 1)];
  if (!moves_a_tile(op.kind) || !moves_a_tile(before.kind)) return false;
  if (op.loop != before.loop || op.guard != before.guard || op.guard_loop != before.guard_loop) return false;
  if (op.hint != before.hint) return false;
  const Tensor& tensor = program.tensors[static_cast<std::size_t>(op.tensor)];
  const Tensor& other = program.tensors[static_cast<std::size_t>(before.tensor)];
  return tensor.element_bytes == other.element_bytes && op.dims == before.dims &&
         std::equal(tensor.extents.begin(), tensor.extents.end(), other.extents.begin(), other.extents.end()) &&
         std::equal(op.dim, op.dim + op.dims, before.dim);
}

}  // namespace rooftile
