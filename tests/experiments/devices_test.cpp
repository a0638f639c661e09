// rooftile devices against stand-ins for the driver (fake_driver.cpp), whose devices are invented.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "harness.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

Outcome devices(const std::string& driver, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"devices", "--driver", driver};
  words.insert(words.end(), more.begin(), more.end());
  return run_line(words);
}

TEST(Devices, ListsWhatTheDriverSays) {
  const Outcome outcome = devices(FAKE_DRIVER, {"--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto table = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(table.at("schema"), "rooftile.devices/1");
  ASSERT_EQ(table.at("rows").size(), 2U);
  const auto& first = table.at("rows").at(0);
  EXPECT_EQ(first.at("index"), 0);
  EXPECT_EQ(first.at("name"), "Test GPU (rev. A) \"one\"");
  EXPECT_EQ(first.at("profile"), "");
  EXPECT_EQ(first.at("compute_capability"), "9.0");
  EXPECT_EQ(first.at("sm_count"), 100);
  EXPECT_EQ(first.at("dram_bytes"), 10'000'000'001);
  EXPECT_EQ(first.at("l2_bytes"), 33554432);
  EXPECT_EQ(first.at("boost_clock_hz"), 1.5e9);
  EXPECT_EQ(first.at("cuda_version"), "13.2");
  EXPECT_EQ(table.at("rows").at(1).at("name"), "Test GPU two");
  EXPECT_EQ(table.at("notes").at(1),
            "not exactly one profile lists 'Test GPU two' under device_names; `rooftile profile from-device --index 1 "
            "-o gpu1.yaml` writes one");
}

/// A data folder of its own with a profile that lists the device's name.
TEST(Devices, FindTheirProfiles) {
  const Scratch scratch;
  const std::filesystem::path profiles = scratch / "hw_profiles";
  std::filesystem::create_directory(profiles);
  std::ofstream{profiles / "mine.yaml"} << "schema: rooftile.profile/1\nname: mine\ncompute_capability: \"9.0\"\n"
                                           "device_names: [\"Test GPU two\"]\n";
  std::ostringstream out;
  std::ostringstream err;
  cli::Surroundings surroundings;
  surroundings.data_directory = scratch / "";
  EXPECT_EQ(cli::run({"devices", "--driver", FAKE_DRIVER, "--format", "csv"}, out, err, surroundings), 0) << err.str();
  EXPECT_NE(out.str().find("\n1,Test GPU two,mine,9.0,100,"), std::string::npos) << out.str();
}

TEST(Devices, TableIsUnchanged) {
  const Outcome outcome = devices(FAKE_DRIVER);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  expect_golden("devices", outcome.out);
}

TEST(Devices, WithoutADriverOrADeviceItIsSkipped) {
  const Outcome no_device = devices(FAKE_DRIVER_NO_DEVICE);
  EXPECT_EQ(no_device.code, 77);
  EXPECT_EQ(no_device.err,
            std::string{"rooftile: cuInit of "} + FAKE_DRIVER_NO_DEVICE + ": no CUDA-capable device is detected\n");
  const Outcome no_driver = devices("/no/such/libcuda.so.1");
  EXPECT_EQ(no_driver.code, 77);
  EXPECT_EQ(no_driver.err,
            "rooftile: no NVIDIA driver: /no/such/libcuda.so.1: cannot open shared object file: No such file or "
            "directory\n");
  for (const Outcome& outcome : {no_device, no_driver}) EXPECT_EQ(outcome.out, "");
}

TEST(Devices, AFormatThatIsNoneIsRefusedBeforeTheDriverIsAsked) {
  const Outcome outcome = devices("/no/such/libcuda.so.1", {"--format", "yaml"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err, "rooftile: --format: unknown format 'yaml'; allowed: table, json, csv, md\n");
}

}  // namespace
}  // namespace rooftile::test
