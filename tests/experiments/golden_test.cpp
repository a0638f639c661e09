// Table, JSON and help of every command against golden/. What they must hold beyond being unchanged is in cli_test.cpp.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "harness.hpp"

namespace rooftile::test {
namespace {

constexpr const char* one = "-p a100_sxm4_80gb -k fa2 --batch 8 --heads 16 --seq 4096 --head-dim 128 --mask causal";

const GoldenLine golden_lines[] = {
    {"predict_card", "predict ONE"},
    {"predict_json", "predict ONE --format json"},
    {"predict_csv", "predict ONE --format csv"},
    {"predict_md", "predict ONE --format md"},
    {"predict_list",
     "predict -p a100_sxm4_80gb,h100_sxm5_80gb -k fa2,pytorch_eager --heads 16 --seq 512:8192:x4 --head-dim 64"},
    {"predict_list_verbose", "predict -p l40s -k flash2 --heads 32 --kv-heads 8 --seq 1000,1024 --head-dim 128 -v"},
    {"predict_decode",
     "predict -p a100_sxm4_40gb -k rt_flash2 --heads 32 --kv-heads 8 --seq-q 1 --seq-kv 8192 "
     "--head-dim 128 --mask causal"},
    {"predict_roofline",
     "predict -p a100_flashattention_paper -k flash2 --seq 1024 --head-dim 64 --predictor roofline"},
    {"predict_what_if_note", "predict -p v100_sxm2_16gb -k flash2 --heads 16 --seq 2048 --head-dim 64 --format json"},
    {"predict_across_kernels",
     "predict -p v100_sxm2_16gb -k standard,flash2,rt_flash2 --heads 16 --seq 512:32768:x8 --head-dim 64 --across "
     "kernel"},
    {"predict_across_profiles",
     "predict -p a100_sxm4_80gb,b200_sxm -k standard,flash2 --heads 16 --seq 4096 --head-dim 64 --across profile "
     "--format csv"},
    {"predict_unsupported", "predict -p v100_sxm2_16gb -k rt_flash2 --heads 16 --seq 2048 --head-dim 64"},
    {"predict_infeasible", "predict -p v100_sxm2_16gb -k standard --batch 64 --heads 64 --seq 16384 --head-dim 64"},
    {"predict_gemm", "predict -p a100_sxm4_40gb -k standard --op gemm --m 4096 --n 4096 --k 128 --format json"},
    {"predict_softmax", "predict -p a100_sxm4_40gb -k standard --op softmax --rows 4096 --cols 4096 --format json"},
    {"explain_flash2", "explain ONE"},
    {"explain_standard", "explain -p a100_sxm4_40gb -k rt_standard --heads 8 --seq 1024 --head-dim 64"},
    {"explain_json", "explain ONE --format json"},
    {"whatif_card", "whatif ONE --set memory.dram.bandwidth='500 GB/s'"},
    {"whatif_json", "whatif ONE --set memory.dram.bandwidth='500 GB/s' --format json"},
    {"whatif_list",
     "whatif -p a100_sxm4_80gb -k standard,flash2 --heads 16 --seq 512:8192:x4 --head-dim 128 --set "
     "memory.dram.bandwidth='4 TB/s'"},
    {"whatif_changes", "whatif ONE --set memory.dram.bandwidth='0.5:2:x2 TB/s' --set sm.count=54,108"},
    {"whatif_changes_list",
     "whatif -p a100_sxm4_80gb,h100_sxm5_80gb -k flash2 --heads 16 --seq 4096 --head-dim 128 --set "
     "clock.tensor_boost=1000,1400MHz"},
    {"whatif_changes_json", "whatif ONE --set memory.dram.bandwidth='1,4 TB/s' --format json"},
    {"sensitivity", "whatif ONE --sensitivity"},
    {"sensitivity_csv", "whatif ONE --sensitivity --format csv"},
    {"sensitivity_md", "whatif ONE --sensitivity --format md"},
    {"validate", "validate --tables published --by gpu,regime"},
    {"validate_json", "validate --tables published --by regime --format json"},
    {"validate_csv", "validate --tables published --by bound_regime --format csv"},
    {"validate_md", "validate --tables published --by pass --format md"},
    {"query_canned_list", "query --canned list"},
    {"profile_list", "profile list"},
    {"profile_list_json", "profile list --format json"},
    {"profile_show", "profile show a100_sxm4_40gb"},
    {"profile_show_json", "profile show a100_sxm4_40gb --format json"},
    {"profile_validate", "profile validate"},
    {"profile_validate_json", "profile validate --format json"},
    {"help", "--help"},
    {"help_profile_list", "profile list --help"},
    {"help_profile_show", "profile show --help"},
    {"help_profile_validate", "profile validate --help"},
    {"help_db_import", "db import --help"},
    {"help_db_export", "db export --help"},
    {"help_db_info", "db info --help"},
    {"help_db_merge", "db merge --help"},
};

class Golden : public testing::TestWithParam<GoldenLine> {};

TEST_P(Golden, OutputIsUnchanged) {
  const std::string line = replaced(GetParam().line, "ONE", one);
  const Outcome outcome = run_line(words_of(line));
  EXPECT_EQ(outcome.err, "");
  expect_golden(GetParam().name,
                "$ rooftile " + line + "\n" + outcome.out + "exit " + std::to_string(outcome.code) + "\n");
}

INSTANTIATE_TEST_SUITE_P(Lines, Golden, testing::ValuesIn(golden_lines),
                         [](const auto& test) { return std::string{test.param.name}; });

/// Version and build differ from machine to machine: their values are replaced by their names first.
TEST(Golden, VersionIsUnchanged) {
  const Outcome as_json = run_line({"version", "--format", "json"});
  ASSERT_EQ(as_json.code, 0) << as_json.err;
  const auto row = nlohmann::json::parse(as_json.out).at("rows").at(0);
  std::string text = run_line({"version"}).out + as_json.out;
  for (const char* key : {"compiler", "build_type"}) {
    const std::string value = row.at(key);
    ASSERT_FALSE(value.empty()) << key;
    text = replaced(text, value, std::string{"<"} + key + ">");
  }
  text = replaced(text, ROOFTILE_SOURCE_DIR, "<source>");
  expect_golden("version", text);
}

/// Of commands that are added later, too; those below a command stand in the list above.
TEST(Golden, EveryCommandHasItsHelp) {
  for (const cli::CommandEntry& entry : cli::commands()) {
    const std::string name{entry.name};
    const Outcome outcome = run_line({name, "--help"});
    EXPECT_EQ(outcome.code, 0);
    expect_golden("help_" + name, "$ rooftile " + name + " --help\n" + outcome.out + "exit 0\n");
  }
}

TEST(FirstDifference, FindsEveryKindOfDifference) {
  EXPECT_EQ(first_difference("a\nb\n", "a\nb\n"), "");
  EXPECT_EQ(first_difference("a\nb\n", "a\nc\n"), "line 2:\n  expected \"b\"\n  got      \"c\"");
  EXPECT_EQ(first_difference("a\nb\n", "a\n"), "line 2:\n  expected \"b\"\n  got      the end");
  EXPECT_EQ(first_difference("a\n", "a\nb\n"), "line 2:\n  expected the end\n  got      \"b\"");
  EXPECT_EQ(first_difference("a\n", "a"), "the texts differ in their last line break");
  EXPECT_EQ(first_difference("1.21 ms\n", "1.22 ms\n"), "line 1:\n  expected \"1.21 ms\"\n  got      \"1.22 ms\"");
}

}  // namespace
}  // namespace rooftile::test
