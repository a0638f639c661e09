// How often everything in a program happens and which bytes it touches, in closed form: causal ramps, packed rows,
// windows and ragged edges are floor sums and inclusion-exclusion; no trip is ever walked through. expand.hpp walks
// them all, for tests. Counts depend on the program alone: count once, predict on many devices.
//
//   flash2, causal, N = 4096, d = 128, 128 x 64, one head
//     op              executions          bytes
//     load K          32 + 1024 trips     ...        exact, to the byte
#pragma once

#include <array>
#include <cstdint>
#include <span>

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
  std::int64_t sectors;                       ///< 32-byte sectors moved by loads, stores and atomics
  std::array<std::int64_t, max_loops> trips;  ///< of loop n, over all CTAs; 0 beyond the launch's loops
  /// Executions x amount by op kind: FLOP for mma, results for exp2, bytes for lds ... A double: FLOP totals leave 64
  /// bits.
  std::array<double, op_kinds> work;

  std::int16_t first_use;  ///< uses [first_use, last_use) of ProgramCounts are this launch's
  std::int16_t last_use;

  [[nodiscard]] double work_of(OpKind kind) const { return work[static_cast<std::size_t>(kind)]; }
};

/// One tensor in one launch, bytes. What stands between the bytes that SMs request from L2 and those that leave DRAM:
///
///   requested (loaded, stored)   every load of every CTA: L2 -> SM
///   swept     CTAs that run together share what they read; nothing survives until a CTA sweeps over the same bytes
///   again.
///             The textbook HBM count: standard attention with fused softmax 4N² + 4Nd, FlashAttention-1 (3·Tc +
///             1)·N·d.
///   touched   every distinct byte once: compulsory
struct TensorUse {
  std::int8_t tensor;
  std::uint8_t indexed;  ///< bit per axis that tells apart the sets of CTAs which share their bytes
  std::int64_t sharers;  ///< CTAs in such a set; 1: each CTA has bytes of its own
  std::int64_t loaded;   ///< requested by loads
  std::int64_t stored;   ///< sent by stores and atomics
  std::int64_t swept_loads;
  std::int64_t swept_stores;
  std::int64_t swept_updates;  ///< the part of swept_stores that atomics send: they read what they write
  std::int64_t touched;        ///< distinct bytes loaded or stored
};
inline constexpr std::size_t max_uses = 128;

/// Counts of a whole program. Only the entries of existing ops and launches are written; storage can be reused.
struct ProgramCounts {
  std::array<OpCount, max_ops> op;  ///< by index into program.ops
  std::array<LaunchCount, max_launches> launch;
  InlineVector<TensorUse, max_uses> uses;  ///< launch by launch
  Bytes inputs_and_outputs;                ///< whole tensors
  Bytes workspace;  ///< alive at once at most: a workspace tensor lives from the first launch that uses it to the last;
                    ///< one that is read before it is written was left by the forward pass and lives from the start

  /// The tensors that launch `l` uses.
  [[nodiscard]] std::span<const TensorUse> uses_of(std::size_t l) const {
    return {uses.begin() + launch[l].first_use, uses.begin() + launch[l].last_use};
  }
};

/// Counts everything in `program`.
void count(const Program& program, ProgramCounts& counts);

/// Inputs and outputs once: the bytes that any implementation must move.
[[nodiscard]] std::int64_t compulsory_bytes(const Program& program, const ProgramCounts& counts);

/// How often loop `loop` of a launch makes at least one trip.
[[nodiscard]] std::int64_t entries(const Launch& launch, int loop);

}  // namespace rooftile
