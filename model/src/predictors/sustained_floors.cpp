#include "rooftile/model/sustained_floors.hpp"

#include <algorithm>
#include <array>

#include "rooftile/model/cost_table.hpp"

namespace rooftile {
namespace {

/// A floor that reaches this part of the time decides it, one that stays below the other part does not.
constexpr double decides = 0.8, leaves_room = 0.6;

double beyond(double bytes, double held) { return std::max(0.0, bytes - held); }

/// What no cache of `held` bytes can save.
Bytes compulsory_dram(const Program& program, const ProgramCounts& counts, double held) {
  double bytes = 0;
  std::array<std::int64_t, max_tensors> written{};
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    std::int64_t read = 0;
    for (const TensorUse& use : counts.uses_of(l)) {
      const auto t = static_cast<std::size_t>(use.tensor);
      if (program.tensors[t].placement == Placement::host) continue;
      if (use.stored > 0) {
        written[t] = std::max(written[t], use.touched);
      } else {
        read += use.touched;
      }
    }
    const bool begins_cold = l == 0 && program.l2 == L2State::cold;
    bytes += beyond(static_cast<double>(read), begins_cold ? 0 : held);
  }
  std::int64_t all_written = 0;
  for (const std::int64_t of_tensor : written) all_written += of_tensor;
  return Bytes{bytes + beyond(static_cast<double>(all_written), held)};
}

/// Zero for a time that a missing leaf makes unknown.
Seconds known(Seconds time) { return time >= Seconds{0} ? time : Seconds{0}; }

}  // namespace

SustainedFloors sustained_floors(const Device& device, const Program& program, const ProgramCounts& counts) {
  const Bytes bytes = compulsory_dram(program, counts, device.memory.l2.capacity.value());
  double products = 0;
  for (std::size_t l = 0; l < program.launches.size(); ++l) products += counts.launch[l].work_of(OpKind::mma);
  const FlopsPerSecond sustained =
      matmul_peak(device, program.dtype) * part_of_peak(device, program.dtype, program.math, Sustained::yes);
  return {known(bytes / sustained_bandwidth(device)), known(Flops{products} / sustained)};
}

std::optional<BoundRegime> shown_bound(Seconds observed, const SustainedFloors& floors) {
  const auto shows = [observed](Seconds floor, Seconds other) {
    return floor >= observed * decides && other <= observed * leaves_room;
  };
  if (shows(floors.memory, floors.compute)) return BoundRegime::memory;
  if (shows(floors.compute, floors.memory)) return BoundRegime::compute;
  return std::nullopt;
}

bool agrees(Limit predicted, BoundRegime shown) {
  if (predicted == Limit::dram || predicted == Limit::l2) return shown == BoundRegime::memory;
  if (predicted == Limit::latency || predicted == Limit::launch) return false;
  return shown == BoundRegime::compute;
}

}  // namespace rooftile
