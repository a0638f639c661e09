// The steps of a visit. Each goes over what it has to do, skips what the output already holds, writes one line per
// measurement and goes on after a cell that cannot be measured.
#pragma once

#include <span>
#include <vector>

#include "measure/cells.hpp"
#include "measure/device_call.hpp"
#include "measure/session.hpp"

namespace rooftile::kernels::measure {

/// What verify goes over without a list of its own: every kernel x pass x element type x head dim x mask x {MHA, GQA,
/// MQA}, on small shapes whose lengths fit no tile.
[[nodiscard]] std::vector<Cell> verification_cells(std::span<const std::unique_ptr<Peer>> subjects,
                                                   std::span<const std::string> only);

/// Runs the call once on fresh inputs and poisoned outputs, judges it against float64 and writes the line.
Outcome verify_against_float64(Session& session, const Cell& cell, DeviceCall& device);

void verify_step(Session& session, std::span<const Cell> cells);
void micro_step(Session& session);
void time_step(Session& session, std::span<const Cell> cells);
void counters_step(Session& session, std::span<const Cell> cells);

/// The L2 states that a cell asks for.
[[nodiscard]] std::vector<L2> l2_states(const Cell& cell);

}  // namespace rooftile::kernels::measure
