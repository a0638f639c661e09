#include "rooftile/analysis/result.hpp"

#include <utility>

namespace rooftile::analysis {

ResultRow make_row(ResultKey key, const Prediction& prediction) {
  ResultRow row;
  row.key = std::move(key);
  row.time = prediction.time;
  row.flops = prediction.paper_flops;
  row.dram_read = prediction.dram.read;
  row.dram_write = prediction.dram.write;
  row.l2_read = prediction.l2.read;
  row.l2_write = prediction.l2.write;
  row.smem = prediction.smem;
  row.extra_memory = prediction.extra_memory;
  row.bound = prediction.bound;
  return row;
}

ResultRow make_row(ResultKey key, const Refusal& refusal) {
  ResultRow row;
  row.flops = paper_flops(key.workload);
  row.key = std::move(key);
  row.status = outcome_of(refusal.status);
  row.reason = refusal.reason;
  return row;
}

}  // namespace rooftile::analysis
