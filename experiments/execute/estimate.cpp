#include "execute/estimate.hpp"

#include <cmath>

#include "rooftile/kernels/execution.hpp"

namespace rooftile::experiments {
namespace {

// Rates of one core of a current x86 server, rounded down (rooftile_bench measures them: execute/<kernel>).
constexpr double mma_per_second = 5e6;
constexpr double exp2_per_second = 2e8;
constexpr double sectors_per_second = 2e7;
constexpr double reference_flop_per_second = 4e9;

}  // namespace

double execution_seconds(const Program& program, const ProgramCounts& counts) {
  double seconds = 0;
  for (std::size_t l = 0; l < program.launches.size(); ++l) {
    const LaunchCount& launch = counts.launch[l];
    seconds += launch.work_of(OpKind::mma) / kernels::flop_per_mma / mma_per_second;
    seconds += launch.work_of(OpKind::exp2) / exp2_per_second;
    seconds += static_cast<double>(launch.sectors) / sectors_per_second;
  }
  return seconds + program.paper_flops.value() / reference_flop_per_second;
}

std::string duration_text(double seconds) {
  const auto rounded = [](double value, const char* unit) {
    return std::to_string(static_cast<std::int64_t>(std::ceil(value))) + unit;
  };
  if (seconds < 120) return rounded(seconds, " s");
  if (seconds < 7200) return rounded(seconds / 60, " min");
  return rounded(seconds / 3600, " h");
}

}  // namespace rooftile::experiments
