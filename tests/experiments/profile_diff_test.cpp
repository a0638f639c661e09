// rooftile profile diff and known: their tables in every format, their laws, what they refuse; and which profile the
// name of a device means.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness.hpp"
#include "question/measured_names.hpp"
#include "rooftile/analysis/csv.hpp"
#include "rooftile/model/device_leaves.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

const GoldenLine diff_golden_lines[] = {
    {"profile_diff", "profile diff a100_sxm4_40gb a100_sxm4_80gb"},
    {"profile_diff_sources", "profile diff a100_sxm4_40gb a100_sxm4_80gb --sources"},
    {"profile_diff_json", "profile diff v100_sxm2_16gb v100_sxm2_32gb --format json"},
    {"profile_diff_csv", "profile diff v100_sxm2_16gb v100_sxm2_32gb --format csv"},
    {"profile_diff_md", "profile diff v100_sxm2_16gb v100_sxm2_32gb --format md"},
    {"profile_diff_equal", "profile diff t4 t4"},
    {"profile_known", "profile known"},
    {"profile_known_named", "profile known a100_sxm4_40gb a100_flashattention_paper"},
    {"profile_known_json", "profile known a100_sxm4_40gb --format json"},
    {"profile_known_csv", "profile known a100_sxm4_40gb --format csv"},
    {"profile_known_md", "profile known a100_sxm4_40gb --format md"},
    {"help_profile_diff", "profile diff --help"},
    {"help_profile_known", "profile known --help"},
};

class ProfileGolden : public testing::TestWithParam<GoldenLine> {};

TEST_P(ProfileGolden, OutputIsUnchanged) {
  const Outcome outcome = run_line(words_of(GetParam().line));
  EXPECT_EQ(outcome.err, "");
  expect_golden(GetParam().name, std::string{"$ rooftile "} + GetParam().line + "\n" + outcome.out + "exit " +
                                     std::to_string(outcome.code) + "\n");
}

INSTANTIATE_TEST_SUITE_P(Lines, ProfileGolden, testing::ValuesIn(diff_golden_lines),
                         [](const auto& test) { return std::string{test.param.name}; });

