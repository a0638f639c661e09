// The profiles that are shipped: the names that are promised, a source for every number, and laws that no real machine
// breaks (a wrong digit, a swapped leaf or a forgotten prefix does).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "rooftile/model_yaml/profile_reader.hpp"
#include "scratch_folder.hpp"

namespace rooftile::yaml {
namespace {

namespace fs = std::filesystem;

fs::path shipped_folder() { return fs::path{ROOFTILE_SOURCE_DIR} / "hw_profiles"; }
ProfileCatalogue shipped() { return ProfileCatalogue{{shipped_folder()}}; }

/// Scripts and published data name these: a profile may be added, never renamed.
const std::vector<std::string> promised{"a10",
                                        "a100_flashattention_paper",
                                        "a100_pcie_40gb",
                                        "a100_pcie_80gb",
                                        "a100_sxm4_40gb",
                                        "a100_sxm4_80gb",
                                        "a10g",
                                        "a30",
                                        "a40",
                                        "b200_sxm",
                                        "gb200",
                                        "gh200_96gb",
                                        "h100_pcie_80gb",
                                        "h100_sxm5_80gb",
                                        "h200_sxm_141gb",
                                        "h20",
                                        "jetson_agx_orin_64gb",
                                        "l4",
                                        "l40s",
                                        "mi210",
                                        "mi300x",
                                        "rtx_2080_ti",
                                        "rtx_3090",
                                        "rtx_4090",
                                        "rtx_5090",
                                        "rtx_a5000",
                                        "rtx_pro_6000_blackwell",
                                        "t4",
                                        "v100_sxm2_16gb",
                                        "v100_sxm2_32gb"};

/// Every shipped profile but the three levels of a paper's figure.
std::vector<Profile> products() {
  std::vector<Profile> found;
  for (const std::string& name : shipped().names()) {
    if (name != "a100_flashattention_paper") found.push_back(shipped().load(name));
  }
  return found;
}

TEST(ShippedProfiles, ThePromisedNamesAreThere) {
  const std::vector<std::string> names = shipped().names();
  for (const std::string& name : promised) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
}

TEST(ShippedProfiles, AllLoadAndEveryNumberHasASource) {
  std::set<std::string> hashes;
  for (const std::string& name : shipped().names()) {
    const Profile profile = shipped().load(name);
    EXPECT_EQ(profile.name, name);
    EXPECT_EQ(profile.device.name, name);
    EXPECT_TRUE(profile.vendor == "nvidia" || profile.vendor == "amd") << name;
    EXPECT_FALSE(profile.description.empty()) << name;
    EXPECT_FALSE(profile.dram_type.empty()) << name;
    EXPECT_GE(profile.expect.size(), 3U) << name;
    EXPECT_TRUE(hashes.insert(profile.hash).second) << name << " equals another profile";
    for (const auto* group : {&profile.leaves, &profile.measured, &profile.expect}) {
      for (const StatedLeaf& leaf : *group) {
        EXPECT_FALSE(leaf.source.empty()) << name << " " << leaf.path;
        EXPECT_FALSE(leaf.text.empty()) << name << " " << leaf.path;
        EXPECT_GT(leaf.where.line, 0) << name << " " << leaf.path;
        const bool from_memory = leaf.source.find("from memory") != std::string::npos;
        EXPECT_TRUE(!from_memory || leaf.kind == Kind::assumed) << name << " " << leaf.path;
      }
    }
  }
}

TEST(ShippedProfiles, RealProductsStateWhatThePredictorsNeed) {
  const std::set<std::string_view> may_be_unknown{"clock.base",
                                                  "sm.tensor.bf16_fp32",
                                                  "sm.tensor.tf32_fp32",
                                                  "sm.tensor.fp8_fp32",
                                                  "memory.l2.persisting_fraction",
                                                  "memory.host.bandwidth",
                                                  "memory.host.capacity",
                                                  "energy.dram",
                                                  "energy.l2",
                                                  "energy.l1"};
  for (const Profile& profile : products()) {
    for (const std::string_view path : knowledge(profile).unstated) {
      EXPECT_TRUE(may_be_unknown.contains(path)) << profile.name << " does not state " << path;
    }
  }
}

TEST(ShippedProfiles, TotalsAreRecomputedForEveryProduct) {
  for (const Profile& profile : products()) {
    std::set<std::string_view> totals;
    for (const StatedLeaf& leaf : profile.expect) totals.insert(leaf.path);
    EXPECT_TRUE(totals.contains("expect.dram")) << profile.name;
    EXPECT_TRUE(totals.contains("expect.ridge_fp16")) << profile.name;
    EXPECT_TRUE(totals.contains("expect.fp16_fp32") || totals.contains("expect.bf16_fp32")) << profile.name;
    const double ridge_point = ridge(profile.device, DType::fp16).value();
    EXPECT_GT(ridge_point, 30) << profile.name;   // H20: 37 FLOP/B
    EXPECT_LT(ridge_point, 450) << profile.name;  // L40S: 419 FLOP/B
  }
}

TEST(ShippedProfiles, TheDriversNamesMeanOneProfileEach) {
  std::map<std::string, std::string> profile_of;
  for (const Profile& profile : products()) {
    const bool shares_its_name = profile.name == "jetson_agx_orin_64gb";  // every Orin module calls its GPU "Orin"
    EXPECT_EQ(profile.device_names.empty(), shares_its_name) << profile.name;
    for (const std::string& device : profile.device_names) {
      const auto [entry, is_new] = profile_of.emplace(device, profile.name);
      EXPECT_TRUE(is_new) << device << " is " << entry->second << " and " << profile.name;
    }
  }
  EXPECT_EQ(profile_of.at("NVIDIA H200"), "h200_sxm_141gb");
  EXPECT_EQ(profile_of.at("NVIDIA H100 80GB HBM3"), "h100_sxm5_80gb");
  EXPECT_EQ(profile_of.at("NVIDIA A100 80GB PCIe"), "a100_pcie_80gb");
  EXPECT_EQ(profile_of.at("Tesla T4"), "t4");
}

TEST(ShippedProfiles, ExtendTheFileOfTheirChip) {
  for (const Profile& profile : products()) {
    if (profile.vendor != "nvidia") continue;
    const ComputeCapability at = profile.device.compute_capability;
    const std::string chip = "extends: arch/sm_" + std::to_string(at.major) + std::to_string(at.minor) + "\n";
    std::ostringstream text;
    text << std::ifstream{shipped_folder() / (profile.name + ".yaml")}.rdbuf();
    EXPECT_NE(text.str().find(chip), std::string::npos) << profile.name;
  }
}

TEST(ShippedProfiles, ClocksAndRatesAreOrdered) {
  for (const Profile& profile : products()) {
    const Clocks& clock = profile.device.clock;
    EXPECT_FALSE(clock.base > clock.boost) << profile.name;
    EXPECT_LE(clock.tensor_boost, clock.boost) << profile.name;
    EXPECT_LT(clock.tensor_sustained, clock.tensor_boost) << profile.name;
    const TensorRates& tensor = profile.device.sm.tensor;
    const auto of_fp16 = [&](FlopsPerCycle rate, double if_unknown) {
      return is_known(rate) ? rate.value() / tensor.fp16_fp32.value() : if_unknown;
    };
    EXPECT_EQ(of_fp16(tensor.bf16_fp32, 1), 1) << profile.name;
    EXPECT_NEAR(of_fp16(tensor.tf32_fp32, 0.5), 0.5, 1e-3) << profile.name;
    EXPECT_NEAR(of_fp16(tensor.fp8_fp32, 2), 2, 1e-3) << profile.name;
    EXPECT_GE(profile.device.sm.rates.fma_fp32, profile.device.sm.rates.ex2) << profile.name;
  }
}

TEST(ShippedProfiles, MemoryIsSlowerAndLargerFartherOut) {
  for (const Profile& profile : products()) {
    const Device& device = profile.device;
    const Memory& memory = device.memory;
    EXPECT_LT(memory.smem.latency, memory.l1.latency) << profile.name;
    EXPECT_LT(memory.l1.latency, memory.l2.latency_near) << profile.name;
    EXPECT_LE(memory.l2.latency_near, memory.l2.latency_far) << profile.name;
    EXPECT_LT(memory.l2.latency_far, memory.dram.latency) << profile.name;
    const BytesPerSecond l2 = memory.l2.bandwidth * device.clock.boost;
    EXPECT_GT(memory.smem.bandwidth * device.sm.count.value() * device.clock.boost, l2) << profile.name;
    EXPECT_GT(l2, memory.dram.bandwidth) << profile.name;
    EXPECT_GE(memory.dram.bandwidth, memory.host.link) << profile.name;
    EXPECT_LT(memory.l1.capacity, memory.l2.capacity) << profile.name;
    EXPECT_LT(memory.l2.capacity, memory.dram.capacity) << profile.name;
    EXPECT_GE(memory.dram.sustained_fraction.value(), 0.6) << profile.name;
    EXPECT_FALSE(device.energy.l1 > device.energy.l2) << profile.name;
    EXPECT_FALSE(device.energy.l2 > device.energy.dram) << profile.name;
    EXPECT_LE(device.launch.graph_period, device.launch.stream_period) << profile.name;
  }
}

TEST(ShippedProfiles, NothingMeasuredBeatsTheMachine) {
  for (const Profile& profile : products()) {
    const Device& device = profile.device;
    const std::map<std::string_view, double> limit{
        {"measured.dram_init", device.memory.dram.bandwidth.value()},
        {"measured.dram_read", device.memory.dram.bandwidth.value()},
        {"measured.dram_scale", device.memory.dram.bandwidth.value()},
        {"measured.dram_copy", device.memory.dram.bandwidth.value()},
        {"measured.dram_triad", device.memory.dram.bandwidth.value()},
        {"measured.l1_read", (device.memory.smem.bandwidth * device.clock.boost).value() * device.sm.count.value()},
        {"measured.gemm_fp16", matmul_peak(device, DType::fp16).value()},
        {"measured.gemm_bf16", matmul_peak(device, DType::bf16).value()},
        {"measured.gemm_fp8", matmul_peak(device, DType::fp8_e4m3).value()}};
    for (const StatedLeaf& leaf : profile.measured) {
      const auto peak = limit.find(leaf.path);
      if (peak == limit.end()) continue;
      EXPECT_LE(leaf.value, peak->second) << profile.name << " " << leaf.path;
      EXPECT_GT(leaf.value, peak->second / 3) << profile.name << " " << leaf.path;
    }
  }
}

TEST(ShippedProfiles, A100IsTheDatasheetsA100) {
  const Profile profile = shipped().load("a100_sxm4_40gb");
  const Device& device = profile.device;
  EXPECT_EQ(device.compute_capability, (ComputeCapability{8, 0}));
  EXPECT_EQ(device.sm.count.value(), 108);
  EXPECT_EQ(device.memory.dram.bus.value(), 640);
  EXPECT_EQ(device.sm.smem_capacity.value(), 164 * 1024);
  EXPECT_NEAR(matmul_peak(device, DType::fp16).value(), 312e12, 0.2e12);
  EXPECT_NEAR(matmul_peak(device, DType::fp32).value(), 19.5e12, 0.1e12);
  EXPECT_FALSE(is_known(matmul_peak(device, DType::fp8_e4m3)));
  EXPECT_NEAR(ridge(device, DType::fp16).value(), 200.6, 0.1);
  const StatedLeaf* leaf = profile.find("memory.dram.bandwidth");
  ASSERT_NE(leaf, nullptr);
  EXPECT_EQ(leaf->text, "1555 GB/s");
  EXPECT_EQ(leaf->kind, Kind::spec);
  EXPECT_EQ(profile.find("memory.dram.speed"), nullptr);
}

TEST(ShippedProfiles, H100RunsTensorCoresBelowBoost) {
  const Device device = shipped().load("h100_sxm5_80gb").device;
  EXPECT_EQ(device.clock.boost.value(), 1.98e9);
  EXPECT_EQ(device.clock.tensor_boost.value(), 1.83e9);
  EXPECT_NEAR(matmul_peak(device, DType::bf16).value(), 989.4e12, 0.1e12);
  EXPECT_NEAR(matmul_peak(device, DType::fp8_e4m3).value(), 1978.9e12, 0.2e12);
}

TEST(ShippedProfiles, ThePapersA100HasThreeLevels) {
  const Device device = shipped().load("a100_flashattention_paper").device;
  EXPECT_EQ(device.memory.dram.bandwidth.value(), 1.5e12);
  EXPECT_EQ(device.memory.host.bandwidth.value(), 12.8e9);
  EXPECT_NEAR(device.sm.smem_capacity.value() * device.sm.count.value(), 20e6, 100);
  EXPECT_NEAR((device.memory.smem.bandwidth * device.clock.boost).value() * device.sm.count.value(), 19e12, 1e10);
  EXPECT_FALSE(is_known(device.memory.l2.capacity));
}

TEST(ShippedProfiles, GeForceHalvesTheRateOfItsChip) {
  const auto rate = [](const char* name) { return shipped().load(name).device.sm.tensor.fp16_fp32.value(); };
  EXPECT_EQ(rate("rtx_2080_ti") * 2, rate("t4"));
  EXPECT_EQ(rate("rtx_3090") * 2, rate("a40"));
  EXPECT_EQ(rate("rtx_4090") * 2, rate("l40s"));
  EXPECT_EQ(rate("rtx_5090") * 2, rate("rtx_pro_6000_blackwell"));
}

TEST(ShippedProfiles, AmdHasNoComputeCapabilityAndItsDiesHaveAnL2Each) {
  const Device device = shipped().load("mi300x").device;
  EXPECT_EQ(to_string(device.compute_capability), "none");
  EXPECT_EQ(to_string(shipped().load("a100_sxm4_40gb").device.compute_capability), "8.0");
  EXPECT_EQ(device.memory.l2.partitions.value(), 8);
  EXPECT_NEAR(matmul_peak(device, DType::fp16).value(), 1307.4e12, 0.2e12);
}

}  // namespace
}  // namespace rooftile::yaml
