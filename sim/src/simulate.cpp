#include "rooftile/sim/simulate.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "launch_run.hpp"
#include "rooftile/model/call_time.hpp"
#include "rooftile/model/dram_channels.hpp"
#include "rooftile/model/host_link.hpp"
#include "rooftile/model/l2_copies.hpp"
#include "rooftile/model/occupancy.hpp"
#include "rooftile/model/totals.hpp"

namespace rooftile::sim {
namespace {

Bytes bytes(std::int64_t count) { return Bytes{static_cast<double>(count)}; }

/// One call on one device.
class Call {
 public:
  Call(const Device& device, const Program& program, const ProgramCounts& counts)
      : device_{device},
        program_{program},
        counts_{counts},
        costs_{device, program},
        dram_{(sustained_bandwidth(device) / costs_.clock()).value(), device.memory.dram.latency.value(),
              dram_refresh(device, costs_.clock()), static_cast<std::size_t>(device.sm.count.value()),
              costs_[OpKind::load].cycles_per_amount},
        l2_{device, program, counts, dram_} {}

  void run(Simulation& simulation, Listener* listener) {
    listener_ = listener;
    const bool warm = program_.l2 == L2State::warm;
    const std::size_t first = warm ? left_by() : 0;
    if (listener_ != nullptr) {
      listener_->call_begins({program_, counts_});
      for (std::size_t l = 0; l < program_.launches.size(); ++l) {
        ctas_.all += (warm && l >= first ? 2 : 1) * counts_.launch[l].ctas;
      }
    }
    if (warm) {
      Simulation before;
      launches(first, before);
    }
    if (listener_ != nullptr && listener_->wants_events()) watch_.emplace(*listener_, costs_.clock(), now_);
    dram_.show_to(watch());
    l2_.show_to(watch());
    const std::int64_t left_over = l2_.unwritten();
    launches(0, simulation);
    simulation.answer.dram.write += bytes(l2_.unwritten() - left_over);
    finish(simulation);
  }

 private:
  /// The first launch that matters to what a call leaves in L2: from it on more is touched than L2 holds, and nothing
  /// of those before is left.
  [[nodiscard]] std::size_t left_by() const {
    std::array<std::int64_t, max_tensors> touched{};
    std::int64_t all = 0;
    std::size_t l = program_.keeps(Placement::l2) ? 0 : program_.launches.size() - 1;
    for (;; --l) {
      for (const TensorUse& use : counts_.uses_of(l)) {
        std::int64_t& most = touched[static_cast<std::size_t>(use.tensor)];
        all += std::max(most, use.touched) - most;
        most = std::max(most, use.touched);
      }
      if (l == 0 || static_cast<double>(all) > device_.memory.l2.capacity.value()) return l;
    }
  }
  /// All launches from `first` on.
  void launches(std::size_t first, Simulation& simulation) {
    simulation = {};
    stalls_ = {};
    busy_ = {};
    cycles_ = 0;
    Totals answer{program_, counts_, simulation.answer};
    for (std::size_t l = first; l < program_.launches.size(); ++l) launch(l, answer, simulation);
    answer.finish();
  }

