#include "measure/counters/range_profiler.hpp"

#if __has_include(<cupti_range_profiler.h>)
#include <algorithm>
#include <optional>

#include "measure/counters/cupti_session.hpp"

namespace rooftile::kernels::measure {

struct RangeProfiler::State {
  explicit State(const LibrarySearch& search) : session(search) {}

  CuptiSession session;
  std::optional<MetricPlan> plans[2];  // by CounterLevel
};

RangeProfiler::RangeProfiler(std::unique_ptr<State> state) : state_(std::move(state)) {}
RangeProfiler::~RangeProfiler() = default;

std::unique_ptr<RangeProfiler> RangeProfiler::open(CounterProblem& problem, const LibrarySearch& search) {
  try {
    return std::unique_ptr<RangeProfiler>(new RangeProfiler(std::make_unique<State>(search)));
  } catch (const Unavailable& missing) {
    problem = {CounterStatus::unsupported, missing.what()};
  } catch (const CounterError& error) {
    problem = {error.status(), error.what()};
  }
  return nullptr;
}

const std::string& RangeProfiler::chip() const { return state_->session.chip(); }

CounterReading RangeProfiler::measure(CounterLevel level, const RangeWork& before, const RangeWork& run) {
  const MetricSet set = metric_set(level, chip());
  std::optional<MetricPlan>& plan = state_->plans[static_cast<std::size_t>(level)];
  if (!plan) plan.emplace(state_->session.library(), chip(), set.names, state_->session.availability());

  const std::vector<double> values = state_->session.count(*plan, before, run);
  CounterReading reading{.level = level, .passes = plan->passes(), .metrics = {}};
  for (std::size_t i = 0; i < values.size(); ++i) reading.metrics.emplace_back(set.names[i], values[i]);
  reading.read_bytes = values[0] * set.bytes_per_count;
  reading.write_bytes = values[1] * set.bytes_per_count;
  return reading;
}

CounterReading RangeProfiler::measure_dram(const RangeWork& sweep, const RangeWork& run) {
  CounterReading reading = measure(CounterLevel::dram, sweep, run);
  const CounterReading both = measure(CounterLevel::dram, sweep, [&] {
    run();
    sweep();
  });
  const CounterReading alone = measure(CounterLevel::dram, sweep, sweep);
  const std::string name = reading.metrics[1].first;
  reading.metrics.emplace_back(name + ", call and sweep", both.write_bytes);
  reading.metrics.emplace_back(name + ", sweep", alone.write_bytes);
  reading.write_bytes = std::max(0.0, both.write_bytes - alone.write_bytes);
  return reading;
}

}  // namespace rooftile::kernels::measure

#else

namespace rooftile::kernels::measure {

struct RangeProfiler::State {
  std::string chip;
};

RangeProfiler::RangeProfiler(std::unique_ptr<State> state) : state_(std::move(state)) {}
RangeProfiler::~RangeProfiler() = default;

std::unique_ptr<RangeProfiler> RangeProfiler::open(CounterProblem& problem, const LibrarySearch& /*search*/) {
  problem = {CounterStatus::unsupported, "built without CUPTI's range profiler (cupti_range_profiler.h, CUDA 12.6)"};
  return nullptr;
}

const std::string& RangeProfiler::chip() const { return state_->chip; }

CounterReading RangeProfiler::measure(CounterLevel /*level*/, const RangeWork& /*before*/, const RangeWork& /*run*/) {
  throw CounterError(CounterStatus::unsupported, "built without CUPTI's range profiler");
}

CounterReading RangeProfiler::measure_dram(const RangeWork& /*sweep*/, const RangeWork& /*run*/) {
  throw CounterError(CounterStatus::unsupported, "built without CUPTI's range profiler");
}

}  // namespace rooftile::kernels::measure

#endif
