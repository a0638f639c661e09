// What several tests of the simulator build.
#pragma once

#include <memory>

#include "launch_run.hpp"
#include "rooftile/model/cost_table.hpp"
#include "rooftile/model/occupancy.hpp"
#include "rooftile/model/program_writer.hpp"
#include "rooftile/sim/simulate.hpp"
#include "support.hpp"

namespace rooftile::test {

inline std::unique_ptr<sim::LaunchTiming> timing_of(const Program& program, std::size_t launch,
                                                    const ProgramCounts& counts, const Device& on) {
  const CostTable costs{on, program};
  return std::make_unique<sim::LaunchTiming>(program, program.launches[launch], counts.launch[launch], counts, costs);
}

/// DRAM as simulate() has it.
inline sim::Dram dram_of(const Device& on) {
  const auto& dram = on.memory.dram;
  return {(dram.bandwidth * dram.sustained_fraction.value()).value() / on.clock.tensor_boost.value(),
          dram.latency.value()};
}

inline sim::Answer access(sim::L2& l2, double now, const TileOp& op, const Indices& at) {
  if (op.kind == OpKind::load) return l2.load(now, op, at);
  return op.kind == OpKind::store ? l2.store(now, op, at) : l2.add(now, op, at);
}

/// Calls `visit(op, at)` for every tile that a launch moves, CTA by CTA.
template <class Visit>
void replay(const Program& program, std::size_t l, const ProgramCounts& counts, const Device& on, Visit visit) {
  const Launch& launch = program.launches[l];
  const auto timing = timing_of(program, l, counts, on);
  sim::CtaWalk walk{program, launch, *timing};
  for (std::int64_t cta = 0; cta < launch.ctas(); ++cta) {
    walk.begin(cta);
    for (const sim::LoadWait& load : timing->loads) {
      if (walk.asks(program.ops[static_cast<std::size_t>(load.op)])) visit(load.op, walk.at());
    }
    for (sim::Trip trip; walk.next(trip);) {
      const sim::LoopTiming& loop = timing->loop[static_cast<std::size_t>(trip.loop)];
      for (std::size_t n = 0; n < loop.loads.size(); ++n) {
        if ((trip.loads >> n & 1U) != 0) visit(loop.loads[n].op, trip.at);
      }
      for (std::size_t n = 0; n < loop.sends.size(); ++n) {
        if ((trip.sends >> n & 1U) != 0) visit(loop.sends[n], trip.at);
      }
    }
    for (const std::int16_t send : timing->sends) visit(send, walk.at());
  }
}

}  // namespace rooftile::test
