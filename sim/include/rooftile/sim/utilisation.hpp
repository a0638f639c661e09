// How busy everything was over time: each launch cut into slices of equal length.
//
//   Utilisation utilisation{20};
//   simulate(device, program, counts, &utilisation);
//   utilisation.launches()[0].slices[3].busy[...]     what part of the fourth twentieth each resource was busy
//
// While a launch runs, nobody knows when it will end: time goes into many fine bins, which are joined two and two
// whenever the launch outgrows them, and at its end into the slices. Nothing is lost on the way: over all slices the
// busy time is exact; at the border of two of them it is known to 1/32 of a slice.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "rooftile/sim/listener.hpp"

namespace rooftile::sim {

/// The resources of Limit that can be busy: dram, l2, smem, tensor, exp2, fma, convert, issue; in its order.
inline constexpr std::size_t busy_resources = 8;
static_assert(static_cast<std::size_t>(Limit::issue) + 1 == busy_resources);

/// Parts between 0 and 1 of what there is: of DRAM's bandwidth (the datasheet's), of the SMs' units, of the places for
/// CTAs.
struct Slice {
  std::array<double, busy_resources> busy{};  ///< by Limit
  double places = 0;                          ///< with a CTA
};

struct LaunchSlices {
  std::string launch;
  Seconds begin;
  Seconds end;
  std::vector<Slice> slices;
};

class Utilisation final : public Listener {
 public:
  /// Slices of each launch, at least one.
  explicit Utilisation(std::size_t slices);

  void call_begins(const CallSeen& call) override;
  void launch_begins(const LaunchSeen& launch) override;
  void phase(const PhaseSeen& phase) override;
  void work(const WorkSeen& work) override;
  void dram(const DramSeen& dram) override;
  void launch_ends(Seconds end) override;

  /// Of the last call, those that have ended.
  [[nodiscard]] const std::vector<LaunchSlices>& launches() const { return launches_; }

 private:
  /// Busy time, seconds of the whole of a resource: those of Limit, then the places.
  using Bin = std::array<double, busy_resources + 1>;

  void add(std::size_t resource, Seconds begin, Seconds end, double busy);
  void join_bins();
  void add_moved(Seconds until);
  void fill(std::vector<Slice>& slices, double length) const;
  void begin_anew(Seconds begin);

  std::size_t slices_;
  std::vector<Bin> bins_;  ///< of the launch
  double width_ = 0;       ///< of one, seconds
  Seconds begin_;
  Seconds now_;                   ///< what happened last is known up to here
  std::vector<DramSeen> moving_;  ///< asked for, and not all of it moved yet
  std::size_t most_moving_;
  double sms_ = 1, places_ = 1;
  BytesPerSecond dram_;
  std::vector<LaunchSlices> launches_;
};

}  // namespace rooftile::sim
