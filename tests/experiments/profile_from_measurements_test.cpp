// rooftile profile from-measurements. Every number here is made up, in round figures that make the arithmetic easy to
// follow; nothing was measured.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

std::string run_line_of(const std::string& run, const std::string& device = "Test GPU") {
  return R"({"kind":"run","run":")" + run +
         R"(","started_at":"2000-01-02T03:04:05Z","program":"rooftile-measure","version":"0.1.0","argv":["x"],)"
         R"("host":{"name":"test"},"driver":"1.23","cuda_driver":13000,"cuda_runtime":13000,"nvcc":"13.0","build":"x",)"
         R"("device":{"uuid":"GPU-test","name":")" +
         device + R"(","compute_capability":"8.0","sm_count":100}})" + "\n";
}

/// A line that is ok; `parameters` is the inside of the object.
std::string micro(const std::string& name, const std::string& parameters, const std::string& value,
                  const std::string& unit, const std::string& clock = "null", const std::string& run = "r1") {
  return R"({"kind":"micro","run":")" + run + R"(","name":")" + name + R"(","parameters":{)" + parameters +
         R"(},"status":"ok","reason":"","value":)" + value + R"(,"unit":")" + unit + R"(","samples":[)" + value +
         R"(],"sm_clock_hz":)" + clock + "}\n";
}

std::string not_ok(const std::string& name, const std::string& status, const std::string& reason) {
  return R"({"kind":"micro","run":"r1","name":")" + name + R"(","parameters":{},"status":")" + status +
         R"(","reason":")" + reason + R"(","value":null,"unit":"","samples":[],"sm_clock_hz":null})" + "\n";
}

/// Something for every leaf. The base: 1 TB/s, 100 SMs x 1000 FLOP/cycle.
std::string everything() {
  return run_line_of("r1") + micro("dram_read", R"("unroll":1)", "500e9", "B/s", "1e9") +
         micro("dram_read", R"("unroll":8)", "900e9", "B/s", "1e9") +
         micro("dram_copy", R"("unroll":8)", "800e9", "B/s", "1e9") +
         micro("dram_triad", R"("unroll":8)", "850e9", "B/s", "1e9") +
         micro("l2_read", R"("bytes_per_cycle":2000)", "3000e9", "B/s", "1.5e9") +
         micro("smem_read", "", "128", "B/cycle/SM") +
         micro("mma_sync", R"("dtype":"fp16")", "60e12", "FLOP/s", "1e9") +
         micro("mma_sync", R"("dtype":"bf16")", "45e12", "FLOP/s", "0.5e9") +
         micro("wgmma", R"("dtype":"fp16","n":64)", "70e12", "FLOP/s") +
         micro("wgmma", R"("dtype":"fp16","n":256)", "95e12", "FLOP/s") +
         micro("wgmma", R"("dtype":"bf16","n":256)", "99e12", "FLOP/s") + micro("ex2", "", "16", "results/cycle/SM") +
         micro("convert_f32_f16", "", "32", "results/cycle/SM") + micro("fma", "", "64", "results/cycle/SM") +
         micro("shuffle", "", "33.3333", "lanes/cycle/SM") + micro("atomic_add", "", "1e9", "results/s") +
         micro("launch_stream", "", "2.5e-6", "s") + micro("launch_graph", "", "1.25e-6", "s") +
         micro("cta_distance", R"("residents":2)", "108", "CTAs") +  // no number of a profile, nor this
         micro("latency_dram_loaded", R"("ctas":132,"bandwidth":2.5e12)", "900", "cycle") +
         micro("latency_smem", "", "29.0625", "cycle") + micro("latency_l1", "", "33", "cycle") +
         micro("latency_l2_near", "", "208", "cycle") + micro("latency_l2_far", "", "400", "cycle") +
         micro("latency_dram", "", "570", "cycle");
}

const std::string base_text =
    "extends: a100_sxm4_80gb\nname: base\ndescription: an invented GPU\n"
    "sm: {count: 100, tensor: {fp16_fp32: 1000, bf16_fp32: 1000}}\n"
    "memory: {dram: {bandwidth: 1 TB/s}}\nmeasured: {dram_copy: 600 GB/s, source: invented}\n";

