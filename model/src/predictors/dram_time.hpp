// How fast DRAM answers: bandwidth is a matter of bytes in flight.
//
// Little's law: what is in flight / latency = bytes per second. A CTA with `stages` buffers of b bytes has stages·b in
// flight; on S SMs with R residents no more than S·R·stages·b per DRAM latency can arrive, whatever the memory could
// deliver. loop_time.hpp says it from the side of the CTA: a trip waits for its buffer, for the latency of DRAM where
// L2 misses. Small grids (decode, batch 1) are slow for this reason.
//
// Near saturation requests queue and neither limit is reached. With t the time that the SMs take when DRAM answers at
// its latency and d that of the bytes at full bandwidth,
//
//   time = (t³ + d³)^(1/3)
//
// which follows measured curves of bandwidth over bytes in flight within 3 to 9 % at the mean on nine GPUs from V100 to
// MI300X (RRZE-HPC/gpu-benches gpu-stream @1038c5d0, kernel `read`, latency from its first point) and within 6 to 13 %
// on B200 (TMA; SemiAnalysisAI/microbench-blackwell compare_mem_throughput @9a068d85). The longer of the two is off by
// 1 to 15 % and 8 to 15 %. Those streams wait for what they asked for. A loop asks for its tiles ahead and has
// something to do while they queue: the fourth power of both. On A100 64 CTAs of a decode, one to an SM, which need
// three quarters of the bandwidth, take 6 to 8 % longer per trip than four of them do (aiconfigurator's rows of vLLM,
// 65,536 and 131,072 keys); the third power says 13 %, the fourth 7.
//
// Waves begin in step: all CTAs of the first one start at once, and DRAM idles while they fetch their first tile and
// while they finish. Wave by wave they drift apart, until the ends of some lie under the bytes of others. Of n waves
// n·R / (n + R - 1) keep their ends bare: the first, and never more than R = 3. H100, 256 keys at head dim 128, one
// query (aiconfigurator's rows): the third and fourth tile of a CTA take 10 us each, from the ninth on 6 us, which is
// what their bytes take.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "l2_reuse.hpp"
#include "rooftile/model/count.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/program.hpp"

namespace rooftile {

/// Cube root of x, 1 <= x <= 2, within 2e-15 of it: Halley's step from the polynomial through the root at five
/// Chebyshev nodes, which is within 1.4e-5. Six std::cbrt were an eighth of the prediction of a call of three launches.
[[nodiscard]] constexpr double cube_root_near_one(double x) {
  const double square = x * x;
  const double near = (0.5092481335492398 + x * 0.7117423866025998) +
                      square * (-0.29395411808483507 + x * 0.08307903547964242 - square * 0.01010221233634012);
  const double cube = near * near * near;
  return near * (cube + 2 * x) / (2 * cube + x);
}

/// Time of a launch whose CTAs take `sms` with DRAM at its latency, and whose bytes take `dram` at full bandwidth; the
/// part `ahead` of them is asked for ahead.
[[nodiscard]] inline Seconds with_queueing(Seconds sms, Seconds dram, double ahead) {
  const double longer = std::max(sms.value(), dram.value()), shorter = std::min(sms.value(), dram.value());
  if (shorter <= 0) return Seconds{longer};
  const double ratio = shorter / longer, cube = ratio * ratio * ratio;
  const double waited_for = cube_root_near_one(1 + cube), asked_ahead = std::sqrt(std::sqrt(1 + cube * ratio));
  return Seconds{longer * (waited_for + ahead * (asked_ahead - waited_for))};
}

/// The part of a launch's DRAM bytes that loops ask for ahead; kernels along rows wait for what they ask for.
[[nodiscard]] inline double asked_ahead(const Launch& launch, std::span<const TensorUse> uses,
                                        const MissedShares& missed, Bytes dram) {
  if (launch.part == LaunchPart::rows || dram <= Bytes{0}) return 0;
  double bytes = 0;
  for (const TensorUse& use : uses) {
    if (use.ahead) bytes += static_cast<double>(use.touched) * missed[static_cast<std::size_t>(use.tensor)];
  }
  return std::min(1.0, bytes / dram.value());
}

/// Waves whose ends no bytes of other CTAs overlap, of `waves`; at least one. The limit is chosen, not fitted: from
/// 2 to 6 the error of H100's serving rows changes by 0.15 points.
[[nodiscard]] inline double waves_in_step(double waves) {
  constexpr double most = 3;
  return waves <= 1 ? 1 : waves * most / (waves + most - 1);
}

}  // namespace rooftile
