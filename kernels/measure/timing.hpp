// How long a call takes on the GPU, by four clocks that answer different questions:
//
//   cuda_event     events on the stream around one call: what the GPU was busy with, gaps between launches included
//   graph_replay   the call captured as a graph, replayed: the same without the host in the way
//   cupti          the profiler's time stamps: from the start of the call's first kernel to the end of its last,
//   without
//                  what lies between an event and a kernel; the tracing itself slows launches down
//   host_clock     the CPU's clock from before the call to after the synchronisation: what a caller waits for
//
//   Timekeeper keeper{device};
//   Samples samples = time_launches(keeper, [&](cudaStream_t s) { return launch(s); }, {.timer = Timer::cuda_event});
//
// A cold sample follows a read sweep over at least twice the L2 (a memset would leave L2 full of dirty lines, whose
// write-back the call would pay for); a warm one follows calls of the same kind. Each sample knows the SM clock it ran
// at: time stamps of clock64 and globaltimer, taken on one SM before and after it, outside the timed region. Before
// an event, graph or CUPTI sample the stream is held busy until the host has queued all of it, so that no time of the
// host falls between the events.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "measure/device_info.hpp"
#include "measure/samples.hpp"
#include "measure/timer.hpp"

namespace rooftile::kernels::measure {

enum class L2 : std::uint8_t { cold, warm };
[[nodiscard]] std::string_view name_of(L2 l2);  ///< as in the output: "cold"

struct TimingOptions {
  Timer timer = Timer::cuda_event;
  L2 l2 = L2::warm;
  int warm_up = 3;           ///< calls before the first sample
  int replays = 10;          ///< of the graph per warm sample; a cold sample is one replay
  double least_clock = 0.9;  ///< samples below this share of the median clock are dropped
  StoppingOptions stop{};
};

/// A series; one entry per kept sample. Clocks are NaN where they could not be read.
struct Samples {
  std::vector<double> seconds;
  std::vector<double> clock_hz;
  int discarded = 0;             ///< samples dropped because of their clock
  bool throttled = false;        ///< the driver reported that it slowed the device down
  std::string throttle_reasons;  ///< "sw_power_cap, hw_thermal_slowdown"
  double power_w = 0;            ///< at the end of the series; NaN where it is not readable
  double temperature_c = 0;
  StopReason stopped = StopReason::running;
};

/// Queues one call on a stream.
using Call = std::function<cudaError_t(cudaStream_t)>;

/// The stream, events, sweep buffer and clock stamps that measurements share. One per process.
class Timekeeper {
 public:
  explicit Timekeeper(const DeviceInfo& device);
  ~Timekeeper();
  Timekeeper(const Timekeeper&) = delete;
  Timekeeper& operator=(const Timekeeper&) = delete;

  [[nodiscard]] cudaStream_t stream() const;
  /// Queues a read of a buffer of at least twice the L2: nothing of a call before is left there, and nothing is dirty.
  void sweep_l2();
  /// Bytes of that buffer.
  [[nodiscard]] std::int64_t sweep_bytes() const;
  /// Clocks, power, temperature now.
  [[nodiscard]] DeviceState device_state() const;

  struct State;
  [[nodiscard]] State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Times `call` until the stopping rule is content. Throws CudaError if the call or the device fails,
/// Unavailable or CounterError where the timer is CUPTI's and it gives none.
[[nodiscard]] Samples time_launches(Timekeeper& keeper, const Call& call, const TimingOptions& options);

}  // namespace rooftile::kernels::measure
