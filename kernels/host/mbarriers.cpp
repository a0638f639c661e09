#include "host/mbarriers.hpp"

#include <algorithm>
#include <string>

namespace rooftile::kernels::host {

namespace {

std::string who(const Site& site, std::uint32_t at) {
  return std::string{site.instruction} + " of warp " + std::to_string(site.warp) + " at shared byte " +
         std::to_string(at);
}

}  // namespace

void Mbarriers::start(SharedMemory& shared, Faults& faults) {
  shared_ = &shared;
  faults_ = &faults;
  barriers_.clear();
}

void Mbarriers::init(std::uint32_t at, int arrivals, const Site& site) {
  constexpr std::uint32_t size = 8;
  if (at % size != 0) {
    faults_->add(FaultKind::misaligned, who(site, at) + " needs a multiple of 8", site.where);
    throw StopRun{};
  }
  if (!shared_->holds(at, size)) {
    faults_->add(FaultKind::out_of_bounds, who(site, at) + ": not in the CTA's shared memory", site.where);
    throw StopRun{};
  }
  if (barriers_.contains(at) || arrivals < 1 || shared_->segments().full()) {
    faults_->add(FaultKind::barrier_misuse,
                 who(site, at) + " for " + std::to_string(arrivals) +
                     " arrivals: once, for at least one, and 64 warps and mbarriers in all",
                 site.where);
    throw StopRun{};
  }
  Segments& segments = shared_->segments();
  Mbarrier& barrier = barriers_[at];
  barrier.count = barrier.left = arrivals;
  barrier.agent = segments.add_agent();
  barrier.initialiser = site.warp;
  barrier.initialised = segments.segment(site.warp);
}

Mbarrier& Mbarriers::at(std::uint32_t at, const Site& site) {
  const auto found = barriers_.find(at);
  if (found == barriers_.end()) {
    faults_->add(FaultKind::uninitialised, who(site, at) + ": nothing has initialised an mbarrier there", site.where);
    throw StopRun{};
  }
  Mbarrier& barrier = found->second;
  if (barrier.initialised >= shared_->segments().seen(site.warp, barrier.initialiser)) {
    faults_->add(FaultKind::race,
                 who(site, at) + ": warp " + std::to_string(barrier.initialiser) +
                     " initialised it and nothing has published it since",
                 site.where);
    throw StopRun{};
  }
  return barrier;
}

bool Mbarriers::arrive(Mbarrier& barrier, const Site& site) {
  if (barrier.left == 0) {
    faults_->add(FaultKind::barrier_misuse,
                 std::string{site.instruction} + " of warp " + std::to_string(site.warp) + ": all " +
                     std::to_string(barrier.count) + " arrivals of this phase are there",
                 site.where);
    throw StopRun{};
  }
  shared_->segments().release(site.warp, barrier.joined);
  --barrier.left;
  return end_phase(barrier);
}

bool Mbarriers::land(Mbarrier& barrier) {
  for (const Box& box : barrier.in_flight) {
    if (!box.moved) box.load(shared_->at(0));
    shared_->land_box(box.shared, box.bytes(), shared_->segments().land(barrier.agent, barrier.joined));
    barrier.bytes -= box.bytes();
  }
  barrier.in_flight.clear();
  return end_phase(barrier);
}

bool Mbarriers::end_phase(Mbarrier& barrier) {
  if (barrier.left != 0 || barrier.bytes != 0) return false;
  ++barrier.phase;
  barrier.left = barrier.count;
  for (std::size_t q = 0; q < barrier.ended.size(); ++q)
    barrier.ended[q] = std::max(barrier.ended[q], barrier.joined[q]);
  barrier.joined.fill(0);
  return true;
}

void Mbarriers::end() {
  for (const auto& [at, barrier] : barriers_) {
    if (barrier.in_flight.empty()) continue;
    faults_->add(FaultKind::pending_copy,
                 "the CTA ends with " + std::to_string(barrier.in_flight.size()) + " TMA loads in flight to mbarrier " +
                     std::to_string(at) + " that no wait covers",
                 barrier.in_flight.front().where);
  }
}

void Mbarriers::forget_order() {
  for (auto& [at, barrier] : barriers_) {
    barrier.initialised = 0;
    barrier.joined.fill(0);
    barrier.ended.fill(0);
  }
}

}  // namespace rooftile::kernels::host
