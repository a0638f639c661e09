// CUPTI's host half knows every chip: our metric sets must resolve, in the passes that we say they need.
#if __has_include(<cupti_range_profiler.h>)
#include <gtest/gtest.h>

#include <algorithm>

#include "library_support.hpp"
#include "measure/counters/metric_plan.hpp"
#include "measure/counters/metric_set.hpp"
#include "measure/counters/range_profiler.hpp"

namespace rooftile::kernels::measure {
namespace {

class CuptiMetrics : public testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "CUPTI loads its libraries with RTLD_DEEPBIND, which AddressSanitizer does not allow";
#endif
    std::string why;
    cupti_ = load<CuptiLibrary>(why);
    if (!cupti_) GTEST_SKIP() << why;
  }
  std::size_t passes(CounterLevel level, const std::string& chip) {
    return MetricPlan{*cupti_, chip, metric_set(level, chip).names}.passes();
  }
  /// What a set is refused with; empty if it is taken.
  std::string refusal(const std::string& chip, std::span<const char* const> metrics) {
    try {
      const MetricPlan plan{*cupti_, chip, metrics};
      return {};
    } catch (const CounterError& error) {
      EXPECT_EQ(error.status(), CounterStatus::unsupported);
      return error.what();
    }
  }
  std::unique_ptr<CuptiLibrary> cupti_;
};

TEST_F(CuptiMetrics, TheDramSetTakesOnePass) {
  for (const char* chip : {"GV100", "TU102", "GA100", "GA102", "AD102", "GH100", "GB100", "GB202"})
    EXPECT_EQ(passes(CounterLevel::dram, chip), 1U) << chip;
}

TEST_F(CuptiMetrics, TheL2SetTakesOnePassSinceTuring) {
  EXPECT_EQ(passes(CounterLevel::l2, "GV100"), 4U);
  for (const char* chip : {"TU102", "GA100", "GA102", "AD102", "GH100", "GB100", "GB202"})
    EXPECT_EQ(passes(CounterLevel::l2, chip), 1U) << chip;
}

TEST_F(CuptiMetrics, TheHitRateWouldCostMorePasses) {
  for (const char* chip : {"GA100", "GH100", "GB100"}) {
    const MetricSet l2 = metric_set(CounterLevel::l2, chip);
    std::vector<const char*> metrics(l2.names.begin(), l2.names.end());
    metrics.push_back("lts__t_sector_hit_rate.pct");
    EXPECT_GT((MetricPlan{*cupti_, chip, metrics}.passes()), 1U) << chip;
  }
}

TEST_F(CuptiMetrics, EveryChipOfThisLibraryHasBothSetsButIntegratedOnes) {
  const std::vector<std::string> without_dram{"GV11B", "GA10B", "GB10B", "GB20B"};
  for (const std::string& chip : supported_chips(*cupti_)) {
    const bool integrated = std::count(without_dram.begin(), without_dram.end(), chip) != 0;
    const MetricSet dram = metric_set(CounterLevel::dram, chip);
    EXPECT_EQ(refusal(chip, dram.names).empty(), !integrated) << chip;
    if (integrated) continue;
    EXPECT_EQ(refusal(chip, metric_set(CounterLevel::l2, chip).names), "") << chip;
  }
}

TEST_F(CuptiMetrics, AConfigurationImageIsMade) {
  const MetricPlan plan{*cupti_, "GH100", metric_set(CounterLevel::dram, "GH100").names};
  EXPECT_GT(plan.config().size(), 100U);
  EXPECT_EQ(plan.metrics().size(), 4U);
}

TEST_F(CuptiMetrics, AnUnknownMetricIsNamed) {
  const std::array metrics{"dram__bytes_read.sum", "dram__bytes_eaten.sum", "lts__t_sectors_lost.sum"};
  EXPECT_EQ(refusal("GH100", metrics), "GH100 has no counters dram__bytes_eaten.sum, lts__t_sectors_lost.sum");
}

TEST_F(CuptiMetrics, NamesOfAnotherChipAreRefused) {
  EXPECT_EQ(refusal("GB202", metric_set(CounterLevel::dram, "GH100").names),
            "GB202 has no counters dram__bytes_read.sum, dram__bytes_write.sum");
}

TEST_F(CuptiMetrics, AnUnknownChipIsRefusedWithCuptisOwnText) {
  try {
    const MetricPlan plan{*cupti_, "ZZ999", metric_set(CounterLevel::dram, "ZZ999").names};
    FAIL() << "took a chip that does not exist";
  } catch (const CounterError& error) {
    EXPECT_NE(std::string{error.what()}.find("CUPTI: cuptiProfilerHostInitialize: CUPTI_ERROR_"), std::string::npos)
        << error.what();
  }
}

TEST(RangeProfiler, MissingLibraryIsTheReason) {
  CounterProblem problem;
  EXPECT_EQ(RangeProfiler::open(problem, nowhere()), nullptr);
  EXPECT_EQ(problem.status, CounterStatus::unsupported);
  EXPECT_EQ(problem.reason, "libcupti.so." + std::to_string(CUDART_VERSION / 1000) + " not found (searched " +
                                nowhere().folders[0] + ")");
}

TEST_F(CuptiMetrics, WithoutADeviceTheProfilerSaysSo) {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess && count > 0) GTEST_SKIP() << "there is a device";
  CounterProblem problem;
  EXPECT_EQ(RangeProfiler::open(problem), nullptr);
  EXPECT_EQ(problem.status, CounterStatus::unsupported);
  EXPECT_EQ(problem.reason.rfind("no device: cudaGetDevice: ", 0), 0U) << problem.reason;
}

TEST(CounterError, PermissionIsARefusal) {
  std::string why;
  const auto cupti = load<CuptiLibrary>(why);
  if (!cupti) GTEST_SKIP() << why;
  try {
    cupti->check(CUPTI_ERROR_INSUFFICIENT_PRIVILEGES, "cuptiRangeProfilerEnable");
    FAIL() << "did not throw";
  } catch (const CounterError& error) {
    EXPECT_EQ(error.status(), CounterStatus::refused);
    const std::string text = error.what();
    EXPECT_EQ(text.rfind("CUPTI: cuptiRangeProfilerEnable: CUPTI_ERROR_INSUFFICIENT_PRIVILEGES", 0), 0U) << text;
    EXPECT_NE(text.find("ERR_NVGPUCTRPERM"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace rooftile::kernels::measure
#endif
