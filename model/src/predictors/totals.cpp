#include "rooftile/model/totals.hpp"

#include <algorithm>

namespace rooftile {
namespace {
Bytes bytes(std::int64_t count) { return Bytes{static_cast<double>(count)}; }
}  // namespace

LaunchPrediction& Totals::begin(std::size_t l) {
  const LaunchCount& launch = counts_.launch[l];
  LaunchPrediction& part = result_.launches.emplace_back();
  part = {};
  part.ctas = launch.ctas;
  part.l2_bytes = {bytes(launch.loaded), bytes(launch.stored)};
  result_.executed_flops += Flops{launch.work_of(OpKind::mma)};
  result_.smem += Bytes{launch.work_of(OpKind::lds) + launch.work_of(OpKind::sts)};
  result_.l2_sector_bytes += bytes(32 * launch.sectors);
  return part;
}

void Totals::add(const LaunchPrediction& part) {
  result_.time += part.time;
  result_.dram.read += part.dram_bytes.read;
  result_.dram.write += part.dram_bytes.write;
  result_.host += part.host_bytes;
  result_.l2.read += part.l2_bytes.read;
  result_.l2.write += part.l2_bytes.write;
  time_by_bound_[static_cast<std::size_t>(part.bound)] += part.time;
}

void Totals::finish() {
  const auto most = std::max_element(time_by_bound_.begin(), time_by_bound_.end());
  result_.bound = static_cast<Limit>(most - time_by_bound_.begin());
  result_.paper_flops = program_.paper_flops;
  result_.compulsory = counts_.compulsory;
  result_.extra_memory = counts_.workspace;
}

}  // namespace rooftile
