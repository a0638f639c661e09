// The 16 named barriers of a CTA (bar.sync, bar.arrive); number 0 with all warps is sync().
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "host/segments.hpp"
#include "host/shared_memory.hpp"

namespace rooftile::kernels::host {

inline constexpr int barrier_count = 16;

/// One barrier between two completions.
struct Barrier {
  int expected = 0;  ///< warps; set by the first to arrive
  int arrived = 0;
  std::vector<int> waiting;        ///< warps that go on when it completes
  Clock joined{};                  ///< what the arrived warps had done and seen
  Where where = Where::current();  ///< of the latest arrival
};

class Barriers {
 public:
  void start(int warps);
  /// A warp arrives. Returns true if that completes the barrier; then `released` are the warps that go on.
  /// Faults: an id beyond 15, a count that differs from the first arrival's, a CTA-wide barrier after a warp has ended.
  [[nodiscard]] bool arrive(int id, int expected, bool waits, SharedMemory& shared, const Site& site, Faults& faults);
  [[nodiscard]] const std::vector<int>& released() const { return released_; }
  /// A warp ends. A fault if too few are left for a barrier that others wait at.
  void end_warp(int warp, Faults& faults);
  /// All warps have ended. A fault if somebody arrived at a barrier that was never completed.
  void end(Faults& faults) const;
  /// Segments were numbered anew.
  void forget_order();
  [[nodiscard]] const Barrier& operator[](int id) const { return barriers_[static_cast<std::size_t>(id)]; }

 private:
  /// Warps that could still arrive: neither ended nor waiting at this barrier.
  [[nodiscard]] int available(const Barrier& barrier) const {
    return warps_ - ended_ - static_cast<int>(barrier.waiting.size());
  }

  int warps_ = 0;
  int ended_ = 0;
  std::array<Barrier, barrier_count> barriers_;
  std::vector<int> released_;
};

}  // namespace rooftile::kernels::host
