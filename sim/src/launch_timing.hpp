// What the phases of a CTA cost: the same numbers, from the same constants, as the predictor has (loop_time.hpp).
//
//   begin   what a CTA does before its loops: sets up, waits for a tile of its own
//   trip    one trip of the loops that run in step: cycles of each unit of the SM, and how long it takes alone
//   end     what it does behind them
//
// A load that L2 does not answer is waited for: on the slowest dependence cycle through it, of lag n, stand other ops
// with `rest` cycles. The tile that trip j needs is asked for when trip j - n + 1 begins (there are n buffers), and
// trip j cannot end before it has come and `rest` has passed: n tiles per latency, as Little's law has it.
//
// Where every load has one buffer nothing of the CTA hides a wait, and in a launch whose tiles L2 does not hold a trip
// is made in segments, cut where ops begin to need a tile and where its buffer is free:
//
//   flash2   waits for K: QKᵀ, frees K | softmax | waits for V: PV, frees V
#pragma once

#include <array>
#include <cstdint>

#include "rooftile/model/cost_table.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/launch_fit.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile::sim {

/// A phase, as far as the SM is concerned.
struct PhaseCost {
  UnitCycles demand{};  ///< cycles of each unit
  double busy = 0;      ///< cycles of the SM that no other CTA can have: its busiest unit, or the sum of those that
                        ///< exclude each other (exp2_weight, smem_weight)
  double alone = 0;     ///< cycles with nobody else on the SM and every load answered by L2
  Unit busiest = Unit::memory;
  std::int32_t ops = 0;  ///< that one execution stands for, those that a guard keeps out of some trips included
};

/// How a load is waited for.
struct LoadWait {
  std::int16_t op = -1;  ///< index into Program::ops
  std::int8_t lag = 0;   ///< buffers; 0: nothing waits for it
  double rest = 0;       ///< cycles
  double whole = 0;      ///< cycles of the dependence cycle, answered by L2
};

/// A part of a trip.
struct Segment {
  PhaseCost cost;
  std::int8_t waits = -1;  ///< for the tile of this load, by LoopTiming::loads; -1: for none
  std::int8_t frees = -1;  ///< the buffer of this load: its next tile is asked for
};

struct LoopTiming {
  PhaseCost cost;
  InlineVector<LoadWait, 12> loads;
  InlineVector<std::int16_t, 12> sends;    ///< stores and atomics
  InlineVector<std::int16_t, 32> guarded;  ///< ops of any kind that do not take part in every trip
  InlineVector<Segment, 25> segments;      ///< none: always made as a whole
  std::int32_t depth = 1;                  ///< trips that are looked ahead
  bool empty = true;                       ///< its loops have no ops of their own
  bool innermost = true;                   ///< no loop stands in their bodies
};

struct LaunchTiming {
  PhaseCost begin;
  PhaseCost begin_first;  ///< of the CTAs that begin with the launch: without what passes between two
  double own_wait = 0;    ///< cycles behind it until a tile of its own is there, answered by L2; who stays waits once
  PhaseCost end;
  InlineVector<LoadWait, 12> loads;
  InlineVector<std::int16_t, 12> sends;
  std::array<LoopTiming, max_loops> loop;  ///< of loops that lead a group
  std::int32_t depth = 1;                  ///< the largest of its loops
  double longest_rest = 0;                 ///< at least that of any load

  LaunchTiming(const Program& program, const Launch& launch, const LaunchCount& totals, const ProgramCounts& counts,
               const CostTable& costs);
};

/// Buffers that a simulation follows; no shipped kernel has more.
inline constexpr int most_buffers = 4;

}  // namespace rooftile::sim
