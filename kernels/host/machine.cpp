#include "host/machine.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/cta.hpp"

namespace rooftile::kernels::host {

struct Machine::State {
  HostOptions options;
  GlobalMemory global;
  Faults faults;
  Fibers fibers;
  std::vector<std::unique_ptr<Cta>> slots;  ///< used again by every launch
  Execution record;
  bool stopped = false;

  explicit State(const HostOptions& o) : options(o), global(o.l2_capacity), faults(o.most_faults), fibers(o.seed) {}

  void run_ctas(LaunchContext& launch);
  void report_deadlock(const std::vector<Cta*>& active);
};

Machine::Machine(const HostOptions& options) : state_(std::make_unique<State>(options)) {
  if (options.resident < 1) throw std::invalid_argument{"at least one CTA must be resident"};
}
Machine::~Machine() = default;

void* Machine::allocate(const TensorLayout& layout) { return state_->global.allocate(layout); }

void Machine::run(const char* name, Grid grid, int warps, std::int64_t smem, const std::function<void(Warp&)>& body) {
  if (warps < 1 || warps > most_warps) throw std::invalid_argument{"a CTA has 1 to 32 warps"};
  State& state = *state_;
  LaunchExecution& counts = state.record.launches.emplace_back();
  counts.name = name;
  state.faults.begin_launch(name);
  state.global.begin_launch(counts);
  if (state.stopped) return;
  LaunchContext launch{grid,
                       warps,
                       smem,
                       &body,
                       &counts,
                       &state.global,
                       &state.faults,
                       &state.fibers,
                       AsyncModes::of_seed(state.options.seed),
                       state.options.loads_wait,
                       nullptr};
  try {
    state.run_ctas(launch);
  } catch (const StopRun&) {
    state.stopped = true;
  } catch (...) {
    state.fibers.drop_all();
    throw;
  }
  state.fibers.drop_all();
  state.global.end_launch();
}

void Machine::State::run_ctas(LaunchContext& launch) {
  std::vector<Cta*> finished;
  std::vector<Cta*> active;
  launch.finished = &finished;
  const std::int64_t ctas = launch.grid.ctas();
  const auto resident = static_cast<std::size_t>(std::min<std::int64_t>(options.resident, ctas));
  while (slots.size() < resident) slots.push_back(std::make_unique<Cta>());
  for (; active.size() < resident; ++launch.counts->ctas) {
    active.push_back(slots[active.size()].get());
    active.back()->start(launch, launch.counts->ctas);
  }
  while (fibers.step()) {
    ++launch.counts->switches;
    if (finished.empty()) continue;
    Cta& slot = *finished.back();
    finished.pop_back();
    if (launch.counts->ctas < ctas) {
      slot.start(launch, launch.counts->ctas++);
    } else {
      active.erase(std::find(active.begin(), active.end(), &slot));
    }
  }
  if (!active.empty()) report_deadlock(active);
}

void Machine::State::report_deadlock(const std::vector<Cta*>& active) {
  std::string text = "no warp can go on. " + active.front()->waiting_text();
  if (active.size() > 1) text += "; and " + std::to_string(active.size() - 1) + " more CTAs";
  faults.note(FaultKind::deadlock, std::move(text), active.front()->waiting_place());
  throw StopRun{};
}

Execution Machine::finish() {
  State& state = *state_;
  if (!state.record.launches.empty()) state.global.flush(state.record.launches.back());
  state.record.faults = state.faults.take();
  return std::exchange(state.record, {});
}

}  // namespace rooftile::kernels::host
