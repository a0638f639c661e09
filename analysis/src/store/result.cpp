#include "rooftile/analysis/result.hpp"

#include <cmath>
#include <utility>

#include "rooftile/analysis/csv.hpp"

namespace rooftile::analysis {
namespace {

constexpr double longest_time = 1e300;  // s; what the schema takes

}  // namespace

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

tl::expected<void, std::string> check(const ResultRow& row) {
  using tl::make_unexpected;
  const double time = row.time.value();
  if (is_known(row.time) && !(time > 0 && time < longest_time)) {
    return make_unexpected("a time of " + shortest_text(time) + " s is not above zero and below 1e300");
  }
  for (const double amount : {row.flops.value(), row.dram_read.value(), row.dram_write.value(), row.l2_read.value(),
                              row.l2_write.value(), row.smem.value(), row.extra_memory.value()}) {
    if (amount < 0 || std::isinf(amount))
      return make_unexpected("an amount of " + shortest_text(amount) + " is negative or not finite");
  }
  if (row.cta && !(row.cta->registers >= 0 && row.cta->smem >= Bytes{0} && row.cta->resident >= 0)) {
    return make_unexpected(std::string{"what a CTA occupies is negative or not stated whole"});
  }
  if (row.expected_error && !(*row.expected_error >= 0))
    return make_unexpected(std::string{"expected_error is not a fraction of the time"});
  if ((row.status == Outcome::ok) != row.reason.empty()) {
    return make_unexpected("status " + std::string{name_of(row.status)} +
                           (row.reason.empty() ? " needs a reason" : " takes no reason"));
  }
  if (is_observed(row.key.method) && row.key.source.empty())
    return make_unexpected("a " + std::string{name_of(row.key.method)} + " result needs a source");
  return {};
}

}  // namespace rooftile::analysis
