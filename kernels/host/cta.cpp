#include "host/cta.hpp"

#include <string>
#include <utility>

#include "isa/host.hpp"

namespace rooftile::kernels::host {

struct Cta::RunningWarp {
  Warp warp;
  Fiber* fiber = nullptr;
  bool ended = false;
  int waits_at = -1;                    ///< barrier
  std::int64_t waits_at_mbarrier = -1;  ///< shared byte
  std::uint32_t parity = 0;
  Where where = Where::current();

  RunningWarp(Cta& cta, int index) : warp(cta, index) {}
};

Cta::Cta() = default;
Cta::~Cta() = default;

void Cta::start(const LaunchContext& launch, std::int64_t number) {
  launch_ = &launch;
  x_ = static_cast<int>(number % launch.grid.x);
  y_ = static_cast<int>(number / launch.grid.x % launch.grid.y);
  z_ = static_cast<int>(number / launch.grid.x / launch.grid.y);
  left_ = launch.warps;
  shared_.start(launch.smem, launch.warps, *launch.faults);
  barriers_.start(launch.warps);
  mbarriers_.start(shared_, *launch.faults);
  warps_.clear();
  for (int index = 0; index < launch.warps; ++index) {
    RunningWarp& warp = *warps_.emplace_back(std::make_unique<RunningWarp>(*this, index));
    warp.fiber = &launch.fibers->start([this, &warp] { run_warp(warp); });
  }
}

void Cta::run_warp(RunningWarp& warp) {
  (*launch_->body)(warp.warp);
  warp.warp.end();
  warp.ended = true;
  barriers_.end_warp(warp.warp.warp(), *launch_->faults);
  if (--left_ > 0) return;
  barriers_.end(*launch_->faults);
  mbarriers_.end();
  launch_->finished->push_back(this);
}

void Cta::arrive(int id, int expected, bool waits, const Site& site) {
  const bool complete = barriers_.arrive(id, expected, waits, shared_, site, *launch_->faults);
  if (complete) {
    const bool whole_cta = expected == launch_->warps;
    if (whole_cta && !site.set_up) ++launch_->counts->barriers;
    for (const int warp : barriers_.released()) {
      if (warp != site.warp) launch_->fibers->wake(*warps_[static_cast<std::size_t>(warp)]->fiber);
    }
    // A barrier of all warps orders everything before it: nothing is lost by numbering anew.
    if (whole_cta && shared_.segments().next() > in_flight / 2) renumber_segments();
  }
  if (shared_.segments().exhausted()) renumber_segments();
  if (complete || !waits) {
    launch_->fibers->may_give_way();
    return;
  }
  RunningWarp& me = *warps_[static_cast<std::size_t>(site.warp)];
  me.waits_at = id;
  me.where = site.where;
  launch_->fibers->wait();
  me.waits_at = -1;
}

void Cta::meet(const Site& site) { arrive(0, launch_->warps, true, {site.instruction, site.warp, site.where, true}); }

void Cta::arrive(Mbarrier& barrier, const Site& site) {
  if (mbarriers_.arrive(barrier, site)) wake_waiting(barrier);
  give_way();
}

void Cta::issue(Mbarrier& barrier, Box box) {
  const bool early = launch_->async.tma_early;
  if (early) {
    box.load(shared_.at(0));
    box.moved = true;
  }
  barrier.in_flight.push_back(std::move(box));
  if (early) static_cast<void>(mbarriers_.land(barrier));
  wake_waiting(barrier);  // late: who waits lands it, when its turn comes
  give_way();
}

void Cta::wait(std::uint32_t at, Mbarrier& barrier, std::uint32_t parity, const Site& site) {
  RunningWarp& me = *warps_[static_cast<std::size_t>(site.warp)];
  if (launch_->loads_wait && !barrier.has_ended(parity) && !barrier.in_flight.empty()) launch_->fibers->give_way();
  while (!barrier.has_ended(parity)) {
    if (mbarriers_.land(barrier)) {
      wake_waiting(barrier);
      continue;
    }
    barrier.waiting.push_back(site.warp);
    me.waits_at_mbarrier = at;
    me.parity = parity;
    me.where = site.where;
    launch_->fibers->wait();
    me.waits_at_mbarrier = -1;
  }
  shared_.segments().acquire(site.warp, barrier.ended);
}

void Cta::wake_waiting(Mbarrier& barrier) {
  for (const int warp : barrier.waiting) launch_->fibers->wake(*warps_[static_cast<std::size_t>(warp)]->fiber);
  barrier.waiting.clear();
}

void Cta::give_way() {
  if (shared_.segments().exhausted()) renumber_segments();
  launch_->fibers->may_give_way();
}

void Cta::sync_lanes(int warp) {
  shared_.segments().sync_lanes(warp);
  if (shared_.segments().exhausted()) renumber_segments();
}

void Cta::renumber_segments() {
  shared_.forget_order();
  barriers_.forget_order();
  mbarriers_.forget_order();
}

std::string Cta::waiting_text() const {
  std::string text = "CTA (" + std::to_string(x_) + ", " + std::to_string(y_) + ", " + std::to_string(z_) + ")";
  const char* separator = ": ";
  for (const auto& running : warps_) {
    if (running->ended) continue;
    text += separator + ("warp " + std::to_string(running->warp.warp()));
    if (running->waits_at >= 0) {
      const Barrier& barrier = barriers_[running->waits_at];
      text += " waits at barrier " + std::to_string(running->waits_at) + " for " + std::to_string(barrier.expected) +
              " warps, " + std::to_string(barrier.arrived) + " arrived (" + place_of(running->where) + ")";
    } else if (running->waits_at_mbarrier >= 0) {
      text += " waits at mbarrier " + std::to_string(running->waits_at_mbarrier) + " for a phase of parity " +
              std::to_string(running->parity) + " (" + place_of(running->where) + ")";
    }
    separator = "; ";
  }
  return text;
}

Where Cta::waiting_place() const {
  for (const auto& running : warps_) {
    if (running->waits_at >= 0 || running->waits_at_mbarrier >= 0) return running->where;
  }
  return Where::current();
}

}  // namespace rooftile::kernels::host
