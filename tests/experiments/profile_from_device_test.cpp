// rooftile profile from-device against stand-ins for the driver (fake_driver.cpp), whose devices are invented.
#include <gtest/gtest.h>

#include <filesystem>

#include "harness.hpp"
#include "rooftile/model_yaml/profile_reader.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

Outcome from_device(const std::string& driver, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"profile", "from-device", "--driver", driver};
  words.insert(words.end(), more.begin(), more.end());
  return run_line(words);
}

TEST(ProfileFromDevice, WritesWhatTheDriverStates) {
  const Scratch scratch;
  const std::string file = scratch / "mine.yaml";
  const Outcome outcome = from_device(FAKE_DRIVER, {"-o", file});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  const Profile profile = yaml::load_profile(file, {}, {std::filesystem::path{ROOFTILE_SOURCE_DIR} / "hw_profiles"});
  const Device& device = profile.device;
  EXPECT_EQ(profile.name, "mine");
  EXPECT_EQ(profile.device_names, std::vector<std::string>{"Test GPU (rev. A) \"one\""});
  EXPECT_EQ(device.compute_capability, (ComputeCapability{9, 0}));
  EXPECT_EQ(device.clock.boost.value(), 1.5e9);
  EXPECT_EQ(device.sm.count.value(), 100);
  EXPECT_EQ(device.sm.max_threads.value(), 2048);
  EXPECT_EQ(device.sm.max_warps.value(), 64);
  EXPECT_EQ(device.sm.max_ctas.value(), 32);
  EXPECT_EQ(device.sm.registers.value(), 65536);
  EXPECT_EQ(device.sm.smem_capacity.value(), 228 * 1024);
  EXPECT_EQ(device.sm.smem_per_cta.value(), 227 * 1024);
  EXPECT_EQ(device.memory.l2.capacity.value(), 32 * 1048576);
  EXPECT_EQ(device.memory.dram.capacity.value(), 10'000'000'001.0);
  EXPECT_EQ(device.memory.dram.bus.value(), 512);
  EXPECT_EQ(device.memory.dram.clock.value(), 2e9);
  EXPECT_EQ(profile.find("sm.count")->kind, Kind::device);
  EXPECT_EQ(profile.find("sm.max_warps")->kind, Kind::derived);
  // This driver does not know RESERVED_SHARED_MEMORY_PER_BLOCK: the chip's number stands.
  EXPECT_EQ(profile.find("sm.smem_reserved_per_cta")->kind, Kind::spec);
  // The driver does not state a bandwidth, so nobody does.
  EXPECT_EQ(profile.find("memory.dram.bandwidth"), nullptr);
  EXPECT_NE(outcome.err.find("memory.dram.bandwidth"), std::string::npos);
  EXPECT_EQ(run_line({"profile", "validate", file}).code, 0);
}

TEST(ProfileFromDevice, TextAndReportAreUnchanged) {
  const Outcome outcome = from_device(FAKE_DRIVER);
  EXPECT_EQ(outcome.code, 0);
  expect_golden("profile_from_device", outcome.out + "--- stderr\n" + outcome.err);
}

TEST(ProfileFromDevice, IndexChoosesTheDevice) {
  const Outcome outcome = from_device(FAKE_DRIVER, {"--index", "1"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("name: test_gpu_two\n"), std::string::npos);
  EXPECT_NE(outcome.err.find("device 1: Test GPU two, GPU-01112131-4151-6171-8191-a1b1c1d1e1f1; "), std::string::npos)
      << outcome.err;
  for (const char* index : {"2", "-1"}) {
    const Outcome beyond = from_device(FAKE_DRIVER, {"--index", index});
    EXPECT_EQ(beyond.code, 2);
    EXPECT_EQ(beyond.err, std::string{"rooftile: --index: "} + index + ": the driver counts 2 devices, from 0\n");
  }
}

TEST(ProfileFromDevice, AnUnknownChipIsSaidAndNothingIsWritten) {
  const Scratch scratch;
  const Outcome outcome = from_device(FAKE_DRIVER_UNKNOWN_CHIP, {"-o", scratch / "mine.yaml"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.find("rooftile: nothing is known of the chip of 'Test GPU (rev. A) \"one\"': no "
                             "arch/sm_97.yaml among the profiles; there are sm_70, sm_75, sm_80, "),
            0U)
      << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(scratch / "mine.yaml"));
}

TEST(ProfileFromDevice, WithoutADriverOrADeviceItIsSkipped) {
  const Outcome no_device = from_device(FAKE_DRIVER_NO_DEVICE);
  EXPECT_EQ(no_device.code, 77);
  EXPECT_EQ(no_device.err,
            std::string{"rooftile: cuInit of "} + FAKE_DRIVER_NO_DEVICE + ": no CUDA-capable device is detected\n");
  const Outcome no_driver = from_device("/no/such/libcuda.so.1");
  EXPECT_EQ(no_driver.code, 77);
  EXPECT_EQ(no_driver.err,
            "rooftile: no NVIDIA driver: /no/such/libcuda.so.1: cannot open shared object file: No such file or "
            "directory\n");
  const Outcome other_library = from_device("libm.so.6");
  EXPECT_EQ(other_library.code, 77);
  EXPECT_EQ(other_library.err, "rooftile: no NVIDIA driver: libm.so.6 has no cuGetErrorString\n");
  for (const Outcome& outcome : {no_device, no_driver, other_library}) EXPECT_EQ(outcome.out, "");
}

TEST(ProfileFromDevice, HelpIsUnchanged) {
  expect_golden("help_profile_from_device", run_line({"profile", "from-device", "--help"}).out);
}

}  // namespace
}  // namespace rooftile::test
