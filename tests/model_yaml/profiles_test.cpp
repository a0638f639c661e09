// Profiles: the table of leaves, hashes, settings, extends, sources, folders; what is known and what differs. The files
// that are shipped: shipped_profiles_test.cpp.
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

TEST(NoComputeCapability, IsForAmdAlone) {
  const ScratchFolder folder;
  const std::string text = "schema: rooftile.profile/1\nname: x\nvendor: ";
  const Profile profile = load_profile(folder.write("x.yaml", text + "amd\n"));
  EXPECT_EQ(to_string(profile.device.compute_capability), "none");
  const fs::path other = folder.write("x.yaml", text + "nvidia\n");
  EXPECT_EQ(folder.without_folder(message_of([&] { (void)load_profile(other); })),
            "x.yaml:1:1: missing key 'compute_capability'");
}

TEST(KnowledgeTest, CountsEveryLeafOnce) {
  const ScratchFolder folder;
  const fs::path file = folder.write(
      "x.yaml",
      "schema: rooftile.profile/1\nname: x\ncompute_capability: \"8.0\"\nsource: s\npower: {tdp: 1 W}\n"
      "sm: {count: {value: 1, kind: device}, rates: {ex2: {value: 16, kind: assumed}, alu: {value: 4, kind: "
      "assumed}}}\nclock: {boost: {value: 1 GHz, kind: measured}, base: {value: 1 GHz, kind: derived}}\n"
      "expect: {dram: {value: 1 GB/s, kind: assumed}}\nmemory: {dram: {bus: 1 B, clock: 1 GHz, "
      "transfers_per_clock: 1}}\n");
  Profile profile = load_profile(file);
  const Knowledge known = knowledge(profile);
  EXPECT_EQ(known.of(Kind::spec), 4U);
  EXPECT_EQ(known.of(Kind::device), 1U);
  EXPECT_EQ(known.of(Kind::measured), 1U);
  EXPECT_EQ(known.of(Kind::derived), 1U);
  EXPECT_EQ(known.of(Kind::assumed), 2U) << "expect: is no number of the device";
  EXPECT_EQ(known.assumed, (std::vector<std::string_view>{"sm.rates.ex2", "sm.rates.alu"}));
  EXPECT_EQ(known.unstated.size(), device_leaves().size() - 9);
  apply(profile, {{"sm.rates.ex2", "32"}, {"sm.rates.fma_fp32", "64"}});
  EXPECT_EQ(knowledge(profile).of(Kind::set), 2U);
  EXPECT_EQ(knowledge(profile).assumed, std::vector<std::string_view>{"sm.rates.alu"});
  EXPECT_EQ(knowledge(profile).unstated.size(), device_leaves().size() - 10);
}

TEST(Differences, AreTheLeavesWithOtherValues) {
  const Profile a = catalogue().load("a100_sxm4_40gb");
  EXPECT_TRUE(differences(a, a).empty());
  const Profile same = catalogue().load("a100_sxm4_40gb", {{"memory.dram.bandwidth", "1.555 TB/s"}});
  EXPECT_TRUE(differences(a, same).empty()) << "other words for the same value";
  const Profile b =
      catalogue().load("a100_sxm4_40gb", {{"memory.dram.bandwidth", "3110 GB/s"}, {"sm.tensor.fp8_fp32", "4096"}});
  const std::vector<LeafDifference> found = differences(a, b);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].path, "sm.tensor.fp8_fp32") << "in the order of device_leaves()";
  EXPECT_EQ(found[0].a, nullptr);
  ASSERT_NE(found[0].b, nullptr);
  EXPECT_EQ(found[0].b->value, 4096);
  EXPECT_TRUE(std::isnan(found[0].ratio()));
  EXPECT_EQ(found[1].path, "memory.dram.bandwidth");
  EXPECT_EQ(found[1].ratio(), 2);
  EXPECT_EQ(differences(b, a)[1].ratio(), 0.5);
  EXPECT_TRUE(std::isnan(differences(b, a)[0].ratio()));
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
