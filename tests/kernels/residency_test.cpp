// Bytes that leave DRAM depend on how many CTAs run at once and on the size of L2: the executed kernel against what
// theory says of LRU.
//
//   8 heads, N = 2048, d = 64, fp16: K and V of a head 512 KiB, Q 256 KiB, 16 query tiles, compulsory 6 MiB
//                    1 resident    8 resident    108 resident
//   L2 40 MiB        6             6             6
//   L2 1 MiB         6             6             6.5
//   L2 256 KiB       66            10            6.5      MiB read
//
// CTAs that run together walk over the same keys at the same pace, so K and V are read once per wave and head: 8
// resident are half a head, 108 are six heads and three quarters of the seventh. One at a time, each of the 16 tiles of
// a head reads all its K and V again. 1 MiB holds what one head needs, but not what seven sweep over together.
#include <gtest/gtest.h>

#include "support.hpp"

namespace rooftile::kernels {
namespace {

constexpr double MiB = 1 << 20;
constexpr AttentionCall call{.heads = 8, .kv_heads = 8, .seq_q = 2048, .seq_kv = 2048, .head_dim = 64};

struct Residency {
  int resident;
  std::int64_t l2;
  double read;  ///< MiB
};

class ResidencyTest : public testing::TestWithParam<Residency> {};

TEST_P(ResidencyTest, DecidesWhatLeavesDram) {
  const auto [resident, l2, expected] = GetParam();
  if (sanitized && l2 != 1 << 20) GTEST_SKIP() << "the L2 of 1 MiB stands for all";
  HostCall run{"rt_flash2", call};
  run.fill(1);
  const Execution record = run.execute({.resident = resident, .l2_capacity = l2});
  ASSERT_EQ(record.launches.size(), 1u);
  const LaunchExecution& launch = record.launches[0];
  // 2 %: the hashed sets of a nearly full cache let a line go now and then
  EXPECT_NEAR(static_cast<double>(launch.dram_read_bytes) / MiB, expected, 0.02 * expected);
  EXPECT_EQ(launch.dram_write_bytes, launch.tensor("O")->stored_bytes + launch.tensor("LSE")->stored_bytes);
  EXPECT_EQ(launch.tensor("K")->loaded_bytes, 8 * 16 * 2048 * 64 * 2) << "what SMs ask for does not depend on it";
}

INSTANTIATE_TEST_SUITE_P(
    Flash2, ResidencyTest,
    testing::Values(Residency{1, 40 << 20, 6}, Residency{8, 40 << 20, 6}, Residency{108, 40 << 20, 6},
                    Residency{1, 1 << 20, 6}, Residency{8, 1 << 20, 6}, Residency{108, 1 << 20, 6.5},
                    Residency{1, 256 << 10, 66}, Residency{8, 256 << 10, 10}, Residency{108, 256 << 10, 6.5}),
    [](const auto& info) {
      return std::to_string(info.param.resident) + "_resident_" + std::to_string(info.param.l2 >> 10) + "_KiB";
    });

}  // namespace
}  // namespace rooftile::kernels
