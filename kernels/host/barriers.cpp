#include "host/barriers.hpp"

namespace rooftile::kernels::host {

void Barriers::start(int warps) {
  warps_ = warps;
  ended_ = 0;
  for (Barrier& barrier : barriers_) {
    barrier.expected = barrier.arrived = 0;
    barrier.waiting.clear();
    barrier.joined.fill(0);
  }
}

bool Barriers::arrive(int id, int expected, bool waits, SharedMemory& shared, const Site& site, Faults& faults) {
  const std::string who =
      std::string{site.instruction} + " of warp " + std::to_string(site.warp) + " at barrier " + std::to_string(id);
  if (id < 0 || id >= barrier_count || expected < 1 || expected > warps_) {
    faults.add(FaultKind::barrier_misuse,
               who + " for " + std::to_string(expected) + " warps: a CTA has barriers 0 to 15, this one " +
                   std::to_string(warps_) + " warps",
               site.where);
    throw StopRun{};
  }
  Barrier& barrier = barriers_[static_cast<std::size_t>(id)];
  if (barrier.arrived > 0 && barrier.expected != expected) {
    faults.add(
        FaultKind::barrier_misuse,
        who + " expects " + std::to_string(expected) + " warps, those before it " + std::to_string(barrier.expected),
        site.where);
  }
  if (ended_ > 0 && expected - barrier.arrived > available(barrier)) {
    faults.add(FaultKind::barrier_misuse,
               who + " waits for " + std::to_string(expected) + " warps, but " + std::to_string(ended_) + " of " +
                   std::to_string(warps_) + " have ended",
               site.where);
  }
  if (barrier.arrived == 0) barrier.expected = expected;
  barrier.where = site.where;
  Segments& segments = shared.segments();
  segments.release(site.warp, barrier.joined);
  if (waits) barrier.waiting.push_back(site.warp);
  if (++barrier.arrived < barrier.expected) return false;
  for (const int warp : barrier.waiting) segments.acquire(warp, barrier.joined);
  released_ = barrier.waiting;
  barrier.waiting.clear();
  barrier.arrived = 0;
  barrier.joined.fill(0);
  return true;
}

void Barriers::end_warp(int warp, Faults& faults) {
  ++ended_;
  for (const Barrier& barrier : barriers_) {
    if (barrier.waiting.empty() || barrier.expected - barrier.arrived <= available(barrier)) continue;
    faults.add(FaultKind::barrier_misuse,
               "warp " + std::to_string(warp) + " ends while " + std::to_string(barrier.waiting.size()) + " of the " +
                   std::to_string(barrier.expected) + " warps of a barrier wait for the others",
               barrier.where);
  }
}

void Barriers::end(Faults& faults) const {
  for (const Barrier& barrier : barriers_) {
    if (barrier.arrived == 0 || !barrier.waiting.empty()) continue;  // who waits was reported already
    faults.add(FaultKind::barrier_misuse,
               "the CTA ends when " + std::to_string(barrier.arrived) + " of the " + std::to_string(barrier.expected) +
                   " warps of a barrier have arrived",
               barrier.where);
  }
}

void Barriers::forget_order() {
  for (Barrier& barrier : barriers_) barrier.joined.fill(0);
}

}  // namespace rooftile::kernels::host
