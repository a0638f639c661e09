// The tile table says of our kernels what ptxas says, and the check that says so finds what is wrong.
#include "cuda/ptxas_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace rooftile::kernels::cuda {
namespace {

std::vector<KernelUse> report(const std::string& path) {
  std::ifstream csv{path};
  EXPECT_TRUE(csv) << path << " cannot be read";
  return read_report(csv);
}
std::vector<KernelUse> committed() { return report(ROOFTILE_SOURCE_DIR "/kernels/ptxas_report.csv"); }

std::string listed(const std::vector<std::string>& sentences) {
  std::string all;
  for (const std::string& sentence : sentences) all += sentence + '\n';
  return all;
}

std::string csv(const std::vector<KernelUse>& uses) {
  std::ostringstream out;
  write_report(out, "nvcc", compiled_kernels(), uses);
  return out.str();
}

TEST(PtxasReport, CommittedOneAgreesWithTheTileTable) { EXPECT_EQ(listed(disagreements(committed())), ""); }

#ifdef ROOFTILE_FRESH_PTXAS_REPORT
TEST(PtxasReport, FreshOneIsTheCommittedOne) {
  EXPECT_EQ(csv(report(ROOFTILE_FRESH_PTXAS_REPORT)), csv(committed()))
      << "cmake --build BUILD --target update_ptxas_report puts the fresh report in place; the tile table follows by "
         "hand";
}
#endif

TEST(PtxasReport, SurvivesWritingAndReading) {
  const std::vector<KernelUse> uses = committed();
  std::istringstream text{csv(uses)};
  EXPECT_EQ(read_report(text), uses);
}

constexpr const char* log_of_one =
    "ptxas info    : 0 bytes gmem\n"
    "ptxas info    : Compiling entry function "
    "'_ZN8rooftile7kernels4cuda6kernelINS0_6flash213ForwardKernelINS0_4fp16ELi128EEEEEvNT_6ParamsE' for 'sm_90a'\n"
    "ptxas info    : Function properties for "
    "_ZN8rooftile7kernels4cuda6kernelINS0_6flash213ForwardKernelINS0_4fp16ELi128EEEEEvNT_6ParamsE\n"
    "    96 bytes stack frame, 132 bytes spill stores, 192 bytes spill loads\n"
    "ptxas info    : Used 255 registers, used 1 barriers, 96 bytes cumulative stack size, 16 bytes smem\n";

TEST(PtxasReport, ReadsWhatPtxasPrints) {
  std::istringstream log{log_of_one};
  std::vector<KernelUse> uses;
  read_ptxas_log(log, compiled_kernels(), uses);
  const KernelUse expected{"flash2", 128, "ForwardKernel<fp16 128>", "sm_90a", 255, 96, 132, 192, 16};
  ASSERT_EQ(uses.size(), 1U);
  EXPECT_EQ(csv(uses), csv({expected}));
}

TEST(PtxasReport, KernelsOutsideTheRegistryAreAnError) {
  std::istringstream log{"ptxas info    : Compiling entry function '_Z5otherv' for 'sm_80'\n"};
  std::vector<KernelUse> uses;
  EXPECT_THROW(read_ptxas_log(log, compiled_kernels(), uses), std::runtime_error);
}

TEST(PtxasReport, ALineThatIsNoRowIsAnError) {
  std::istringstream text{"flash2,128,ForwardKernel<fp16 128>,sm_80,255,0,0,0\n"};
  EXPECT_THROW(static_cast<void>(read_report(text)), std::runtime_error);
}

/// A report that is right but for what `spoil` does to flash2's row for fp16, head_dim 128, sm_80.
template <class Spoil>
std::string found_after(const Spoil& spoil) {
  std::vector<KernelUse> uses = committed();
  const auto row = std::find_if(uses.begin(), uses.end(), [](const KernelUse& use) {
    return use.variant == "ForwardKernel<fp16 128>" && use.arch == "sm_80";
  });
  if (row == uses.end()) return "no such row";
  spoil(*row);
  return listed(disagreements(uses));
}

TEST(PtxasReport, EverythingThatCanBeWrongIsNamed) {
  const std::string name = "flash2 128, ForwardKernel<fp16 128> on sm_80 ";
  EXPECT_EQ(found_after([](KernelUse& use) { use.spill_store_bytes = 4; }), name + "spills registers\n");
  EXPECT_EQ(found_after([](KernelUse& use) { use.spill_load_bytes = 4; }), name + "spills registers\n");
  EXPECT_EQ(found_after([](KernelUse& use) { use.stack_bytes = 8; }), name + "has a stack\n");
  EXPECT_EQ(found_after([](KernelUse& use) { use.static_smem_bytes = 16; }),
            name + "has static shared memory beside the table's\n");
  EXPECT_EQ(found_after([](KernelUse& use) { use.registers = 256; }),
            "flash2 128 on sm_80 takes 256 registers, the tile table says 255\n");
  EXPECT_EQ(found_after([](KernelUse& use) { use.variant = "ForwardKernel<fp16 96>"; }),
            "ForwardKernel<fp16 128> on sm_80 has 0 rows, not one\n"
            "flash2 128, ForwardKernel<fp16 96> on sm_80 is no kernel of the texts\n");
}

TEST(PtxasReport, KernelsForSm90aAloneHaveNoRowForSm80) {
  std::vector<KernelUse> uses = committed();
  uses.push_back({"flash3", 64, "ForwardKernel<fp16 64>", "sm_80", 128});
  EXPECT_EQ(listed(disagreements(uses)), "ForwardKernel<fp16 64> on sm_80 has 1 rows, not none\n");
}

TEST(PtxasReport, ATileWithoutKernelsIsNamed) {
  std::vector<KernelUse> uses = committed();
  uses.erase(std::remove_if(uses.begin(), uses.end(),
                            [](const KernelUse& use) { return use.key == 256 && use.launch == "flash2"; }),
             uses.end());
  const std::string found = listed(disagreements(uses));
  EXPECT_NE(found.find("flash2 256 on sm_80 has no kernel\n"), std::string::npos) << found;
  EXPECT_NE(found.find("ForwardKernel<bf16 256> on sm_90a has 0 rows, not one\n"), std::string::npos) << found;
}

}  // namespace
}  // namespace rooftile::kernels::cuda
