// How often everything in a program happens, in closed form: causal ramps, packed rows, windows and ragged edges are
// floor sums and inclusion-exclusion; no trip is ever walked through. expand.hpp walks them all, for tests.
//
//   flash2, causal, N = 4096, d = 128, 128 x 64, one head
//     op              executions          bytes
//     load K          32 + 1024 trips     ...        exact, to the byte
#pragma once

#include <array>
#include <cstdint>

#include "rooftile/model/program.hpp"

namespace rooftile {

/// One TileOp over all CTAs of its launch.
struct OpCount {
  std::int64_t executions;
  std::int64_t bytes;    ///< load, store, atomic: bytes requested, tiles clipped at the tensor's edge
  std::int64_t sectors;  ///< the same in 32-byte sectors; each tile row starts at a sector
  friend constexpr bool operator==(const OpCount&, const OpCount&) = default;
};

struct LaunchCount {
  std::int64_t ctas;
  std::array<std::int64_t, max_loops> trips;    ///< of loop n, over all CTAs; 0 beyond the launch's loops
  std::array<std::int64_t, max_loops> entries;  ///< how often loop n made at least one trip
  friend constexpr bool operator==(const LaunchCount&, const LaunchCount&) = default;
};

/// Counts of a whole program. Only the entries of existing ops and launches are written; storage can be reused.
struct ProgramCounts {
  std::array<OpCount, max_ops> op;              ///< by index into program.ops
  std::array<LaunchCount, max_launches> launch;
};

/// Counts everything in `program`.
void count(const Program& program, ProgramCounts& counts);

/// Bytes loaded from (or stored to, atomics included) a tensor by a launch.
[[nodiscard]] std::int64_t loaded_bytes(const Program& program, const ProgramCounts& counts, const Launch& launch,
                                        int tensor);
[[nodiscard]] std::int64_t stored_bytes(const Program& program, const ProgramCounts& counts, const Launch& launch,
                                        int tensor);

/// Executions x amount of all ops of one kind in a launch: FLOP for mma, results for exp2, bytes for lds ...
/// A double, because FLOP totals leave 64 bits.
[[nodiscard]] double work(const Program& program, const ProgramCounts& counts, const Launch& launch, OpKind kind);

}  // namespace rooftile