class FromMeasurements : public testing::Test {
 protected:
  /// Runs the command over `lines` with the invented base; the profile goes to my.yaml.
  Outcome run(const std::string& lines, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"profile", "from-measurements", scratch.write("visit.jsonl", lines)};
    if (std::find(more.begin(), more.end(), "--base") == more.end()) {
      words.insert(words.end(), {"--base", scratch.write("base.yaml", base_text)});
    }
    words.insert(words.end(), {"-o", out});
    words.insert(words.end(), more.begin(), more.end());
    return run_line(words);
  }
  [[nodiscard]] Profile written() const {
    return yaml::load_profile(out, {}, {std::filesystem::path{ROOFTILE_SOURCE_DIR} / "hw_profiles"});
  }
  [[nodiscard]] std::string text() const {
    std::ostringstream all;
    all << std::ifstream{out}.rdbuf();
    return all.str();
  }

  Scratch scratch;
  std::string out = scratch / "my.yaml";
};

TEST_F(FromMeasurements, EveryNumberThatFollowsIsWritten) {
  const Outcome outcome = run(everything());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  const Profile profile = written();
  const auto value = [&](std::string_view path) {
    return profile.find(path) == nullptr ? -1 : profile.find(path)->value;
  };
  EXPECT_DOUBLE_EQ(value("memory.dram.sustained_fraction"), 0.9);  // the best read of 1 TB/s
  EXPECT_DOUBLE_EQ(value("memory.l2.bandwidth"), 2000);            // 3000 GB/s / 1.5 GHz
  EXPECT_DOUBLE_EQ(value("memory.smem.bandwidth"), 128);
  EXPECT_DOUBLE_EQ(value("sm.tensor.mma_sync_fraction"), 0.9);  // bf16: 45 TFLOP/s of 100 x 1000 x 0.5 GHz
  EXPECT_DOUBLE_EQ(value("sm.rates.ex2"), 16);
  EXPECT_DOUBLE_EQ(value("sm.rates.convert_fp32_fp16"), 32);
  EXPECT_DOUBLE_EQ(value("sm.rates.fma_fp32"), 64);
  EXPECT_DOUBLE_EQ(value("sm.rates.shuffle"), 33.33);
  EXPECT_DOUBLE_EQ(value("launch.stream_period"), 2.5e-6);
  EXPECT_DOUBLE_EQ(value("launch.graph_period"), 1.25e-6);
  EXPECT_DOUBLE_EQ(value("memory.smem.latency"), 29.06);
  EXPECT_DOUBLE_EQ(value("memory.l1.latency"), 33);
  EXPECT_DOUBLE_EQ(value("memory.l2.latency_near"), 208);
  EXPECT_DOUBLE_EQ(value("memory.l2.latency_far"), 400);
  EXPECT_DOUBLE_EQ(value("memory.dram.latency"), 570);
  const auto measured = [&](const std::string& path) {
    for (const StatedLeaf& leaf : profile.measured) {
      if (leaf.path == path) return leaf.value;
    }
    return -1.0;
  };
  EXPECT_DOUBLE_EQ(measured("measured.dram_read"), 900e9);
  EXPECT_DOUBLE_EQ(measured("measured.dram_copy"), 800e9);
  EXPECT_DOUBLE_EQ(measured("measured.dram_triad"), 850e9);
  EXPECT_DOUBLE_EQ(measured("measured.l2_read"), 3000e9);
  EXPECT_DOUBLE_EQ(measured("measured.wgmma_fp16"), 95e12);
  EXPECT_EQ(profile.measured.size(), 5U);
  // Nothing else is claimed: as many measured leaves as named above.
  const auto from_here = [](const StatedLeaf& leaf) { return leaf.source.starts_with("rooftile-measure, 2000-01-02"); };
  EXPECT_EQ(std::count_if(profile.leaves.begin(), profile.leaves.end(), from_here), 15);
}

TEST_F(FromMeasurements, TextAndReportAreUnchanged) {
  const Outcome outcome = run(everything());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  expect_golden("profile_from_measurements",
                replaced(scratch.strip(text() + "--- stderr\n" + outcome.err), ROOFTILE_SOURCE_DIR, "<source>"));
}

TEST_F(FromMeasurements, TheFileIsAProfile) {
  ASSERT_EQ(run(everything()).code, 0);
  EXPECT_EQ(run_line({"profile", "validate", out}).code, 0);
  const Outcome predicted = run_line(words_of("predict -p " + out + " -k flash2 --seq 1024 --head-dim 64"));
  EXPECT_EQ(predicted.code, 0) << predicted.err;
}

