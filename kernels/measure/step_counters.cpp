#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "measure/counters/range_profiler.hpp"
#include "measure/cuda_check.hpp"
#include "measure/steps.hpp"

namespace rooftile::kernels::measure {
namespace {

constexpr std::array levels{CounterLevel::dram, CounterLevel::l2};

// Every range begins with a swept L2, whatever state the cell is timed in.
std::string key(const Cell& cell, CounterLevel level) { return cell_key("counter", cell, "cold", name_of(level)); }

void write_line(Session& session, const Cell& cell, CounterLevel level, const Outcome& outcome,
                const std::optional<CounterReading>& reading) {
  JsonObject line = session.begin_line("counter", cell, "cold", "level", name_of(level), outcome);
  JsonObject metrics;
  if (reading) {
    for (const auto& [name, value] : reading->metrics) metrics.add(name, value);
    line.add("passes", reading->passes);
  }
  line.add("metrics", metrics);
  if (reading) {
    const std::string prefix(name_of(level));
    line.add(prefix + "_read_bytes", reading->read_bytes).add(prefix + "_write_bytes", reading->write_bytes);
  }
  session.write(line);
  if (!outcome.ok()) session.say("  " + std::string(name_of(level)) + " " + outcome.status + ": " + outcome.reason);
}

/// The profiler, opened for the first call that is to be counted: while it is open, launches are slower.
class Counters {
 public:
  CounterReading read(Session& session, DeviceCall& device, CounterLevel level) {
    if (!profiler_) profiler_ = RangeProfiler::open(problem_);
    if (!profiler_) throw CounterError(problem_.status, problem_.reason);
    const RangeWork sweep = [&] { session.keeper().sweep_l2(); };
    const RangeWork run = [&] { check(device.launch(), "the counted call"); };
    return level == CounterLevel::dram ? profiler_->measure_dram(sweep, run) : profiler_->measure(level, sweep, run);
  }

 private:
  std::unique_ptr<RangeProfiler> profiler_;
  CounterProblem problem_;
};

void count_level(Session& session, const Cell& cell, CounterLevel level, DeviceCall& device, Counters& counters) {
  std::optional<CounterReading> reading;
  const Outcome outcome = session.attempt([&] { reading = counters.read(session, device, level); });
  write_line(session, cell, level, outcome, reading);
}

void count_cell(Session& session, const Cell& cell, Counters& counters) {
  AttentionCall call;
  std::unique_ptr<DeviceCall> device;
  Outcome outcome = session.admit(cell, call);
  if (outcome.ok()) {
    outcome = session.attempt([&] {
      device = std::make_unique<DeviceCall>(session.subject(cell.kernel), call, session.keeper().stream());
      device->fill(session.seed_of(cell));
      device->run();  // loads the code, which is no part of the call's traffic
    });
  }
  for (const CounterLevel level : levels) {
    if (session.out().done(key(cell, level))) continue;
    if (!outcome.ok()) {
      write_line(session, cell, level, outcome, std::nullopt);
    } else if (!session.device_lost()) {
      count_level(session, cell, level, *device, counters);
    }
  }
}

}  // namespace

void counters_step(Session& session, std::span<const Cell> cells) {
  Counters counters;
  std::vector<Item> items;
  for (const Cell& cell : cells) {
    const ExistingLines& existing = session.out().existing();
    items.push_back({.label = describe(cell),
                     .tried = existing.tried.contains(key(cell, CounterLevel::dram)),
                     .done =
                         [&session, cell] {
                           return std::all_of(levels.begin(), levels.end(),
                                              [&](CounterLevel level) { return session.out().done(key(cell, level)); });
                         },
                     .work = [&session, &counters, cell] { count_cell(session, cell, counters); }});
  }
  session.each("counters", std::move(items));
}

}  // namespace rooftile::kernels::measure
