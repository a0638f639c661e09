// A whole call on the host from outside: what is refused, what is poisoned, what is recorded.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "support.hpp"

namespace rooftile::kernels {
namespace {

constexpr AttentionCall small{.heads = 2, .kv_heads = 1, .seq_q = 70, .seq_kv = 100};

TEST(HostCall, RefusesWhatNoKernelTakes) {
  EXPECT_EQ(refusal("rt_flash2", small), "");
  AttentionCall call = small;
  call.kv_heads = 3;
  EXPECT_EQ(refusal("rt_flash2", call), "kv_heads must divide heads");
  call = small;
  call.seq_kv = 0;
  EXPECT_EQ(refusal("rt_flash2", call), "every extent must be at least 1");
  call = small;
  call.head_dim = 12;  // rows of 24 bytes: no kernel of ours loads less than 16
  for (const std::string_view kernel : kernel_names()) {
    EXPECT_NE(refusal(kernel, call), "") << kernel;
    EXPECT_THROW((HostCall{kernel, call}), std::invalid_argument);
  }
}

/// Flash kernels are compiled for their head dims; a product takes any whole number of 16-byte pieces.
TEST(HostCall, HeadDimsInBetweenAreForStandardAttentionOnly) {
  AttentionCall call = small;
  call.head_dim = 80;
  EXPECT_NE(refusal("rt_flash2", call), "");
  HostCall run{"rt_standard", call};
  run.fill(1);
  EXPECT_EQ(faults_of(run.execute()), "");
  EXPECT_LE(run.accuracy().relative, 2e-3);
}

TEST(HostCall, AnUnknownKernelIsAnErrorThatNamesTheKnownOnes) {
  try {
    static_cast<void>(refusal("rt_flash7", small));
    FAIL() << "no exception";
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string{error.what()}.find("'rt_flash7'"), std::string::npos);
    EXPECT_NE(std::string{error.what()}.find("rt_flash2"), std::string::npos);
  }
}

/// The row must stay on chip: a long one is refused, and the reason says so.
TEST(HostCall, FusedSoftmaxRefusesRowsThatDoNotFit) {
  AttentionCall call = small;
  call.seq_kv = 200000;
  EXPECT_NE(refusal("rt_standard_fused", call), "");
  EXPECT_EQ(refusal("rt_standard", call), "");
}

TEST(HostCall, WhatNobodyWroteIsNaN) {
  HostCall run{"rt_flash2", small};
  run.fill(1);
  EXPECT_TRUE(std::ranges::all_of(run.o(), [](float value) { return std::isnan(value); })) << "before any execution";
  EXPECT_TRUE(std::isnan(run.accuracy().relative));
}

TEST(HostCall, TolerancesAreWiderWhereScoresGoThroughMemory) {
  EXPECT_EQ(tolerance_of("rt_flash2", Element::fp16).lse, 1e-3);
  EXPECT_EQ(tolerance_of("rt_flash2", Element::bf16).relative, 8e-3);
  EXPECT_EQ(tolerance_of("rt_standard", Element::fp16).lse, 4e-3);
  EXPECT_EQ(tolerance_of("rt_standard_fused", Element::bf16).lse, 3e-2);
}

TEST(HostCall, BlindRowsAreZeroAndMinusInfinity) {
  AttentionCall call = small;
  call.seq_q = 300;  // rows 0 ... 199 see no key: whole tiles and parts of one
  call.causal = true;
  for (const std::string_view kernel : kernel_names()) {
    HostCall run{kernel, call};
    run.fill(1);
    EXPECT_EQ(faults_of(run.execute()), "") << kernel;
    for (std::size_t row = 0; row < 600; ++row) {
      const bool blind = row % 300 < 200;
      EXPECT_EQ(run.lse()[row] == -std::numeric_limits<float>::infinity(), blind) << kernel << " row " << row;
      EXPECT_EQ(run.o()[row * 64 + 5] == 0, blind) << kernel << " row " << row;
    }
    EXPECT_LE(run.accuracy().relative, tolerance_of(kernel, call.element).relative);
  }
}

TEST(HostCall, AccuracySeesWhatIsWrong) {
  HostCall run{"rt_flash2", small};
  run.fill(1);
  static_cast<void>(run.execute());
  Reference exact = run.reference();
  EXPECT_LE(run.accuracy(exact).relative, 2e-3);
  const double was = exact.o[100];
  exact.o[100] += 1;
  EXPECT_GT(run.accuracy(exact).relative, 2e-3);
  EXPECT_NEAR(run.accuracy(exact).max_absolute, 1, 1e-2);
  exact.o[100] = was;
  exact.lse[3] += 0.5;
  EXPECT_NEAR(run.accuracy(exact).lse, 0.5, 1e-3);
  exact.lse[3] = -std::numeric_limits<double>::infinity();  // a row that should have been blind
  EXPECT_TRUE(std::isnan(run.accuracy(exact).lse));
}

TEST(HostCall, RecordsEveryLaunchAndTensor) {
  HostCall run{"rt_standard", small};
  run.fill(1);
  const Execution record = run.execute();
  ASSERT_EQ(record.launches.size(), 3u);
  const char* const names[] = {"qk", "softmax", "pv"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(record.launches[i].name, names[i]);
    EXPECT_EQ(record.launches[i].tensors.size(), tensors_of("rt_standard", small).count);
  }
  EXPECT_GT(record.launches[0].tensor("Q")->loaded_bytes, 0);
  EXPECT_EQ(record.launches[1].tensor("Q")->loaded_bytes, 0);
  EXPECT_EQ(record.launches[2].tensor("O")->stored_bytes, 2 * 70 * 64 * 2);
  EXPECT_EQ(record.launches[0].tensor("X"), nullptr);
  EXPECT_EQ(record.launches[0].mma % 64, 0);
  EXPECT_EQ(record.launches[0].dram_read_bytes, 0) << "no L2 was asked for";
}

}  // namespace
}  // namespace rooftile::kernels