  void launch(std::size_t l, Totals& answer, Simulation& simulation) {
    const Launch& launch = program_.launches[l];
    const LaunchCount& totals = counts_.launch[l];
    const auto sms = static_cast<std::int64_t>(device_.sm.count.value());
    const std::int64_t allowed = std::max<std::int64_t>(1, occupancy(device_, launch).resident);
    const std::int64_t resident = std::min(allowed, ceil_div(totals.ctas, sms));
    const LaunchTiming timing{program_, launch, totals, counts_, costs_};
    const double l2_bandwidth = device_.memory.l2.bandwidth.value() * (device_.clock.boost / costs_.clock());
    const double per_added = read_bytes_per_added(program_) / l2_bandwidth;

    l2_.reset_traffic();
    LaunchRun run{program_, launch, timing, sms, resident, per_added, dram_, l2_};
    run.show_to(watch());
    if (listener_ != nullptr) run.count_ctas([this] { listener_->progress({++ctas_.done, ctas_.all}); });
    if (watch_) listener_->launch_begins({launch, sms, resident, device_.memory.dram.bandwidth, watch_->at(now_)});
    const LaunchDone done = run.run(now_);
    now_ = done.end;
    dram_.settle(now_);
    if (watch_ && l + 1 == program_.launches.size()) dram_.finish();
    if (watch_) listener_->launch_ends(watch_->at(now_));

    LaunchPrediction& part = answer.begin(l);
    part.resident = static_cast<std::int32_t>(resident);
    part.waves = static_cast<double>(part.ctas) / static_cast<double>(resident * sms);
    part.dram_bytes = {bytes(l2_.traffic().fetched), bytes(l2_.traffic().written_back)};
    part.sm = part.time = Cycles{done.end - done.begin} / costs_.clock();
    const auto most = std::max_element(done.stalls.begin(), done.stalls.begin() + static_cast<int>(Stall::idle));
    part.bound = static_cast<Limit>(most - done.stalls.begin());
    fetch_from_host(part, program_, counts_.uses_of(l));
    overlap_fetch(part, device_);
    const Seconds period = launch_period(device_, program_.launch_style);
    if (period > part.time) {
      part.time = period;
      part.bound = Limit::launch;
    }
    answer.add(part);
    simulation.tile_events += done.ops;
    for (std::size_t s = 0; s < stalls; ++s) stalls_[s] += done.stalls[s];
    for (std::size_t u = 0; u < units; ++u) busy_[u] += done.busy[u];
    cycles_ += done.end - done.begin;
  }

  void finish(Simulation& simulation) {
    Prediction& answer = simulation.answer;
    const double sms = device_.sm.count.value();
    for (std::size_t u = 0; u < units; ++u) {
      const auto limit = static_cast<std::size_t>(limit_of(static_cast<Unit>(u)));
      answer.alone[limit] = Cycles{busy_[u] / sms} / costs_.clock();
      simulation.utilisation[limit] = busy_[u] / (sms * cycles_);
    }
    answer.alone[0] = answer.dram.total() / sustained_bandwidth(device_);
    double all = 0;
    for (const double cycles : stalls_) all += cycles;
    for (std::size_t s = 0; s < stalls; ++s) simulation.share[s] = stalls_[s] / all;
    add_call_overheads(answer, device_, program_);
  }

  [[nodiscard]] const Watch* watch() const { return watch_ ? &*watch_ : nullptr; }

  const Device& device_;
  const Program& program_;
  const ProgramCounts& counts_;
  CostTable costs_;
  Dram dram_;
  L2 l2_;
  Listener* listener_ = nullptr;
  std::optional<Watch> watch_;  ///< of the call that is answered for, once it has begun
  ProgressSeen ctas_{};
  double now_ = 0;  ///< cycles since the first call began
  double cycles_ = 0;
  StallCycles stalls_{};
  UnitCycles busy_{};
};

}  // namespace

Effort effort(const Program& program, const ProgramCounts& counts) {
  Effort effort;
  for (std::size_t i = 0; i < program.ops.size(); ++i) {
    effort.tile_events += static_cast<double>(counts.op[i].executions);
  }
  for (std::size_t t = 0; t < program.tensors.size(); ++t) effort.cells += Cells{program, counts, t, 0}.visited();
  const double calls = program.l2 == L2State::warm ? 2 : 1;
  return {calls * effort.tile_events, calls * effort.cells};
}

tl::expected<Simulation, Refusal> simulate(const Device& device, const Program& program, const ProgramCounts& counts,
                                           Listener* listener) {
  if (auto refused = fits(device, program, counts); !refused) return tl::unexpected{refused.error()};
  tl::expected<Simulation, Refusal> result{tl::in_place};
  Call{device, program, counts}.run(*result, listener);
  return result;
}

}  // namespace rooftile::sim
