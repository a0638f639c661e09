#include "measure/timing.hpp"

#include <algorithm>
#include <chrono>

#include "measure/cuda_check.hpp"
#include "measure/timekeeper_state.hpp"

namespace rooftile::kernels::measure {

std::string_view name_of(L2 l2) { return l2 == L2::cold ? "cold" : "warm"; }

namespace {

using Clock = std::chrono::steady_clock;

constexpr double hold_margin = 20e-6;             // seconds added to three times the host's own time
constexpr double longest_hold = 5e-3;             // seconds
constexpr double longest_replayed_sample = 2e-3;  // seconds; a longer call is replayed less often per sample
constexpr double state_reading = 0.02;            // seconds of work under which power and clocks are read

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The call as a graph that can be replayed.
class Graph {
 public:
  Graph(const Call& call, cudaStream_t stream) {
    cudaGraph_t graph = capture(call, stream);
    const cudaError_t made = cudaGraphInstantiate(&executable_, graph, 0);
    static_cast<void>(cudaGraphDestroy(graph));
    check(made, "cudaGraphInstantiate");
    check(cudaGraphUpload(executable_, stream), "cudaGraphUpload");
  }
  ~Graph() { static_cast<void>(cudaGraphExecDestroy(executable_)); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  [[nodiscard]] cudaError_t replay(cudaStream_t stream) const { return cudaGraphLaunch(executable_, stream); }

 private:
  /// Ends the capture whatever the call does: a stream that stays in it is lost to everybody.
  static cudaGraph_t capture(const Call& call, cudaStream_t stream) {
    cudaGraph_t graph = nullptr;
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "beginning a capture");
    try {
      check(call(stream), "a call under capture");
    } catch (...) {
      static_cast<void>(cudaStreamEndCapture(stream, &graph));
      if (graph != nullptr) static_cast<void>(cudaGraphDestroy(graph));
      static_cast<void>(cudaGetLastError());
      throw;
    }
    check(cudaStreamEndCapture(stream, &graph), "capturing the call as a graph");
    return graph;
  }

  cudaGraphExec_t executable_ = nullptr;
};

/// While it lives, CUPTI records what runs on the device.
class Recording {
 public:
  explicit Recording(ActivityTrace& trace) : trace_(trace) { trace_.start(); }
  ~Recording() { trace_.stop(); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 private:
  ActivityTrace& trace_;
};

/// One series: takes samples of one call with one timer.
class Series {
 public:
  Series(Timekeeper& keeper, const Call& call, const TimingOptions& options)
      : keeper_(keeper), state_(keeper.state()), call_(call), options_(options) {
    if (options.timer == Timer::cupti) recording_ = std::make_unique<Recording>(state_.activity_trace());
    warm_up();
  }

  /// Seconds of one call, and the clock it ran at.
  double sample(double& clock_hz) {
    if (options_.l2 == L2::cold) keeper_.sweep_l2();
    const double seconds = options_.timer == Timer::host_clock ? by_host()
                           : options_.timer == Timer::cupti    ? by_profiler()
                                                               : by_events();
    clock_hz = state_.clock_hz();
    return seconds;
  }

  /// Keeps the device busy with the call and reads its state meanwhile.
  [[nodiscard]] DeviceState busy_state(double seconds_per_call) {
    const auto calls = static_cast<int>(std::clamp(state_reading / seconds_per_call, 1.0, 1000.0));
    for (int i = 0; i < calls; ++i) once();
    const DeviceState state = state_.nvml.read();
    check(cudaStreamSynchronize(state_.stream), "the calls under which the device's state was read");
    return state;
  }

 private:
  void once() { check(graph_ ? graph_->replay(state_.stream) : call_(state_.stream), "the call"); }

  /// First calls load code and wake the device; the later ones tell how long the host queues and the device works.
  void warm_up() {
    check(call_(state_.stream), "the call");
    check(cudaStreamSynchronize(state_.stream), "the call");
    if (options_.timer == Timer::graph_replay) graph_ = std::make_unique<Graph>(call_, state_.stream);
    double queued = longest_hold;
    double done = longest_replayed_sample;
    for (int i = 0; i < std::max(options_.warm_up, 1); ++i) {
      const auto start = Clock::now();
      once();
      queued = std::min(queued, since(start));
      check(cudaStreamSynchronize(state_.stream), "the call");
      done = std::min(done, since(start));
    }
    if (graph_ && options_.l2 == L2::warm)
      replays_ = std::clamp(static_cast<int>(longest_replayed_sample / done), 1, std::max(options_.replays, 1));
    hold_ = std::min(3 * queued * replays_ + hold_margin, longest_hold);
  }

  double by_events() {
    state_.first_stamp(hold_);
    check(cudaEventRecord(state_.begin, state_.stream), "cudaEventRecord");
    for (int i = 0; i < replays_; ++i) once();
    check(cudaEventRecord(state_.end, state_.stream), "cudaEventRecord");
    state_.last_stamp();
    check(cudaStreamSynchronize(state_.stream), "the timed call");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, state_.begin, state_.end), "cudaEventElapsedTime");
    return 1e-3 * static_cast<double>(milliseconds) / replays_;
  }

  double by_profiler() {
    state_.first_stamp(hold_);
    once();
    state_.last_stamp();
    check(cudaStreamSynchronize(state_.stream), "the timed call");
    return state_.activity_trace().seconds();
  }

  double by_host() {
    state_.first_stamp(0);
    check(cudaStreamSynchronize(state_.stream), "the first clock stamp");
    const auto start = Clock::now();
    once();
    check(cudaStreamSynchronize(state_.stream), "the timed call");
    const double seconds = since(start);
    state_.last_stamp();
    check(cudaStreamSynchronize(state_.stream), "the last clock stamp");
    return seconds;
  }

  Timekeeper& keeper_;
  Timekeeper::State& state_;
  const Call& call_;
  const TimingOptions& options_;
  std::unique_ptr<Graph> graph_;
  std::unique_ptr<Recording> recording_;
  int replays_ = 1;
  double hold_ = 0;
};

/// Drops the samples whose clock was low.
void drop_slow_clocks(Samples& samples, double least_clock) {
  const std::vector<bool> keep = keep_by_clock(samples.clock_hz, least_clock);
  Samples kept = samples;
  kept.seconds.clear();
  kept.clock_hz.clear();
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (!keep[i]) {
      ++kept.discarded;
      continue;
    }
    kept.seconds.push_back(samples.seconds[i]);
    kept.clock_hz.push_back(samples.clock_hz[i]);
  }
  samples = std::move(kept);
}

void note_state(Samples& samples, const DeviceState& state) {
  samples.power_w = state.power_w;
  samples.temperature_c = state.temperature_c;
  for (const std::string& name : throttle_names(state.throttle_reasons))
    samples.throttle_reasons += (samples.throttle_reasons.empty() ? "" : ", ") + name;
  samples.throttled = !samples.throttle_reasons.empty();
}

}  // namespace

Samples time_launches(Timekeeper& keeper, const Call& call, const TimingOptions& options) {
  const auto start = Clock::now();
  Series series(keeper, call, options);
  StoppingRule rule(options.stop);
  Samples samples;
  while (!rule.finished(since(start))) {
    double clock_hz = nan;
    samples.seconds.push_back(series.sample(clock_hz));
    samples.clock_hz.push_back(clock_hz);
    rule.add(samples.seconds.back());
  }
  samples.stopped = rule.state(since(start));
  drop_slow_clocks(samples, options.least_clock);
  note_state(samples, series.busy_state(quantile(samples.seconds, 0.5)));
  return samples;
}

}  // namespace rooftile::kernels::measure
