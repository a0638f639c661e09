#include "host/cta.hpp"

#include <string>

#include "isa/host.hpp"

namespace rooftile::kernels::host {

struct Cta::RunningWarp {
  Warp warp;
  Fiber* fiber = nullptr;
  bool ended = false;
  int waits_at = -1;  ///< barrier
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
  if (--left_ == 0) launch_->finished->push_back(this);
}

void Cta::arrive(int id, int expected, bool waits, const Site& site) {
  const bool complete = barriers_.arrive(id, expected, waits, shared_, site, *launch_->faults);
  if (complete) {
    const bool whole_cta = expected == launch_->warps;
    if (whole_cta) ++launch_->counts->barriers;
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

void Cta::sync_lanes(int warp) {
  shared_.segments().sync_lanes(warp);
  if (shared_.segments().exhausted()) renumber_segments();
}

void Cta::renumber_segments() {
  shared_.forget_order();
  barriers_.forget_order();
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
    }
    separator = "; ";
  }
  return text;
}

Where Cta::waiting_place() const {
  for (const auto& running : warps_) {
    if (running->waits_at >= 0) return running->where;
  }
  return Where::current();
}

}  // namespace rooftile::kernels::host
