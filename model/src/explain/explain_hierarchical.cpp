#include "explain_hierarchical.hpp"

#include <algorithm>
#include <cstdio>

#include "../predictors/dram_time.hpp"
#include "../predictors/l2_reuse.hpp"
#include "../predictors/l2_time.hpp"
#include "../predictors/loop_time.hpp"
#include "lines.hpp"
#include "rooftile/model/format_quantity.hpp"
#include "rooftile/model/occupancy.hpp"

namespace rooftile::explain {
namespace {

std::string fixed(double value, int decimals) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string allowed(std::int64_t ctas) {
  constexpr std::int64_t unlimited = 1'000'000;
  return ctas >= unlimited ? "any" : std::to_string(ctas);
}

void add_occupancy(ExplanationSection& section, const Profile& profile, const Launch& launch,
                   const LaunchPrediction& part) {
  const Occupancy o = occupancy(profile.device, launch);
  section.lines.push_back({"resident CTAs per SM",
                           "min(smem " + allowed(o.by_smem) + ", registers " + allowed(o.by_registers) + ", threads " +
                               allowed(o.by_threads) + ", limit " + allowed(o.by_ctas) + ", grid)",
                           std::to_string(part.resident),
                           cite(profile, {"sm.smem_capacity", "sm.registers", "sm.max_threads", "sm.max_ctas"})});
  section.lines.push_back({"waves",
                           digits(part.ctas) + " CTAs / (" + std::to_string(part.resident) + " x " +
                               fixed(profile.device.sm.count.value(), 0) + " SMs)",
                           fixed(part.waves, 2), cite(profile, {"sm.count"})});
}

void add_working_set(ExplanationSection& section, const Profile& profile, const L2Reuse& l2, const Launch& launch,
                     std::span<const TensorUse> uses, std::int64_t ctas_of_wave) {
  const Memory& memory = profile.device.memory;
  if (l2.pinned() > 0) {
    section.lines.push_back({"pinned in L2", "K and V, as far as may be set aside", fixed(100 * l2.pinned(), 1) + " %",
                             cite(profile, {"memory.l2.persisting_fraction"})});
  }
  Waves waves{launch, launch.ctas(), ctas_of_wave};
  double wave = 0;
  for (const TensorUse& use : uses) wave += waves.standing(waves.anew(use)) * l2.share(use);
  section.lines.push_back({"working set of a wave",
                           "shared bytes stand in " + fixed(memory.l2.partitions.value(), 0) + " partition(s) of L2, " +
                               format(memory.l2.capacity) + " in all",
                           format(Bytes{wave}, 4), cite(profile, {"memory.l2.capacity", "memory.l2.partitions"})});
  section.lines.push_back({"re-reads that leave L2", "none below 80 %, all above 120 % of the capacity",
                           fixed(100 * miss_share(wave, l2.capacity()), 1) + " %", ""});
}

void add_times(ExplanationSection& section, const Profile& profile, const LaunchPrediction& part, Bytes for_adds,
               double ahead) {
  const Device& device = profile.device;
  section.lines.push_back({"DRAM time",
                           format(part.dram_bytes.total(), 4) + " / (" + format(device.memory.dram.bandwidth) + " x " +
                               fixed(device.memory.dram.sustained_fraction.value(), 2) + ")",
                           format(part.dram, 4),
                           cite(profile, {"memory.dram.bandwidth", "memory.dram.sustained_fraction"})});
  const bool adds_take_longer = for_adds > part.l2_bytes.total();
  section.lines.push_back({"L2 time",
                           (adds_take_longer ? format(for_adds, 4) + " in sectors, one per atomic add,"
                                             : format(part.l2_bytes.total(), 4)) +
                               " / (" + format(device.memory.l2.bandwidth) + " x " + format(device.clock.boost) + ")",
                           format(part.l2, 4), cite(profile, {"memory.l2.bandwidth", "clock.boost"})});
  section.lines.push_back({"longest CTA", "alone on an SM", format(part.latency, 4), ""});
  section.lines.push_back(
      {"SM time", "makespan of the CTAs", format(part.sm, 4), cite(profile, {"clock.tensor_boost"})});
  add_host_link(section, profile, part);
  section.lines.push_back({"launch time",
                           "ends + first tiles + (t³ + d³)^(1/3), t and d what is left of SM and DRAM time; ends of " +
                               fixed(waves_in_step(part.waves), 1) + " waves; fourth powers for the " +
                               fixed(100 * ahead, 1) +
                               " % asked for ahead; a last wave by itself; at least L2 time, launch period",
                           format(part.time, 4), "bound: " + std::string{name_of(part.bound)}});
}

/// Bytes of the largest tile of a tensor that a launch loads.
double largest_tile(const Program& program, const Launch& launch, const ProgramCounts& counts, std::int8_t tensor) {
  double bytes = 0;
  for (std::int16_t i = launch.first_op; i < launch.last_op; ++i) {
    const TileOp& op = program.ops[static_cast<std::size_t>(i)];
    if (op.kind == OpKind::load && op.tensor == tensor) {
      bytes = std::max(bytes, counts.amount[static_cast<std::size_t>(i)]);
    }
  }
  return bytes;
}

/// Little's law, from the side of a trip: its loads wait for DRAM as often as L2 misses.
void add_load_latency(ExplanationSection& section, const Profile& profile, const Program& program, const Launch& launch,
                      const ProgramCounts& counts, std::span<const TensorUse> uses, const CostTable& costs,
                      const MissedShares& missed) {
  for (const TensorUse& use : uses) {
    if (use.loaded == 0) continue;
    const auto t = static_cast<std::size_t>(use.tensor);
    const double tile = largest_tile(program, launch, counts, use.tensor);
    section.lines.push_back(
        {std::string{"latency of "} + program.tensors[t].name,
         fixed(100 * missed[t], 1) + " % of what waves load from DRAM: between " + fixed(costs.load_latency(0), 0) +
             " (L2) and " + fixed(costs.load_latency(1, tile), 0) + " cycles (" + fixed(costs.load_latency(1), 0) +
             " a line, " + fixed(costs.load_latency(1, tile) - costs.load_latency(1), 0) + " for refreshes)",
         fixed(costs.load_latency(missed[t], tile), 0) + " cycles",
         cite(profile, {"memory.l2.latency_near", "memory.l2.latency_far", "memory.dram.latency",
                        "memory.dram.sustained_fraction"})});
  }
}

/// What one trip costs on one SM.
void add_trips(ExplanationSection& section, const Program& program, const Launch& launch, const LaunchCount& totals,
               const ProgramCounts& counts, const CostTable& costs, const LaunchPrediction& part,
               const MissedShares& missed) {
  const LaunchFit fit = launch_fit(program, launch);
  const auto add = [&](const std::string& what, const TripTime& time) {
    const double residents = std::max(1, part.resident);
    section.lines.push_back({what,
                             "alone " + fixed(time.alone(), 0) + " cycles; " + std::to_string(part.resident) +
                                 " residents: max(" + std::to_string(part.resident) + " x " + fixed(time.busy, 0) +
                                 " " + std::string{name_of(limit_of(time.busiest))} + ", " + fixed(time.cycle, 0) +
                                 " dependence)",
                             fixed(time.shared(residents), 0) + " cycles", ""});
  };
  for (std::size_t l = 0; l < launch.loops.size(); ++l) {
    if (totals.trips[l] == 0 || launch.loops[l].group != static_cast<std::int8_t>(l)) continue;
    add("a trip of loop " + std::to_string(l),
        trip_time(program, launch, totals.trip[body_of(launch, totals, l)], counts, costs, missed, fit));
  }
  add("once per CTA", once_per_cta(launch, totals.once, costs, part.dram_bytes.read > Bytes{0}, fit));
}

/// The fitted constants that change something.
void add_constants(ExplanationSection& section, const std::string& pass, const Calibration& fitted) {
  for (const CalibrationConstant& constant : calibration_constants()) {
    const double value = fitted.*constant.member;
    if (value == Calibration{}.*constant.member) continue;
    section.lines.push_back({pass + " " + std::string{constant.name}, std::string{constant.meaning},
                             constant.dimension == Seconds::dimension  ? format(Seconds{value})
                             : constant.dimension == Cycles::dimension ? fixed(value, 0) + " cycles"
                                                                       : fixed(value, 3),
                             "calibrated: kernels/calibrations"});
  }
}

ExplanationSection assumptions(const Profile& profile, const Program& program) {
  ExplanationSection section{"assumptions", {}};
  const auto add = [&](std::string what, std::string how, std::string source) {
    section.lines.push_back({std::move(what), std::move(how), "", std::move(source)});
  };
  if (program.off_target) add("architecture", "the kernel does not target this compute capability: a what-if", "");
  add("L2 at the start", program.l2 == L2State::warm ? "warm: the call before was the same" : "cold", "");
  if (program.forward == Calibration{} && program.backward == Calibration{}) {
    add("overlap",
        "units work side by side, but exponentials and matrix products of a CTA exclude each other (uncalibrated)",
        "FlashAttention-3, arXiv 2407.08608, section 3.2");
  } else {
    add_constants(section, "forward", program.forward);
    add_constants(section, "backward", program.backward);
  }
  add("launches", "period of " + std::string{name_of(program.launch_style)} + " launches",
      cite(profile, {program.launch_style == LaunchStyle::graph       ? "launch.graph_period"
                     : program.launch_style == LaunchStyle::framework ? "launch.framework_period"
                                                                      : "launch.stream_period"}));
  return section;
}

}  // namespace

Explanation hierarchical(const Profile& profile, const Program& program, const Prediction& prediction) {
  ProgramCounts counts;
  count(program, counts);
  L2Reuse l2{profile.device, program, counts, program.l2 == L2State::warm};
  const CostTable costs{profile.device, program};
  Explanation explanation;
  const auto sms = static_cast<std::int64_t>(profile.device.sm.count.value());
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    const Launch& launch = program.launches[l];
    const LaunchPrediction& part = prediction.launches[l];
    (void)l2.next(launch, part.ctas, counts.uses_of(l), part.resident * sms);
    ExplanationSection section{"launch " + std::string{launch.name}, {}};
    add_grid(section, launch, counts.launch[l]);
    add_occupancy(section, profile, launch, part);
    add_tensors(section, program, counts.uses_of(l));
    add_working_set(section, profile, l2, launch, counts.uses_of(l), part.resident * sms);
    add_work(section, counts.launch[l]);
    add_load_latency(section, profile, program, launch, counts, counts.uses_of(l), costs, l2.missed());
    add_trips(section, program, launch, counts.launch[l], counts, costs, part, l2.missed());
    add_times(section, profile, part, bytes_for_adds(program, counts.uses_of(l)),
              asked_ahead(launch, counts.uses_of(l), l2.missed(), part.dram_bytes.total()));
    explanation.sections.push_back(std::move(section));
  }
  explanation.sections.push_back(total(program, prediction));
  explanation.sections.push_back(assumptions(profile, program));
  return explanation;
}

}  // namespace rooftile::explain
