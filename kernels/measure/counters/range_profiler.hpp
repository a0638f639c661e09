// Bytes that a call really moves, from the GPU's own counters: CUPTI's range profiler around the call, in this process.
//
//   std::unique_ptr<RangeProfiler> profiler = RangeProfiler::open(problem);          nullptr: problem says why
//   CounterReading l2 = profiler->measure(CounterLevel::l2, sweep, call);            l2.read_bytes
//   CounterReading dram = profiler->measure_dram(sweep, call);                       dram.write_bytes
//
// What counts as DRAM traffic of a call: reads are those while it runs, from an L2 that a read sweep has left clean
// and full of something else. Writes are more than those while it runs: what the call wrote last still lies in L2 when
// it ends and goes out later. So writes are the writes of {call, sweep} minus those of {sweep}: everything that the
// call made dirty has left, and nothing that it did not. Reads are not taken from that difference, because a sweep
// after a call and a sweep after a sweep find different amounts of their own data in L2.
//
// The functions queue work on any stream; each range ends with a synchronisation of the device. Time a call without
// the profiler open: counters slow launches down.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "measure/counters/counter_error.hpp"
#include "measure/counters/metric_set.hpp"
#include "measure/shared_library.hpp"

namespace rooftile::kernels::measure {

/// Counters of one range.
struct CounterReading {
  CounterLevel level = CounterLevel::dram;
  std::size_t passes = 0;                               ///< times the range was run to read all of them
  std::vector<std::pair<std::string, double>> metrics;  ///< as CUPTI gives them, units as in their names
  double read_bytes = 0;                                ///< DRAM: into L2. L2: into the SMs
  double write_bytes = 0;
};

/// Why there are no counters.
struct CounterProblem {
  CounterStatus status = CounterStatus::failed;
  std::string reason;
};

/// Work queued on the device. Called once per pass: each time it must do the same.
using RangeWork = std::function<void()>;

/// The counters of the current device; one object at a time, the device must not change meanwhile.
class RangeProfiler {
 public:
  /// nullptr with the reason where there is no device, no libcupti, no permission.
  [[nodiscard]] static std::unique_ptr<RangeProfiler> open(CounterProblem& problem,
                                                           const LibrarySearch& search = library_search());
  ~RangeProfiler();
  RangeProfiler(const RangeProfiler&) = delete;
  RangeProfiler& operator=(const RangeProfiler&) = delete;

  /// "GH100"
  [[nodiscard]] const std::string& chip() const;
  /// Counts while `run` runs; `before` (the L2 sweep) goes ahead of each pass, outside the range. Throws CounterError,
  /// and whatever the two functions throw.
  [[nodiscard]] CounterReading measure(CounterLevel level, const RangeWork& before, const RangeWork& run);
  /// DRAM bytes as defined above, three ranges. `sweep` reads at least twice the L2. Metrics are those of the call's
  /// own range; "dram__bytes_write.sum, call and sweep" and "..., sweep" are added.
  [[nodiscard]] CounterReading measure_dram(const RangeWork& sweep, const RangeWork& run);

 private:
  struct State;
  explicit RangeProfiler(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rooftile::kernels::measure
