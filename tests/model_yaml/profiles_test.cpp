// Profiles: the table of leaves, every file that is shipped, settings, extends, expected totals.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "rooftile/model/format_quantity.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "scratch_folder.hpp"

namespace rooftile::yaml {
namespace {

namespace fs = std::filesystem;

fs::path profiles_folder() { return fs::path{ROOFTILE_SOURCE_DIR} / "hw_profiles"; }
ProfileCatalogue catalogue() { return ProfileCatalogue{{profiles_folder()}}; }

TEST(DeviceLeaves, PathIsTheMember) {
  Device device;
  for (const DeviceLeaf& leaf : device_leaves()) {
    EXPECT_TRUE(std::isnan(value_of(device, leaf))) << leaf.path << " starts known";
    EXPECT_LT(leaf.least, leaf.most) << leaf.path;
    EXPECT_FALSE(leaf.meaning.empty()) << leaf.path;
    EXPECT_EQ(find_leaf(leaf.path), &leaf);
    EXPECT_EQ(describe(leaf.dimension).rfind("a quantity in", 0), std::string::npos)
        << leaf.path << " has no unit words";
  }
  *find_leaf("memory.dram.bandwidth")->storage(device) = 7;
  EXPECT_EQ(device.memory.dram.bandwidth.value(), 7);
  EXPECT_EQ(find_leaf("memory.dram"), nullptr);
  EXPECT_EQ(find_leaf(""), nullptr);
}

TEST(DeviceLeaves, EveryLeafHasItsOwnStorage) {
  Device device;
  std::set<double*> storages;
  for (const DeviceLeaf& leaf : device_leaves()) storages.insert(leaf.storage(device));
  EXPECT_EQ(storages.size(), device_leaves().size());
  // Every double of a Device is a leaf: a new member without a row in the table changes this size.
  const std::size_t numbers =
      sizeof(Clocks) + sizeof(Sm) + sizeof(Memory) + sizeof(LaunchPeriods) + sizeof(Power) + sizeof(Energy);
  EXPECT_EQ(storages.size() * sizeof(double), numbers);
}

TEST(ShippedProfiles, AllLoadAndEveryNumberHasASource) {
  const std::vector<std::string> names = catalogue().names();
  const std::vector<std::string> expected{
      "a100_flashattention_paper", "a100_sxm4_40gb", "a100_sxm4_80gb", "h100_sxm5_80gb", "l40s", "v100_sxm2_16gb"};
  for (const std::string& name : expected) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
  std::set<std::string> hashes;
  for (const std::string& name : names) {
    const Profile profile = catalogue().load(name);
    EXPECT_EQ(profile.name, name);
    EXPECT_EQ(profile.device.name, name);
    EXPECT_EQ(profile.vendor, "nvidia") << name;
    EXPECT_FALSE(profile.description.empty()) << name;
    EXPECT_FALSE(profile.dram_type.empty()) << name;
    EXPECT_GE(profile.expect.size(), 3U) << name;
    EXPECT_TRUE(hashes.insert(profile.hash).second) << name << " equals another profile";
    for (const auto* group : {&profile.leaves, &profile.measured, &profile.expect}) {
      for (const StatedLeaf& leaf : *group) {
        EXPECT_FALSE(leaf.source.empty()) << name << " " << leaf.path;
        EXPECT_FALSE(leaf.text.empty()) << name << " " << leaf.path;
        EXPECT_GT(leaf.where.line, 0) << name << " " << leaf.path;
      }
    }
  }
}

TEST(ShippedProfiles, RealProductsStateWhatThePredictorsNeed) {
  const std::set<std::string_view> may_be_unknown{
      "sm.tensor.bf16_fp32",  "sm.tensor.tf32_fp32", "sm.tensor.fp8_fp32", "memory.host.bandwidth",
      "memory.host.capacity", "energy.dram",         "energy.l2",          "energy.l1"};
  for (const char* name : {"a100_sxm4_40gb", "a100_sxm4_80gb", "h100_sxm5_80gb", "v100_sxm2_16gb", "l40s"}) {
    const Profile profile = catalogue().load(name);
    for (const DeviceLeaf& leaf : device_leaves()) {
      if (may_be_unknown.contains(leaf.path)) continue;
      EXPECT_TRUE(std::isfinite(value_of(profile.device, leaf))) << name << " does not state " << leaf.path;
    }
  }
}

TEST(ShippedProfiles, A100IsTheDatasheetsA100) {
  const Profile profile = catalogue().load("a100_sxm4_40gb");
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
  const Device device = catalogue().load("h100_sxm5_80gb").device;
  EXPECT_EQ(device.clock.boost.value(), 1.98e9);
  EXPECT_EQ(device.clock.tensor_boost.value(), 1.83e9);
  EXPECT_NEAR(matmul_peak(device, DType::bf16).value(), 989.4e12, 0.1e12);
  EXPECT_NEAR(matmul_peak(device, DType::fp8_e4m3).value(), 1978.9e12, 0.2e12);
}

TEST(ShippedProfiles, ThePapersA100HasThreeLevels) {
  const Device device = catalogue().load("a100_flashattention_paper").device;
  EXPECT_EQ(device.memory.dram.bandwidth.value(), 1.5e12);
  EXPECT_EQ(device.memory.host.bandwidth.value(), 12.8e9);
  EXPECT_NEAR(device.sm.smem_capacity.value() * device.sm.count.value(), 20e6, 100);
  EXPECT_NEAR((device.memory.smem.bandwidth * device.clock.boost).value() * device.sm.count.value(), 19e12, 1e10);
  EXPECT_FALSE(is_known(device.memory.l2.capacity));
}

TEST(ProfileHash, FollowsTheNumbersAlone) {
  const Profile a = catalogue().load("a100_sxm4_40gb");
  EXPECT_EQ(a.hash.size(), 36U);
  EXPECT_EQ(a.hash, catalogue().load("a100_sxm4_40gb").hash);
  const Profile same = catalogue().load("a100_sxm4_40gb", {{"memory.dram.bandwidth", "1.555 TB/s"}});
  EXPECT_EQ(same.hash, a.hash);
  EXPECT_NE(catalogue().load("a100_sxm4_40gb", {{"memory.dram.bandwidth", "1556 GB/s"}}).hash, a.hash);
  EXPECT_NE(a.text.find("\nmemory.dram.bandwidth: 1555000000000 B/s\n"), std::string::npos);
  EXPECT_NE(a.text.find("\nsm.tensor.fp8_fp32: null\n"), std::string::npos);
}

TEST(Settings, ChangeALeafAndSaySo) {
  Profile profile = catalogue().load("a100_sxm4_40gb");
  const std::size_t leaves = profile.leaves.size();
  apply(profile, {parse_setting("memory.dram.bandwidth=3 TB/s"), {"sm.tensor.fp8_fp32", "4096"}});
  EXPECT_EQ(profile.device.memory.dram.bandwidth.value(), 3e12);
  EXPECT_EQ(profile.find("memory.dram.bandwidth")->kind, Kind::set);
  EXPECT_EQ(profile.find("memory.dram.bandwidth")->text, "3 TB/s");
  EXPECT_EQ(profile.leaves.size(), leaves + 1);  // fp8 was unknown
  for (std::size_t i = 1; i < profile.leaves.size(); ++i) {
    EXPECT_LT(find_leaf(profile.leaves[i - 1].path), find_leaf(profile.leaves[i].path)) << "order of device_leaves()";
  }
}

TEST(Settings, AreRefusedWithTheNearest) {
  const auto set = [](const std::string& path, const std::string& text) {
    return message_of([&] { (void)catalogue().load("l40s", {{path, text}}); });
  };
  EXPECT_EQ(
      set("memory.dram.bandwith", "3 TB/s"),
      "--set memory.dram.bandwith: unknown key of memory.dram 'bandwith'; allowed: type, capacity, bandwidth, bus, "
      "clock, transfers_per_clock, latency, sustained_fraction; did you mean 'bandwidth'?");
  EXPECT_EQ(set("dram.bandwidth", "3 TB/s"),
            "--set dram.bandwidth: unknown leaf 'dram.bandwidth'; did you mean 'memory.dram.bandwidth'?");
  EXPECT_EQ(set("price", "3"), "--set price: unknown key 'price'; allowed: clock, sm, memory, launch, power, energy");
  EXPECT_EQ(set("memory.dram", "3 TB/s"),
            "--set memory.dram: 'memory.dram' is a group; its keys: type, capacity, bandwidth, bus, clock, "
            "transfers_per_clock, latency, sustained_fraction");
  EXPECT_EQ(set("sm.count.x", "3"), "--set sm.count.x: 'sm.count' is a number; nothing stands below it");
  EXPECT_EQ(
      set("memory.dram.bandwidth", "3 TB"),
      "--set memory.dram.bandwidth: '3 TB' is an amount of bytes; bytes per second are expected, as in '1555 GB/s'");
  EXPECT_EQ(set("sm.count", "1.5"), "--set sm.count: '1.5' is not a whole number of units");
  EXPECT_EQ(set("sm.count", "0"), "--set sm.count: '0' is outside 1 .. 100000");
  EXPECT_EQ(set("memory.dram.type", "HBM9"),
            "--set memory.dram.type: 'memory.dram.type' is a text; only numbers can be set");
  EXPECT_EQ(message_of([] {
              (void)catalogue().load("l40s", {{"sm.count", "1"}, {"sm.count", "2"}});
            }),
            "--set sm.count: given twice");
  for (const char* text : {"sm.count", "=3", "sm.count="}) {
    EXPECT_EQ(message_of([&] { (void)parse_setting(text); }),
              "--set '" + std::string{text} + "': expected leaf=value, as in memory.dram.bandwidth=\"3 TB/s\"");
  }
}

TEST(WhatIf, IsThreeLines) {
  const ScratchFolder folder;
  const fs::path file = folder.write(
      "a100_hbm3.yaml", "extends: a100_sxm4_40gb\nname: a100_hbm3\nmemory: {dram: {bandwidth: 3.35 TB/s}}\n");
  const Profile base = catalogue().load("a100_sxm4_40gb");
  const Profile profile = catalogue().load(file.string());
  EXPECT_EQ(profile.name, "a100_hbm3");
  EXPECT_EQ(profile.device.memory.dram.bandwidth.value(), 3.35e12);
  EXPECT_EQ(profile.device.sm.count.value(), 108);
  EXPECT_TRUE(profile.expect.empty()) << "a datasheet's totals are not inherited";
  EXPECT_TRUE(profile.measured.empty()) << "nor are another machine's measurements";
  EXPECT_TRUE(profile.device_names.empty());
  EXPECT_TRUE(profile.description.empty());
  EXPECT_EQ(profile.dram_type, "HBM2");
  EXPECT_NE(profile.hash, base.hash);
  EXPECT_EQ(profile.find("sm.count")->source, base.find("sm.count")->source);
}

TEST(WhatIf, NullTakesALeafBack) {
  const ScratchFolder folder;
  const fs::path file = folder.write("x.yaml", "extends: l40s\nname: x\nsm: {count: null, max_ctas: {value: null}}\n");
  const Profile profile = catalogue().load(file.string());
  EXPECT_FALSE(is_known(profile.device.sm.count));
  EXPECT_FALSE(is_known(profile.device.sm.max_ctas));
  EXPECT_EQ(profile.find("sm.count"), nullptr);
}

TEST(Sources, ComeFromTheInnermostMapThatNamesOne) {
  const ScratchFolder folder;
  const fs::path file =
      folder.write("x.yaml",
                   "schema: rooftile.profile/1\nname: x\ncompute_capability: \"8.0\"\nsource: whole file\n"
                   "power: {tdp: 1 W}\nsm: {source: sm map, count: 1, rates: {ex2: 16, alu: {value: 4, kind: assumed, "
                   "source: leaf}}}\n");
  const Profile profile = load_profile(file);
  EXPECT_EQ(profile.find("power.tdp")->source, "whole file");
  EXPECT_EQ(profile.find("sm.count")->source, "sm map");
  EXPECT_EQ(profile.find("sm.rates.ex2")->source, "sm map");
  EXPECT_EQ(profile.find("sm.rates.alu")->source, "leaf");
  EXPECT_EQ(profile.find("sm.rates.alu")->kind, Kind::assumed);
  EXPECT_EQ(to_string(profile.find("power.tdp")->where), file.string() + ":5:14");
}

TEST(ProfileCatalogueTest, FirstFolderWins) {
  const ScratchFolder folder;
  folder.write("l40s.yaml", "extends: a100_sxm4_40gb\nname: l40s\nsm: {count: 1}\n");
  const ProfileCatalogue both{{folder.path(), profiles_folder()}};
  EXPECT_EQ(both.load("l40s").device.sm.count.value(), 1);
  const ProfileCatalogue nothing{{folder.path() / "absent"}};
  EXPECT_TRUE(nothing.names().empty());
  EXPECT_EQ(folder.without_folder(message_of([&] { (void)nothing.load("l40s"); })),
            "unknown profile 'l40s'; there are none in absent");
}

}  // namespace
}  // namespace rooftile::yaml