TEST_F(FromMeasurements, RepeatedLinesCountByTheirMedian) {
  const std::string unit = "results/cycle/SM";
  const std::string three = run_line_of("r1") + run_line_of("r2") + run_line_of("r3") +
                            micro("ex2", "", "15", unit, "null", "r1") + micro("ex2", "", "90", unit, "null", "r2") +
                            micro("ex2", "", "16", unit, "null", "r3");
  ASSERT_EQ(run(three).code, 0);
  EXPECT_DOUBLE_EQ(written().device.sm.rates.ex2.value(), 16);
  const std::string two =
      run_line_of("r1") + run_line_of("r2") + micro("ex2", "", "15", unit) + micro("ex2", "", "16", unit, "null", "r2");
  ASSERT_EQ(run(two).code, 0);
  EXPECT_DOUBLE_EQ(written().device.sm.rates.ex2.value(), 15.5);
}

TEST_F(FromMeasurements, OfDramReadsTheBestMedianCountsNotTheBestLine) {
  const std::string lines = run_line_of("r1") + run_line_of("r2") + run_line_of("r3") +
                            micro("dram_read", R"("unroll":1)", "700e9", "B/s") +
                            micro("dram_read", R"("unroll":1)", "990e9", "B/s", "null", "r2") +
                            micro("dram_read", R"("unroll":1)", "710e9", "B/s", "null", "r3") +
                            micro("dram_read", R"("unroll":8)", "800e9", "B/s");
  ASSERT_EQ(run(lines).code, 0);
  EXPECT_DOUBLE_EQ(written().device.memory.dram.sustained_fraction.value(), 0.8);
}

TEST_F(FromMeasurements, WhatFailedIsLeftOutWithAWarning) {
  const Outcome outcome = run(run_line_of("r1") + not_ok("ex2", "failed", "3 of 8 chains end at a wrong number") +
                              not_ok("wgmma", "unsupported", "needs 9.0") + micro("fma", "", "64", "results/cycle/SM"));
  ASSERT_EQ(outcome.code, 0);
  EXPECT_EQ(scratch.strip(outcome.err),
            "warning: visit.jsonl:2: ex2 failed and is left out: 3 of 8 chains end at a wrong number\n");
  EXPECT_EQ(text().find("ex2"), std::string::npos);
}

TEST_F(FromMeasurements, ARateWithoutTheClockIsLeftOut) {
  const Outcome outcome = run(run_line_of("r1") + micro("l2_read", "", "3e12", "B/s") +
                              micro("mma_sync", R"("dtype":"fp16")", "60e12", "FLOP/s"));
  ASSERT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err,
            "warning: l2_read: no line has the SM clock; memory.l2.bandwidth is left out\n"
            "warning: mma_sync: no line of fp16 has the SM clock\n");
  EXPECT_EQ(text().find("memory:"), std::string::npos);
  EXPECT_EQ(text().find("sm:"), std::string::npos);
}

TEST_F(FromMeasurements, AFractionAboveOneIsLeftOut) {
  const Outcome outcome = run(run_line_of("r1") + micro("dram_read", "", "1.1e12", "B/s") +
                              micro("mma_sync", R"("dtype":"fp16")", "110e12", "FLOP/s", "1e9"));
  ASSERT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err,
            "warning: dram_read: 1.1 TB/s is more than memory.dram.bandwidth of base, 1 TB/s; "
            "memory.dram.sustained_fraction is left out\n"
            "warning: sm.tensor.mma_sync_fraction: 1.1 cannot be; left out\n");
  EXPECT_EQ(text().find("sustained_fraction"), std::string::npos);
}

TEST_F(FromMeasurements, AClockReadALittleTooLowIsNoFractionAboveOne) {
  ASSERT_EQ(run(run_line_of("r1") + micro("mma_sync", R"("dtype":"fp16")", "101e12", "FLOP/s", "1e9")).code, 0);
  EXPECT_DOUBLE_EQ(written().device.sm.tensor.mma_sync_fraction.value(), 1);
}

