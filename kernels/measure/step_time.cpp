#include <algorithm>
#include <optional>
#include <set>

#include "measure/cuda_check.hpp"
#include "measure/steps.hpp"

namespace rooftile::kernels::measure {
namespace {

struct Variant {
  L2 l2;
  Timer timer;
};

std::vector<Variant> variants(const Session& session, const Cell& cell) {
  std::vector<Variant> all;
  for (const L2 l2 : l2_states(cell)) {
    for (const Timer timer : session.options().timers) all.push_back({l2, timer});
  }
  return all;
}

std::string key(const Cell& cell, const Variant& variant) {
  return cell_key("time", cell, name_of(variant.l2), name_of(variant.timer));
}

void write_line(Session& session, const Cell& cell, const Variant& variant, const Outcome& outcome,
                const std::optional<Samples>& samples) {
  JsonObject line = session.begin_line("time", cell, name_of(variant.l2), "timer", name_of(variant.timer), outcome);
  if (samples) {
    const Summary times = summarise(samples->seconds);
    std::vector<double> clocks = samples->clock_hz;
    std::erase_if(clocks, [](double clock) { return !(clock > 0); });
    line.add("time_s", times.median).add("q1_s", times.q1).add("q3_s", times.q3);
    line.add("samples_s", samples->seconds).add("sm_clock_hz", quantile(clocks, 0.5));
    line.add("samples_clock_hz", samples->clock_hz).add("power_w", samples->power_w);
    line.add("temperature_c", samples->temperature_c).add("throttled", samples->throttled);
    line.add("discarded", samples->discarded);
    if (samples->throttled) session.say("  slowed down by the driver: " + samples->throttle_reasons);
  }
  session.write(line);
  if (outcome.status == "failed") session.say("  FAILED: " + outcome.reason);
}

void time_variant(Session& session, const Cell& cell, const Variant& variant, DeviceCall& device) {
  std::optional<Samples> samples;
  const Outcome outcome = session.attempt([&] {
    samples = time_launches(session.keeper(), [&](cudaStream_t) { return device.launch(); },
                            {.timer = variant.timer, .l2 = variant.l2, .stop = session.options().stop});
  });
  write_line(session, cell, variant, outcome, samples);
}

/// Makes the call ready and sure that its result is right: a wrong kernel has no time.
Outcome prepare(Session& session, const Cell& cell, std::unique_ptr<DeviceCall>& device) {
  AttentionCall call;
  Outcome outcome = session.admit(cell, call);
  if (outcome.ok()) {
    outcome = session.attempt(
        [&] { device = std::make_unique<DeviceCall>(session.subject(cell.kernel), call, session.keeper().stream()); });
  }
  if (!outcome.ok()) return outcome;
  outcome = verify_against_float64(session, cell, *device);
  if (outcome.status == "failed") outcome.reason = "not timed, its result is wrong: " + outcome.reason;
  return outcome;
}

void time_cell(Session& session, const Cell& cell) {
  std::unique_ptr<DeviceCall> device;
  const Outcome prepared = prepare(session, cell, device);
  for (const Variant& variant : variants(session, cell)) {
    if (session.out().done(key(cell, variant))) continue;
    if (!prepared.ok()) {
      write_line(session, cell, variant, prepared, std::nullopt);
    } else if (!session.device_lost()) {
      time_variant(session, cell, variant, *device);
    }
  }
}

}  // namespace

std::vector<L2> l2_states(const Cell& cell) {
  if (cell.l2 == "cold") return {L2::cold};
  if (cell.l2 == "warm") return {L2::warm};
  return {L2::cold, L2::warm};
}

void time_step(Session& session, std::span<const Cell> cells) {
  std::vector<Item> items;
  for (const Cell& cell : cells) {
    std::vector<std::string> names;
    for (const Variant& variant : variants(session, cell)) names.push_back(key(cell, variant));
    const std::set<std::string>& tried = session.out().existing().tried;
    const auto was_tried = [&](const std::string& name) { return tried.contains(name); };
    items.push_back({.label = describe(cell),
                     .tried = std::all_of(names.begin(), names.end(), was_tried),
                     .done =
                         [&session, names] {
                           return std::all_of(names.begin(), names.end(),
                                              [&](const std::string& name) { return session.out().done(name); });
                         },
                     .work = [&session, cell] { time_cell(session, cell); }});
  }
  session.each("time", std::move(items));
}

}  // namespace rooftile::kernels::measure