TEST(ProfileDiff, BothValuesTheirRatioAndOnlyWhatDiffers) {
  const Scratch scratch;
  const std::string what_if = scratch.write("what_if.yaml", R"(extends: a100_sxm4_40gb
name: what_if
source: mine
memory: {dram: {bandwidth: 3.11 TB/s, type: HBM9}}
sm: {rates: {ex2: null}}
)");
  const Outcome outcome = run_line({"profile", "diff", "a100_sxm4_40gb", what_if, "--format", "csv"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto table = analysis::CsvTable::parse(outcome.out, "stdout");
  ASSERT_EQ(table.size(), 3U);
  EXPECT_EQ(table[0].text("path"), "memory.dram.type");
  EXPECT_EQ(table[0].text("a_text"), "HBM2");
  EXPECT_EQ(table[0].text("b_text"), "HBM9");
  EXPECT_EQ(table[0].text("ratio"), "");
  EXPECT_EQ(table[1].text("path"), "sm.rates.ex2");
  EXPECT_EQ(table[1].text("a_text"), "16");
  EXPECT_EQ(table[1].text("b_text"), "");
  EXPECT_EQ(table[1].text("ratio"), "");
  EXPECT_EQ(table[2].text("path"), "memory.dram.bandwidth");
  EXPECT_EQ(table[2].number("a_value"), 1.555e12);
  EXPECT_EQ(table[2].number("b_value"), 3.11e12);
  EXPECT_EQ(table[2].number("ratio"), 2);
  EXPECT_EQ(table[2].text("b_source"), "mine");
}

TEST(ProfileDiff, ADeviceWithoutComputeCapabilityIsSaidSo) {
  const Outcome outcome = run_line(words_of("profile diff a100_sxm4_80gb mi300x --format json"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto rows = nlohmann::json::parse(outcome.out).at("rows");
  EXPECT_EQ(rows.at(0).at("path"), "vendor");
  EXPECT_EQ(rows.at(1).at("path"), "compute_capability");
  EXPECT_EQ(rows.at(1).at("a_text"), "8.0");
  EXPECT_EQ(rows.at(1).at("b_text"), "none");
}

TEST(ProfileKnown, CountsAllNumbersOfAllProfiles) {
  const Outcome outcome = run_line(words_of("profile known --format csv"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto known = analysis::CsvTable::parse(outcome.out, "stdout");
  const auto list = analysis::CsvTable::parse(run_line(words_of("profile list --format csv")).out, "stdout");
  ASSERT_EQ(known.size(), list.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    double numbers = 0;
    for (const char* kind : {"spec", "device", "measured", "derived", "assumed", "unstated"}) {
      numbers += known[i].number(kind);
    }
    EXPECT_EQ(numbers, static_cast<double>(device_leaves().size())) << known[i].text("profile");
    const std::string paths = known[i].text("assumed_paths");
    const auto commas = std::count(paths.begin(), paths.end(), ',');
    EXPECT_EQ(known[i].number("assumed"), paths.empty() ? 0 : static_cast<double>(commas) + 1);
  }
}

const BrokenLine broken_profile_lines[] = {
    {"profile diff", "A is required\n"},
    {"profile diff l40s", "B is required\n"},
    {"profile diff l40s l4 t4", "unexpected argument 't4'"},
    {"profile diff a100_sxm4_80bg l40s", "did you mean 'a100_sxm4_80gb'?\n"},
    {"profile diff l40 t4", "did you mean 'l40s'?\n"},
    {"profile diff l40s rtx_4909", "did you mean 'rtx_4090'?\n"},
    {"profile diff l40s l4 --format xml", "--format: unknown format 'xml'; allowed: table, json, csv, md\n"},
    {"profile known a100_sxm4_80bg", "did you mean 'a100_sxm4_80gb'?\n"},
};

TEST(ProfileDiff, BadInputIsRefused) {
  for (const BrokenLine& broken : broken_profile_lines) {
    const Outcome outcome = run_line(words_of(broken.line));
    EXPECT_EQ(outcome.code, 2) << broken.line;
    EXPECT_EQ(outcome.out, "") << broken.line;
    EXPECT_NE(outcome.err.find(broken.message), std::string::npos) << broken.line << "\n" << outcome.err;
  }
}

TEST(DeviceNames, MeanTheirProfile) {
  const experiments::Catalogues catalogues{experiments::DataDirectories{ROOFTILE_SOURCE_DIR}};
  EXPECT_EQ(experiments::profile_of_device("NVIDIA H200", catalogues), "h200_sxm_141gb");
  EXPECT_EQ(experiments::profile_of_device("NVIDIA GH200 480GB", catalogues), "gh200_96gb");
  EXPECT_EQ(experiments::profile_of_device("Tesla V100-SXM2-32GB", catalogues), "v100_sxm2_32gb");
  EXPECT_EQ(experiments::profile_of_device("AMD Instinct MI300X", catalogues), "mi300x");
  try {
    (void)experiments::profile_of_device("NVIDIA GH200 490GB", catalogues);
    ADD_FAILURE() << "accepted";
  } catch (const InputError& error) {
    EXPECT_NE(std::string{error.what()}.find("did you mean 'NVIDIA GH200 480GB'?"), std::string::npos) << error.what();
  }
}

TEST(ProfileHelp, TheExamplesRun) {
  for (const char* line :
       {"profile diff a100_sxm4_80gb h100_sxm5_80gb", "profile diff h100_sxm5_80gb h200_sxm_141gb --sources",
        "profile known a100_sxm4_80gb a10g", "profile known --format md"}) {
    const Outcome outcome = run_line(words_of(line));
    EXPECT_EQ(outcome.code, 0) << line << outcome.err;
    const std::string command = words_of(line)[1];
    const Outcome help = run_line({"profile", command, "--help"});
    EXPECT_NE(help.out.find(std::string{"  rooftile "} + line + "\n"), std::string::npos) << help.out;
  }
}

}  // namespace
}  // namespace rooftile::test
