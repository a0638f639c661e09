// The hierarchical predictor: every level of memory, every unit of the SM, occupancy, waves and tail, launch.
//
//   time of a launch = makespan of its CTAs and DRAM bytes / sustained bandwidth, queueing for each other but for the
//                      ends of CTAs that nothing overlaps (dram_time.hpp); never less than L2's time (l2_time.hpp) and
//                      the launch period
//   time of a call   = sum over its launches, never less than the time a framework needs to issue them
//
// Bytes: l2_reuse.hpp. Time on an SM: loop_time.hpp. Waves and tail: makespan.hpp. What comes from the host:
// host_link.hpp. Fitted constants: calibration.hpp, launch_fit.hpp.
#include <algorithm>
#include <new>

#include "../explain/explain_hierarchical.hpp"
#include "dram_time.hpp"
#include "l2_reuse.hpp"
#include "l2_time.hpp"
#include "makespan.hpp"
#include "predictors.hpp"
#include "rooftile/model/call_time.hpp"
#include "rooftile/model/host_link.hpp"
#include "rooftile/model/occupancy.hpp"
#include "rooftile/model/rounding.hpp"
#include "rooftile/model/totals.hpp"

namespace rooftile {
namespace {

/// One call on one device; lives on the stack of predict().
class Call {
 public:
  Call(const Device& device, const SmLimits& sm, const Program& program, const ProgramCounts& counts,
       Prediction& result)
      : device_{device},
        program_{program},
        counts_{counts},
        sm_{sm},
        costs_{device, program},
        cycle_time_{Count{1} / costs_.clock()},
        byte_time_{Count{1} / sustained_bandwidth(device)},
        totals_{program, counts, result},
        result_{result},
        l2_{device, program, counts, program.l2 == L2State::warm},
        from_host_{counts.keeps(Placement::host)} {}

  void predict() {
    for (std::size_t l = 0; l < program_.launches.size(); ++l) add_launch(l);
    add_units_alone();
    totals_.finish();
    add_call_overheads(result_, device_, program_);
  }

 private:
  void add_launch(std::size_t l) {
    const Launch& launch = program_.launches[l];
    const auto sms = static_cast<std::int64_t>(device_.sm.count.value());
    const std::int64_t allowed = std::max<std::int64_t>(1, occupancy(sm_, launch).resident);
    const std::int64_t resident = std::min(allowed, div_up(counts_.launch[l].ctas, sms));

    LaunchPrediction& part = totals_.begin(l);
    part.resident = static_cast<std::int32_t>(resident);
    part.waves = static_cast<double>(part.ctas) / static_cast<double>(resident * sms);
    part.dram_bytes = l2_.next(launch, part.ctas, counts_.uses_of(l), resident * sms);
    if (from_host_) fetch_from_host(part, program_, counts_.uses_of(l));
    part.dram = part.dram_bytes.total() * byte_time_;
    part.l2 = l2_time(device_, program_, counts_.uses_of(l), part.l2_bytes);
    const LaunchFit fit = launch_fit(program_, launch);
    const LaunchCount& totals = counts_.launch[l];
    const bool from_dram = part.dram_bytes.read > Bytes{0};
    MakespanInput input{launch, totals, once_per_cta(launch, totals.once, costs_, from_dram, fit), {}, sms, resident};
    time_loops(input, fit);
    const Makespan on_sms = makespan(input);
    part.sm = time_of(on_sms.cycles);
    part.latency = time_of(on_sms.longest_cta);
    const double ends = input.once.alone() * waves_in_step(part.waves) - input.once.again;
    const double ahead = asked_ahead(launch, counts_.uses_of(l), l2_.missed(), part.dram_bytes.total());
    decide(part, on_sms, {time_of(ends), first_tiles(l, part), ahead});
    if (from_host_) overlap_fetch(part, device_);

    totals_.add_alone(Limit::dram, part.dram);
    totals_.add_alone(Limit::l2, part.l2);
    totals_.add_alone(Limit::latency, part.latency);
    totals_.add_alone(Limit::launch, launch_period(device_, program_.launch_style));
    totals_.add(part);
  }

  /// The trips of the loops that take time.
  void time_loops(MakespanInput& input, const LaunchFit& fit) const {
    const Launch& launch = input.launch;
    const LaunchCount& totals = input.totals;
    for (std::size_t i = 0; i < launch.loops.size(); ++i) {
      if (totals.trips[i] == 0 || launch.loops[i].group != static_cast<std::int8_t>(i)) continue;
      const std::size_t body = body_of(launch, totals, i);
      if (body != i) {
        input.loop[i] = input.loop[body];
      } else {  // made in its place: a copy would wait until all of it is written
        new (&input.loop[i]) TripTime{trip_time(program_, launch, totals.trip[i], counts_, costs_, l2_.missed(), fit)};
      }
    }
  }

