// How often everything in a program happens and which bytes it touches, in closed form: causal ramps, packed rows,
// windows and ragged edges are floor sums and inclusion-exclusion; no trip is ever walked through. expand.hpp walks
// them all, for tests. Counts depend on the program alone: count once, predict on many devices.
//
//   flash2, causal, N = 4096, d = 128, 128 x 64, one head
//     op              executions          bytes
//     load K          32 + 1024 trips     ...        exact, to the byte
#pragma once

#include <array>
#include <bit>
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

/// Amounts by op kind: FLOP of mma, results of exp2, bytes of loads and of lds ... A double: FLOP totals leave 64 bits.
using Work = std::array<double, op_kinds>;

/// Some op kinds, a bit each; `KindSet{}` holds none.
class KindSet {
 public:
  void add(OpKind kind) { bits_ |= 1U << static_cast<unsigned>(kind); }
  void add(KindSet others) { bits_ |= others.bits_; }
  [[nodiscard]] bool has(OpKind kind) const { return (bits_ >> static_cast<unsigned>(kind) & 1U) != 0; }
  /// Calls `visit(kind)` in the order of the kinds.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t left = bits_; left != 0; left &= left - 1) visit(static_cast<OpKind>(std::countr_zero(left)));
  }

 private:
  std::uint32_t bits_;
};

/// Some ops of one launch, by their place in it, none `reach` or further behind the first.
class OpSet {
 public:
  static constexpr std::size_t reach = 64;

  /// `bits`: a bit per op, counted from place `first`.
  OpSet(std::size_t first, std::uint64_t bits) : first_{first}, bits_{bits} {}

  [[nodiscard]] bool has(std::size_t place) const {
    return place - first_ < reach && (bits_ >> (place - first_) & 1U) != 0;
  }
  /// Calls `visit(place)` in program order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint64_t left = bits_; left != 0; left &= left - 1) {
      visit(first_ + static_cast<std::size_t>(std::countr_zero(left)));
    }
  }
  /// As given to the constructor.
  [[nodiscard]] std::uint64_t bits() const { return bits_; }

 private:
  std::size_t first_;
  std::uint64_t bits_;
};

/// A chain of ops that leads back to itself `lag` trips later.
struct DependenceCycle {
  OpSet ops;
  int lag;
};
using DependenceCycles = InlineVector<DependenceCycle, 256>;

/// What a CTA does outside its loops, at the mean over all CTAs: empty query rows are not loaded.
struct OnceCount {
  Work work;      ///< of all warp groups
  Work in_turn;   ///< of one of them, op after op
  KindSet kinds;  ///< that occur

  [[nodiscard]] double work_of(OpKind kind) const { return work[static_cast<std::size_t>(kind)]; }
};

/// One trip of the loops of a group, which run in step. Tiles count as inside the tensor: a trip over a ragged block
/// takes as long as any.
struct TripCount {
  Work work;                 ///< of all warp groups; ops that a guard lets through in some trips by their share
  std::int16_t first_cycle;  ///< cycles [first_cycle, last_cycle) of ProgramCounts are this group's
  std::int16_t last_cycle;
};

/// What CTAs ask for as they enter their first loop.
struct FirstTile {
  std::int16_t op = -1;      ///< the load; -1: none does
  std::int64_t sharers = 1;  ///< CTAs that walk over the same tiles: along axis 0, and along axes that neither place
                             ///< them nor move the loop
  std::int16_t own = -1;     ///< the first load of the CTA's own tile, outside its loops; -1: it has none
};

struct LaunchCount {
  std::int64_t ctas;
  std::int64_t loaded;                        ///< bytes requested by loads
  std::int64_t stored;                        ///< bytes sent by stores and atomics
  std::int64_t sectors;                       ///< 32-byte sectors moved by all of them
  std::array<std::int64_t, max_loops> trips;  ///< of loop n, over all CTAs; 0 beyond the launch's loops
  Work work;                                  ///< of the SMs in all: executions x amount; 0 for tile movements
  OnceCount once;
  std::array<TripCount, max_loops> trip;  ///< of loops that lead a group and have a body of their own: body_of()

  FirstTile first_tile;
  std::int16_t first_use;  ///< uses [first_use, last_use) of ProgramCounts are this launch's
  std::int16_t last_use;

  [[nodiscard]] double work_of(OpKind kind) const { return work[static_cast<std::size_t>(kind)]; }
};

/// The loop whose trips are like those of loop `l`: itself, or the earlier one that it repeats, if that makes any.
[[nodiscard]] inline std::size_t body_of(const Launch& launch, const LaunchCount& totals, std::size_t l) {
  const std::int8_t earlier = launch.loops[l].body_of;
  return earlier >= 0 && totals.trips[static_cast<std::size_t>(earlier)] > 0 ? static_cast<std::size_t>(earlier) : l;
}

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
  bool ahead;            ///< loaded by a loop, which asks for the next tile while it works on another
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
  std::array<OpCount, max_ops> op;     ///< by index into program.ops
  std::array<double, max_ops> amount;  ///< the same: of one execution inside the tensor, bytes, FLOP or results
  std::array<LaunchCount, max_launches> launch;
  InlineVector<TensorUse, max_uses> uses;  ///< launch by launch
  DependenceCycles cycles;                 ///< group by group
  Bytes inputs_and_outputs;                ///< whole tensors
  Bytes compulsory;         ///< what is touched of them, once: the bytes that any implementation must move
  Bytes tensors;            ///< all of them, whole
  std::uint8_t placements;  ///< bit per Placement that a tensor has
  Bytes workspace;  ///< alive at once at most: a workspace tensor lives from the first launch that uses it to the last;
                    ///< one that is read before it is written was left by the forward pass and lives from the start

  /// True if a tensor is kept there.
  [[nodiscard]] bool keeps(Placement placement) const {
    return (placements >> static_cast<unsigned>(placement) & 1U) != 0;
  }
  /// The dependence cycles of a group of loops.
  [[nodiscard]] std::span<const DependenceCycle> cycles_of(const TripCount& trip) const {
    return {cycles.begin() + trip.first_cycle, cycles.begin() + trip.last_cycle};
  }
  /// The tensors that launch `l` uses.
  [[nodiscard]] std::span<const TensorUse> uses_of(std::size_t l) const {
    return {uses.begin() + launch[l].first_use, uses.begin() + launch[l].last_use};
  }
};

/// Counts everything in `program`.
void count(const Program& program, ProgramCounts& counts);

/// How often loop `loop` of a launch makes at least one trip.
[[nodiscard]] std::int64_t entries(const Launch& launch, int loop);

}  // namespace rooftile