TEST_F(FromMeasurements, TheBaseIsFoundByTheDevicesName) {
  const std::string lines = run_line_of("r1", "NVIDIA H100 80GB HBM3") + micro("fma", "", "64", "results/cycle/SM");
  const Outcome outcome = run_line({"profile", "from-measurements", scratch.write("visit.jsonl", lines)});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("name: h100_sxm5_80gb_measured\nextends: h100_sxm5_80gb\n"), std::string::npos);
  EXPECT_EQ(outcome.err, "sm.rates.fma_fp32: 64 /cycle measured, 128 in h100_sxm5_80gb (-50 %)\n");
}

struct Broken {
  const char* name;
  std::string lines;
  const char* message;
};
void PrintTo(const Broken& broken, std::ostream* to) { *to << broken.name; }

class BrokenMeasurements : public FromMeasurements, public testing::WithParamInterface<Broken> {};

TEST_P(BrokenMeasurements, AreRefusedAndNothingIsWritten) {
  const Outcome outcome = run(GetParam().lines);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(scratch.strip(outcome.err), std::string{"rooftile: "} + GetParam().message + "\n");
  EXPECT_FALSE(std::filesystem::exists(out));
}

const Broken broken_lines[] = {
    {"NoJson", run_line_of("r1") + "ex2 16\n", "visit.jsonl:2: is not JSON"},
    {"Empty", "\n", "visit.jsonl: holds no line: rooftile-measure writes at least one of kind 'run'"},
    {"NoMicro", run_line_of("r1"), "visit.jsonl: holds no result of a micro-benchmark"},
    {"AllFailed", run_line_of("r1") + not_ok("ex2", "failed", "wrong"),
     "visit.jsonl: holds no result of a micro-benchmark"},
    {"Unit", run_line_of("r1") + micro("dram_read", "", "900", "GB/s"),
     "visit.jsonl:2: dram_read: unit 'GB/s'; 'B/s' is expected"},
    {"Zero", run_line_of("r1") + micro("fma", "", "0", "results/cycle/SM"),
     "visit.jsonl:2: fma: the value is not above zero"},
    {"Negative", run_line_of("r1") + micro("latency_l1", "", "-3", "cycle"),
     "visit.jsonl:2: latency_l1: the value is not above zero"},
    {"Dtype", run_line_of("r1") + micro("mma_sync", "", "6e13", "FLOP/s", "1e9"),
     "visit.jsonl:2: mma_sync: parameters.dtype is missing or no text"},
    {"TwoDevices", run_line_of("r1") + micro("fma", "", "64", "results/cycle/SM") + run_line_of("r2", "Other GPU"),
     "visit.jsonl:3: device.name: 'Other GPU', but line 1 is about 'Test GPU'; a profile describes one device"},
};
INSTANTIATE_TEST_SUITE_P(Lines, BrokenMeasurements, testing::ValuesIn(broken_lines),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST_F(FromMeasurements, ADeviceThatNoProfileNamesNeedsABase) {
  const std::string file = scratch.write("visit.jsonl", run_line_of("r1") + micro("fma", "", "64", "results/cycle/SM"));
  const Outcome outcome = run_line({"profile", "from-measurements", file, "-o", out});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(scratch.strip(outcome.err),
            "rooftile: visit.jsonl:1: device.name: not exactly one profile lists 'Test GPU' under device_names; say "
            "with --base which one the measurements belong to\n");
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(FromMeasurements, NameAndFileMustAgree) {
  const Outcome outcome = run(everything(), {"--name", "other"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(scratch.strip(outcome.err),
            "rooftile: --name: 'other' is not the name of the file 'my.yaml'; a profile is found by its file's name\n");
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(FromMeasurements, ANameThatCannotBeIsRefusedBeforeAnythingIsWritten) {
  out = scratch / "my profile.yaml";
  const Outcome outcome = run(everything());
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("'my profile' may hold letters"), std::string::npos) << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(FromMeasurements, AnUnknownBaseIsRefused) {
  const Outcome outcome = run(everything(), {"--base", "a100_sxm4_81gb"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("did you mean 'a100_sxm4_80gb'?"), std::string::npos) << outcome.err;
}

TEST(ProfileFromMeasurements, HelpIsUnchanged) {
  expect_golden("help_profile_from_measurements", run_line({"profile", "from-measurements", "--help"}).out);
}

}  // namespace
}  // namespace rooftile::test
