#include "runner/tensor_bytes.hpp"

#include <string_view>

#include "rooftile/model/count.hpp"

namespace rooftile::runner {
namespace {

constexpr std::string_view softmax_launch = "softmax";

/// {batch, head, row}; standard attention writes the logsumexp as a matrix of one column.
bool holds_row_statistics(const Tensor& tensor) {
  return tensor.extents.size() == 3 || std::string_view{tensor.name} == "LSE";
}

const Tensor& tensor_of(const Program& program, int tensor) {
  return program.tensors[static_cast<std::size_t>(tensor)];
}

double swept_bytes(const Program& program, bool row_statistics) {
  ProgramCounts counts;
  count(program, counts);
  std::int64_t total = 0;
  for (const TensorUse& use : counts.uses) {
    if (holds_row_statistics(tensor_of(program, use.tensor)) == row_statistics)
      total += use.swept_loads + use.swept_stores;
  }
  return static_cast<double>(total);
}

}  // namespace

double swept_matrix_bytes(const Program& program) { return swept_bytes(program, false); }
double swept_row_statistics_bytes(const Program& program) { return swept_bytes(program, true); }

double softmax_bytes(const Program& program) {
  ProgramCounts counts;
  count(program, counts);
  std::int64_t total = 0;
  for (const Launch& launch : program.launches) {
    if (launch.name != softmax_launch) continue;
    for (auto op = static_cast<std::size_t>(launch.first_op); op < static_cast<std::size_t>(launch.last_op); ++op) {
      const TileOp& tile = program.ops[op];
      if (moves_a_tile(tile.kind) && !holds_row_statistics(tensor_of(program, tile.tensor)))
        total += counts.op[op].bytes;
    }
  }
  return static_cast<double>(total);
}

double softmax_bytes(const kernels::Execution& record) {
  std::int64_t total = 0;
  for (const kernels::LaunchExecution& launch : record.launches) {
    if (launch.name != softmax_launch) continue;
    for (const kernels::TensorTraffic& tensor : launch.tensors) {
      if (tensor.name == "S" || tensor.name == "P") total += tensor.loaded_bytes + tensor.stored_bytes;
    }
  }
  return static_cast<double>(total);
}

}  // namespace rooftile::runner
