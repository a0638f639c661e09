// Who wants to see a simulation happen: a timeline, a picture, a test. Listeners only look; with and without them the
// numbers are the same.
#pragma once

#include <cstdint>

#include "rooftile/model/cost_table.hpp"
#include "rooftile/model/program.hpp"
#include "rooftile/model/quantity.hpp"
#include "rooftile/sim/simulation.hpp"

namespace rooftile::sim {

/// What a CTA does in a phase: what comes before its trips, one trip of a loop, what comes behind them.
enum class PhaseKind : std::uint8_t { begin, trip, end };

/// A launch, before its first CTA begins.
struct LaunchSeen {
  const Launch& launch;
  std::int64_t sms;
  std::int64_t resident;  ///< places for CTAs on each SM
  Seconds begin;
};

/// A phase of a CTA, when it is over. Times are of the call: launches follow each other without a gap.
struct PhaseSeen {
  std::int64_t cta;  ///< its number in the grid, axis 0 fastest
  std::int64_t sm;
  std::int64_t place;  ///< on that SM
  PhaseKind kind;
  std::int8_t loop;    ///< of a trip: the loop that leads its group
  std::int64_t block;  ///< of a trip: that loop's index
  Unit busiest;        ///< the unit that the phase needs most
  Stall waits_for;     ///< what it waited for from units_done to end
  Seconds begin;
  Seconds units_done;
  Seconds end;
  Bytes dram;  ///< asked of DRAM, or sent to it, so far
};

class Listener {
 public:
  virtual ~Listener() = default;
  virtual void launch_begins(const LaunchSeen&) {}
  virtual void phase(const PhaseSeen&) {}
  virtual void launch_ends(Seconds /*end*/) {}
};

}  // namespace rooftile::sim
