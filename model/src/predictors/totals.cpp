#include "totals.hpp"

#include <algorithm>

#include "rooftile/model/occupancy.hpp"

namespace rooftile {
namespace {
Bytes bytes(std::int64_t count) { return Bytes{static_cast<double>(count)}; }
}  // namespace

LaunchPrediction Totals::begin(std::size_t l, const LaunchTraffic& traffic) {
  LaunchPrediction part;
  part.ctas = counts_.launch[l].ctas;
  for (std::size_t t = 0; t < program_.tensors.size(); ++t) {
    part.l2_bytes.read += bytes(traffic[t].loaded);
    part.l2_bytes.write += bytes(traffic[t].stored);
    touched_[t] = std::max(touched_[t], traffic[t].touched);
  }
  result_.executed_flops += Flops{work(program_, counts_, program_.launches[l], OpKind::mma)};
  return part;
}

void Totals::add(const LaunchPrediction& part) {
  result_.time += part.time;
  result_.dram.read += part.dram_bytes.read;
  result_.dram.write += part.dram_bytes.write;
  result_.l2.read += part.l2_bytes.read;
  result_.l2.write += part.l2_bytes.write;
  time_by_bound_[static_cast<std::size_t>(part.bound)] += part.time;
  result_.launches.push_back(part);
}

Prediction Totals::finish() {
  const auto most = std::max_element(time_by_bound_.begin(), time_by_bound_.end());
  result_.bound = static_cast<Limit>(most - time_by_bound_.begin());
  result_.paper_flops = program_.paper_flops;
  for (std::size_t t = 0; t < program_.tensors.size(); ++t) {
    if (program_.tensors[t].role != TensorRole::workspace) result_.compulsory += bytes(touched_[t]);
  }
  result_.extra_memory = peak_workspace(program_);
  for (std::size_t i = 0; i < program_.ops.size(); ++i) {
    const TileOp& op = program_.ops[i];
    if (moves_a_tile(op.kind)) result_.l2_sector_bytes += bytes(32 * counts_.op[i].sectors);
    if (op.kind == OpKind::lds || op.kind == OpKind::sts) {
      result_.smem += Bytes{static_cast<double>(counts_.op[i].executions) * static_cast<double>(op.amount)};
    }
  }
  return result_;
}

}  // namespace rooftile
