// When what a call queues starts and ends on the GPU, as CUPTI's activity records have it: the profiler's own time
// stamps, one pair per kernel, copy and fill, beside the events of the stream.
//
//   ActivityTrace trace{library_search()};        Unavailable where there is no libcupti
//   trace.start();                                launches are slower from here on
//   stamp; call; stamp; synchronise;              on one stream
//   trace.seconds();                              from the first start to the last end between the two stamps
//   trace.stop();
//
// A stamp is a launch of queue_stamp() (device_kernels.hpp), known by the name of its kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "measure/shared_library.hpp"

namespace rooftile::kernels::measure {

/// One kernel, copy or fill; nanoseconds of the profiler's clock. Both are 0 where CUPTI could not take them.
struct Activity {
  std::uint64_t start_ns = 0;
  std::uint64_t end_ns = 0;
  bool stamp = false;
};

/// Seconds from the first start to the last end of what began between the last two stamps. Nothing where that is
/// nothing, where stamps are missing or a time was not taken.
[[nodiscard]] std::optional<double> seconds_between_stamps(std::span<const Activity> activities);

/// One at a time in a process, as CUPTI has one receiver of its records.
class ActivityTrace {
 public:
  /// Throws Unavailable without libcupti, or built without its headers; CounterError where CUPTI refuses.
  explicit ActivityTrace(const LibrarySearch& search);
  ~ActivityTrace();
  ActivityTrace(const ActivityTrace&) = delete;
  ActivityTrace& operator=(const ActivityTrace&) = delete;

  void start();
  void stop() noexcept;
  /// Of what ran since the last call, all of which has ended. Throws CounterError (failed) where no times came.
  [[nodiscard]] double seconds();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rooftile::kernels::measure
