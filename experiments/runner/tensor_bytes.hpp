// Bytes of some of a kernel's tensors: matrices, which have a row of numbers per row of a head, and row statistics (l,
// m, LSE), which have one. Textbook traffic of a Program, and what softmax asks for, predicted and executed.
#pragma once

#include "rooftile/kernels/execution.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile::runner {

/// Textbook traffic (swept bytes, TensorUse) of Q, K, V, O, S, P ...
[[nodiscard]] double swept_matrix_bytes(const Program& program);
/// The same of row statistics.
[[nodiscard]] double swept_row_statistics_bytes(const Program& program);

/// Bytes of scores and probabilities that the launch "softmax" loads and stores; 0 without such a launch.
[[nodiscard]] double softmax_bytes(const Program& program);
[[nodiscard]] double softmax_bytes(const kernels::Execution& record);

}  // namespace rooftile::runner