  /// The first CTAs ask for their first tiles together, and nobody has anything to do until these are there: the time
  /// until DRAM has sent the last of them. Each has its own; of those that it walks over, the first is one for all CTAs
  /// that share it.
  [[nodiscard]] Seconds first_tiles(std::size_t l, const LaunchPrediction& part) const {
    const FirstTile& first = counts_.launch[l].first_tile;
    const double together = static_cast<double>(part.ctas) / std::max(1.0, part.waves);
    double bytes = 0;
    if (first.own >= 0) bytes += together * counts_.launch[l].once.work_of(OpKind::load) * missed(first.own);
    if (first.op >= 0) {
      const auto columns = static_cast<double>(program_.launches[l].sections.columns);
      const double tiles = std::max(std::min(columns, together), together / static_cast<double>(first.sharers));
      bytes += tiles * counts_.amount[static_cast<std::size_t>(first.op)] * missed(first.op);
    }
    return Bytes{bytes} * byte_time_;
  }
  /// The part of a load's bytes that DRAM delivers.
  [[nodiscard]] double missed(std::int16_t load) const {
    return l2_.missed()[static_cast<std::size_t>(program_.ops[static_cast<std::size_t>(load)].tensor)];
  }
  [[nodiscard]] Seconds time_of(double cycles) const { return Cycles{cycles} * cycle_time_; }

  /// What of a launch overlaps with nothing.
  struct Bare {
    Seconds ends;         ///< what a CTA does before and behind its trips, while waves are in step
    Seconds first_tiles;  ///< until all of the first wave have a tile
    double ahead;         ///< part of the bytes that loops ask for ahead
  };

  /// The slowest resource sets the time; a launch is never shorter than its period. No bytes of other CTAs overlap the
  /// ends of CTAs while waves are in step, and none of the waves that fill the machine overlaps a last one that leaves
  /// places empty.
  void decide(LaunchPrediction& part, const Makespan& on_sms, const Bare& bare) const {
    const Seconds last = time_of(on_sms.last.cycles);
    const Seconds bytes_of_last = part.dram * on_sms.last.share;
    const Seconds bytes = part.dram - bytes_of_last;
    const Seconds ends = std::min(part.sm - last, bare.ends);
    const Seconds first = std::min(bytes, bare.first_tiles);
    part.time = ends + first + with_queueing(part.sm - last - ends, bytes - first, bare.ahead);
    if (on_sms.last.share > 0) part.time += with_queueing(last, bytes_of_last, bare.ahead);
    part.bound = part.dram > part.sm ? Limit::dram : on_sms.bound;
    if (part.l2 > part.time) {
      part.time = part.l2;
      part.bound = Limit::l2;
    }
    const Seconds period = launch_period(device_, program_.launch_style);
    if (period > part.time) {
      part.time = period;
      part.bound = Limit::launch;
    }
  }

  void add_units_alone() {
    Work work{};  // of tile movements there is none: L2's share is counted per launch
    for (std::size_t l = 0; l < program_.launches.size(); ++l) {
      for (std::size_t k = 0; k < op_kinds; ++k) work[k] += counts_.launch[l].work[k];
    }
    const double per_sm = 1 / device_.sm.count.value();
    for (std::size_t k = 0; k < op_kinds; ++k) {
      if (work[k] == 0) continue;
      const OpCost& cost = costs_[static_cast<OpKind>(k)];
      totals_.add_alone(limit_of(cost.unit), time_of(work[k] * cost.cycles_per_amount * per_sm));
    }
  }

  const Device& device_;
  const Program& program_;
  const ProgramCounts& counts_;
  const SmLimits& sm_;
  CostTable costs_;
  decltype(Seconds{} / Cycles{}) cycle_time_;
  decltype(Seconds{} / Bytes{}) byte_time_;  ///< of DRAM at its sustained bandwidth
  Totals totals_;
  Prediction& result_;
  L2Reuse l2_;
  bool from_host_;
};

/// One return statement: the answer, which is large, is written where the caller wants it.
tl::expected<Prediction, Refusal> predict_fitting(const Device& device, const SmLimits& sm, const Program& program,
                                                  const ProgramCounts& counts) {
  tl::expected<Prediction, Refusal> result{tl::in_place};
  Call{device, sm, program, counts, *result}.predict();
  return result;
}

class Hierarchical final : public Predictor {
 public:
  using Predictor::predict;

  [[nodiscard]] std::string_view name() const override { return "hierarchical"; }
  [[nodiscard]] int version() const override { return 14; }

  [[nodiscard]] std::vector<std::string_view> needs(const Program& program) const override {
    std::vector<std::string_view> paths = CostTable::needs(program);
    for (const std::string_view path :
         {"sm.max_threads", "sm.max_ctas", "sm.registers", "sm.register_unit", "sm.smem_capacity", "sm.smem_per_cta",
          "sm.smem_reserved_per_cta", "memory.l2.capacity", "memory.l2.partitions", "memory.dram.capacity",
          "memory.dram.bandwidth", "launch.stream_period"}) {
      paths.push_back(path);
    }
    if (program.launch_style == LaunchStyle::graph) paths.emplace_back("launch.graph_period");
    if (program.launch_style == LaunchStyle::framework) paths.emplace_back("launch.framework_period");
    if (program.keeps(Placement::l2)) paths.emplace_back("memory.l2.persisting_fraction");
    if (program.keeps(Placement::host)) paths.emplace_back("memory.host.link");
    return paths;
  }

  [[nodiscard]] tl::expected<Prediction, Refusal> predict(const Device& device, const Program& program,
                                                          const ProgramCounts& counts) const override {
    const SmLimits sm{device};
    if (auto refused = fits(sm, device, program, counts); !refused) return tl::unexpected{refused.error()};
    return predict_fitting(device, sm, program, counts);
  }

  [[nodiscard]] Explanation explain(const Profile& profile, const Program& program,
                                    const Prediction& prediction) const override {
    return explain::hierarchical(profile, program, prediction);
  }
};

}  // namespace

const Predictor& hierarchical_predictor() {
  static const Hierarchical predictor;
  return predictor;
}

}  // namespace rooftile
