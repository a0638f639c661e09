// Who wants to see a simulation happen: a timeline, a table, a progress bar, a test. Listeners only look; with and
// without them the numbers are the same, and without them nothing is computed for them.
//
//   call_begins
//     launch_begins  (work, dram, l2, phase) ...  launch_ends          of each launch, one after the other
//
// Times are of the call that is answered for: 0 when it begins; launches follow each other without a gap. The first
// call of a warm one is not shown, but for its progress.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "rooftile/model/cost_table.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/program.hpp"
#include "rooftile/model/quantity.hpp"
#include "rooftile/sim/simulation.hpp"

namespace rooftile::sim {

/// What a CTA does in a phase: what comes before its trips, one trip of a loop, what comes behind them.
enum class PhaseKind : std::uint8_t { begin, trip, end };

/// A call, before anything runs.
struct CallSeen {
  const Program& program;
  const ProgramCounts& counts;
};

/// CTAs that are through, of all launches; a warm call has them twice.
struct ProgressSeen {
  std::int64_t done;
  std::int64_t all;
};

/// A launch, before its first CTA begins.
struct LaunchSeen {
  const Launch& launch;
  std::int64_t sms;
  std::int64_t resident;  ///< places for CTAs on each SM
  BytesPerSecond dram;    ///< of the datasheet: what DRAM moves while no channel refreshes
  Seconds begin;
};

/// A phase of a CTA, or a part of it, when it is over.
struct PhaseSeen {
  std::int64_t cta;  ///< its number in the grid, axis 0 fastest
  std::int64_t sm;
  std::int64_t place;  ///< on that SM
  PhaseKind kind;
  bool complete;       ///< no part of it follows; only trips may come in parts
  std::int8_t loop;    ///< of a trip: the loop that leads its group
  std::int64_t block;  ///< of a trip: that loop's index
  Unit busiest;        ///< the unit that the phase needs most
  Stall waits_for;     ///< what it waited for from units_done to end
  Seconds begin;
  Seconds units_done;
  Seconds end;
};

/// What an SM did between two of its events, which follow each other: its units were busy for so long.
struct WorkSeen {
  std::int64_t sm;
  Seconds begin;
  Seconds end;
  std::array<Seconds, units> busy;  ///< by Unit
};

/// Bytes that DRAM moves from begin to end, evenly; told when they are asked for, and they may move when the launch or
/// the call is over. Nowhere more than it sustains.
struct DramSeen {
  Seconds begin;
  Seconds end;
  Bytes bytes;
};

/// A tile that an SM asked L2 for, or sent to it.
struct L2Seen {
  std::size_t tensor;  ///< index into Program::tensors
  OpKind kind;         ///< load, store, atomic
  Bytes tile;          ///< in whole sectors, inside the tensor
  Bytes fetched;       ///< of it, from DRAM: what neither stood in L2 nor was on its way
  Bytes dirtied;       ///< of it, that DRAM will have to take: not counted when they are written again before
};

class Listener {
 public:
  virtual ~Listener() = default;
  /// False of one that hears of calls and their progress alone: then nothing else is worked out for it.
  [[nodiscard]] virtual bool wants_events() const { return true; }
  virtual void call_begins(const CallSeen&) {}
  virtual void progress(const ProgressSeen&) {}
  virtual void launch_begins(const LaunchSeen&) {}
  virtual void phase(const PhaseSeen&) {}
  virtual void work(const WorkSeen&) {}
  virtual void dram(const DramSeen&) {}
  virtual void l2(const L2Seen&) {}
  virtual void launch_ends(Seconds /*end*/) {}
};

/// Several at once, told in their order.
class Listeners final : public Listener {
 public:
  /// It must outlive the simulation.
  void add(Listener& listener) { all_.push_back(&listener); }
  [[nodiscard]] bool wants_events() const override {
    return std::any_of(all_.begin(), all_.end(), [](const Listener* l) { return l->wants_events(); });
  }

  void call_begins(const CallSeen& seen) override { tell(&Listener::call_begins, seen); }
  void progress(const ProgressSeen& seen) override { tell(&Listener::progress, seen); }
  void launch_begins(const LaunchSeen& seen) override { tell(&Listener::launch_begins, seen); }
  void phase(const PhaseSeen& seen) override { tell(&Listener::phase, seen); }
  void work(const WorkSeen& seen) override { tell(&Listener::work, seen); }
  void dram(const DramSeen& seen) override { tell(&Listener::dram, seen); }
  void l2(const L2Seen& seen) override { tell(&Listener::l2, seen); }
  void launch_ends(Seconds end) override { tell(&Listener::launch_ends, end); }

 private:
  template <class Hears, class Seen>
  void tell(Hears hears, const Seen& seen) {
    for (Listener* listener : all_) (listener->*hears)(seen);
  }

  std::vector<Listener*> all_;
};

}  // namespace rooftile::sim
