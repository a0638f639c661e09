#include "execute/residency.hpp"

#include <algorithm>

#include "rooftile/model/occupancy.hpp"

namespace rooftile::experiments {
namespace {

constexpr double memory_for_ctas = 1e9;    // bytes of host memory that CTAs in flight may take
constexpr double memory_per_warp = 128e3;  // stack and registers of a fiber
constexpr std::int64_t threads_per_warp = 32;

std::size_t largest_launch(const Program& program, const ProgramCounts& counts) {
  std::size_t largest = 0;
  for (std::size_t l = 1; l < program.launches.size(); ++l) {
    if (counts.launch[l].work_of(OpKind::mma) >= counts.launch[largest].work_of(OpKind::mma)) largest = l;
  }
  return largest;
}

double host_bytes(const Launch& launch) {
  const std::int64_t warps = launch.threads / threads_per_warp;
  return static_cast<double>(launch.smem) + static_cast<double>(warps) * memory_per_warp;
}

}  // namespace

Residency residency(const Device& device, const Program& program, const ProgramCounts& counts) {
  if (!is_known(device.sm.count)) return {.remark = "the profile states no sm.count: one CTA at a time"};
  const Launch& launch = program.launches[largest_launch(program, counts)];
  const auto sms = static_cast<std::int64_t>(device.sm.count.value());
  const std::int64_t held =
      std::clamp<std::int64_t>(occupancy(device, launch).resident, 1, launch.ctas()) * std::max<std::int64_t>(1, sms);
  const std::int64_t wanted = std::clamp<std::int64_t>(held, 1, launch.ctas());
  double most_bytes = 0;
  for (const Launch& each : program.launches) most_bytes = std::max(most_bytes, host_bytes(each));
  const auto affordable = std::max<std::int64_t>(1, static_cast<std::int64_t>(memory_for_ctas / most_bytes));
  if (wanted <= affordable) return {.ctas = static_cast<int>(wanted)};
  return {.ctas = static_cast<int>(affordable),
          .remark = std::to_string(affordable) + " CTAs in flight instead of the " + std::to_string(wanted) +
                    " that the GPU holds: host memory"};
}

}  // namespace rooftile::experiments
