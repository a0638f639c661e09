// Which requests L2 answers and which leave DRAM (model/README.md, section 5).
//
// Bytes are asked for again at three distances, and each is answered by L2 if what is touched in between fits:
//   at the same time     CTAs of one wave that share K and V read them once
//   one sweep later      the next sweep of the same CTAs (safe softmax): what the wave loads
//   one wave later       the next query tiles of the same head: what the wave loads and stores
//   one launch later     S written by QKᵀ, read by softmax: what the launches in between touch
// Atomics are made in L2: what they add to is read from DRAM where L2 does not hold it, and written back with the rest.
// What is pinned (Placement::l2) stands in a part set aside and is read from DRAM once; other data have the rest. Where
// the pinned tensors are larger than that part, a share of their lines is pinned and the others are as any, as the hit
// ratio of an access policy window is meant (CUDA C++ Programming Guide, "L2 policy for persisting accesses"). What
// comes from the host (Placement::host) arrives anew in every launch. A wave is as many CTAs as are resident at once.
// Bytes that SMs of both L2 partitions read stand in each of them.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "rooftile/model/count.hpp"
#include "rooftile/model/l2_copies.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

/// Share of re-reads that miss when `between` bytes are touched between two uses: none up to cliff_begin of the
/// capacity, all from cliff_end on, linear between. The measured cliffs: A100 between 24 and 40 MB of reads shared by
/// both 20 MiB partitions, GH200 between 48 and 58 MB of 60, L40 between 83 and 100 MB of 96 (te42kyfo/gpu-benches,
/// gpu-l2-cache).
inline constexpr double cliff_begin = 0.8;
inline constexpr double cliff_end = 1.2;
[[nodiscard]] double miss_share(double between, Bytes capacity);

/// What running in waves of `wave` CTAs makes of the tensors of a launch.
class Waves {
 public:
  Waves(const Launch& launch, std::int64_t ctas, std::int64_t wave);

  /// How often the sets of CTAs that share the tensor's bytes are begun anew, per set.
  [[nodiscard]] double anew(const TensorUse& use) { return use.sharers <= 1 || wave_ >= ctas_ ? 1 : shared_anew(use); }
  /// The last wave's share of the launch.
  [[nodiscard]] double last() const { return one_of_waves_; }
  /// The share of a tensor's touched bytes that one wave makes stand in L2; `anew` as above.
  [[nodiscard]] double standing(double anew) const { return std::min(1.0, anew * one_of_waves_); }

 private:
  [[nodiscard]] double shared_anew(const TensorUse& use);

  const Launch& launch_;
  std::int64_t ctas_;
  std::int64_t wave_;
  double one_of_waves_;
  std::uint32_t asked_ = 0;                  ///< bit per pattern of axes whose answer is known
  std::array<double, 1U << max_axes> anew_;  ///< by TensorUse::indexed
};

/// By tensor: the part of the bytes that loads asked for which DRAM delivered. Of tensors that a launch does not load,
/// any.
using MissedShares = std::array<double, max_tensors>;

/// Walks the launches of a call in order and keeps what L2 still holds.
class L2Reuse {
 public:
  /// `warm`: the call before this one was the same.
  L2Reuse(const Device& device, const Program& program, const ProgramCounts& counts, bool warm);

  /// DRAM bytes of the next launch, whose CTAs run `wave` at a time; to be called once per launch, in order.
  [[nodiscard]] Traffic next(const Launch& launch, std::int64_t ctas, std::span<const TensorUse> uses,
                             std::int64_t wave);

  /// Shares of the last launch. CTAs of a wave that share K and V ask for them at about the same time and wait for the
  /// same answer, so each wave counts once.
  [[nodiscard]] const MissedShares& missed() const { return missed_; }
  /// Share of the lines of pinned tensors that stand in L2 for good; of a tensor, 0 if it is not pinned.
  [[nodiscard]] double pinned() const { return pinned_; }
  [[nodiscard]] double pinned(const TensorUse& use) const {
    return pinned_ > 0 && program_.tensors[static_cast<std::size_t>(use.tensor)].placement == Placement::l2 ? pinned_
                                                                                                            : 0;
  }
  /// Bytes that a tensor wants of the rest: of what is not pinned, a copy in each partition if SMs of all of them read.
  [[nodiscard]] double share(const TensorUse& use) const {
    return (1 - pinned(use)) * copies_of(use, partitions_) * static_cast<double>(use.touched);
  }
  /// What is left for everything else.
  [[nodiscard]] Bytes capacity() const { return capacity_; }

 private:
  /// Shares of re-reads that miss in the launch at hand.
  struct Misses {
    double next_sweep, next_wave;
    [[nodiscard]] bool any() const { return next_sweep > 0 || next_wave > 0; }
  };

  /// Bytes of the chosen tensors as they stand in L2, each tensor once.
  template <class Chosen>
  [[nodiscard]] double standing_bytes(const ProgramCounts& counts, Chosen chosen) const;
  void set_aside(const Device& device, const ProgramCounts& counts);
  /// Notes that a tensor was used when so many bytes were touched.
  void used_at(const TensorUse& use, double touched);
  /// Adds the DRAM bytes of a tensor.
  void add(const TensorUse& use, double anew, const Misses& missed, Traffic& dram);

  const Program& program_;
  Bytes capacity_;  ///< for what is not pinned
  MissedShares missed_{};
  double pinned_ = 0;
  double partitions_;
  double touched_ = 0;  ///< bytes touched by the launches so far
  /// What it was when the launch began that used the tensor last; of a tensor that it stored, when its first wave
  /// ended: CTAs store what they made at their end.
  std::array<double, max_tensors> used_;
  std::uint64_t made_ = 0;  ///< tensors that hold something: inputs, and those used before, a bit each
  static_assert(max_tensors <= 64);
};

}  // namespace rooftile
