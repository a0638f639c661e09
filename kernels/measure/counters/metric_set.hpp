// Which hardware counters say how many bytes moved at a level. Names are those that Nsight Compute and CUPTI share; the
// sets are small enough for one pass, so that nothing is replayed and the caches are as in the timed run.
//
//   level   counters                                          passes (CUPTI 13.0)
//   dram    dram__bytes_read.sum, dram__bytes_write.sum,      1 on every chip that has them
//           time and cycles of the range
//   l2      sectors that the SMs asked of L2 (reads, writes)  1; 4 on GV100
//           and all sectors, whoever asked
//
// Sectors of 32 bytes from the SMs (srcunit_tex) are what a Program calls L2 bytes. All sectors are more: where L2 has
// two partitions, a request that crosses over is counted in both. The hit rate would need a second or third pass
// and is left out: DRAM bytes beside L2 bytes say the same.
//
// Integrated GPUs (GA10B, GB10B, GB20B) have no DRAM counters.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rooftile::kernels::measure {

enum class CounterLevel : std::uint8_t { dram, l2 };

[[nodiscard]] constexpr std::string_view name_of(CounterLevel level) {
  return level == CounterLevel::dram ? "dram" : "l2";
}

/// Metrics collected together. The first two are reads and writes.
struct MetricSet {
  std::array<const char*, 4> names;
  double bytes_per_count;  ///< of the first two
};

/// The set for a level of a chip ("GH100").
[[nodiscard]] constexpr MetricSet metric_set(CounterLevel level, std::string_view chip) {
  if (level == CounterLevel::l2) {
    return {{"lts__t_sectors_srcunit_tex_op_read.sum", "lts__t_sectors_srcunit_tex_op_write.sum",
             "lts__t_sectors_op_read.sum", "lts__t_sectors_op_write.sum"},
            32};
  }
  const bool consumer_blackwell = chip.substr(0, 4) == "GB20";
  return {{consumer_blackwell ? "dram__bytes_op_read.sum" : "dram__bytes_read.sum",
           consumer_blackwell ? "dram__bytes_op_write.sum" : "dram__bytes_write.sum", "gpu__time_duration.sum",
           "sm__cycles_elapsed.max"},
          1};
}

}  // namespace rooftile::kernels::measure
