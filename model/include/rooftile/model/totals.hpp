// What every predictor sums in the same way: bytes requested, touched, standing in shared memory, extra memory, FLOP.
#pragma once

#include "rooftile/model/count.hpp"
#include "rooftile/model/prediction.hpp"

namespace rooftile {

/// Collects launches into a Prediction in place: it is large, and copies would show. Times and DRAM bytes are the
/// predictor's own.
class Totals {
 public:
  Totals(const Program& program, const ProgramCounts& counts, Prediction& result)
      : program_{program}, counts_{counts}, result_{result} {}

  /// The part of launch `l`, behind those of the launches before it: counts and L2 requests; the rest is for the
  /// predictor to fill.
  [[nodiscard]] LaunchPrediction& begin(std::size_t l);
  /// Adds a finished part up.
  void add(const LaunchPrediction& part);
  /// Adds a resource's time alone.
  void add_alone(Limit limit, Seconds time) { result_.alone[static_cast<std::size_t>(limit)] += time; }
  /// Completes the prediction; its bound is the resource behind most of the launches' time.
  void finish();

 private:
  const Program& program_;
  const ProgramCounts& counts_;
  Prediction& result_;
  std::array<Seconds, limits> time_by_bound_{};
};

}  // namespace rooftile
