// Command lines that make no sense: each with its exact message and exit code 2, nothing on standard output.
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/command.hpp"
#include "harness.hpp"

namespace rooftile::test {
namespace {

/// Messages behind "rooftile: "; "HELP(x)" stands for the line that points to a command's help.
const BrokenLine broken_lines[] = {
    {"", "a command is expected; allowed: COMMANDS\nHELP(rooftile)"},
    {"predct -p l40s", "unknown command 'predct'; allowed: COMMANDS; did you mean 'predict'?\nHELP(rooftile)"},
    {"frobnicate", "unknown command 'frobnicate'; allowed: COMMANDS\nHELP(rooftile)"},
    {"profile lst",
     "unknown command 'lst'; allowed: list, show, validate, from-measurements, from-device; did you mean "
     "'list'?\nHELP(rooftile profile)"},
    {"profile",
     "a command is expected; allowed: list, show, validate, from-measurements, from-device\nHELP(rooftile profile)"},
    {"predict --sequ 512", "unknown option '--sequ'; did you mean '--seq'?\nHELP(rooftile predict)"},
    {"predict --xyzzy", "unknown option '--xyzzy'\nHELP(rooftile predict)"},
    {"predict extra", "unexpected argument 'extra'\nHELP(rooftile predict)"},
    {"predict -p", "--profile: a value is missing\nHELP(rooftile predict)"},
    {"predict -p l40s -p l40s", "--profile: given more than once\nHELP(rooftile predict)"},
    {"predict", "--profile is required"},
    {"predict -p l40s", "--kernel is required"},
    {"predict -p l40s -k fa2", "--seq is required, or --seq-q and --seq-kv"},
    {"predict -p l40s -k fa2 --seq 512", "--head-dim is required"},
    {"predict -p l40s -k fa2 --seq-q 512 --head-dim 64", "--seq-kv is required"},
    {"predict -p l40s -k fa2 --seq 512 --seq-kv 512 --head-dim 64",
     "--seq: says the same as --seq-q and --seq-kv; give it or both of them"},
    {"predict -p l40s -k fa2 --seq abc --head-dim 64", "--seq: 'abc' is not a whole number"},
    {"predict -p l40s -k fa2 --seq 1e3 --head-dim 64", "--seq: '1e3' is not a whole number"},
    {"predict -p l40s -k fa2 --seq 0 --head-dim 64", "--seq: 0 is out of range; allowed: 1 to 2147483647"},
    {"predict -p l40s -k fa2 --seq -5 --head-dim 64", "--seq: -5 is out of range; allowed: 1 to 2147483647"},
    {"predict -p l40s -k fa2 --seq 4294967296 --head-dim 64",
     "--seq: 4294967296 is out of range; allowed: 1 to 2147483647"},
    {"predict -p l40s -k fa2 --seq 512, --head-dim 64", "--seq: '' is not a whole number"},
    {"predict -p l40s -k fa2 --seq 512:1024 --head-dim 64",
     "--seq: '512:1024' is no range; write first:last:step or first:last:xfactor, as in 512:16384:x2"},
    {"predict -p l40s -k fa2 --seq 512:1024:x1 --head-dim 64",
     "--seq: 'x1' is no step; write a number to add (128) or a factor of 2 or more (x2)"},
    {"predict -p l40s -k fa2 --seq 512:1024:0 --head-dim 64",
     "--seq: '0' is no step; write a number to add (128) or a factor of 2 or more (x2)"},
    {"predict -p l40s -k fa2 --seq 1024:512:x2 --head-dim 64", "--seq: the range '1024:512:x2' ends before it begins"},
    {"predict -p l40s -k fa2 --seq 1:1000000:1 --head-dim 64", "--seq: the list has more than 10000 values"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --batch 1:2000:1 --heads 1:2000:1",
     "the lists ask more than 1000000 questions; use --cells"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --heads 8 --kv-heads 3", "kv_heads 3 does not divide heads 8"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --mask casual",
     "--mask: unknown mask 'casual'; allowed: none, causal, key_padding; did you mean 'causal'?"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --dtype fp61",
     "--dtype: unknown dtype 'fp61'; allowed: fp16, bf16, fp32, fp8_e4m3; did you mean 'fp16'?"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --pass forward",
     "--pass: unknown pass 'forward'; allowed: fwd, bwd, fwd+bwd"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --l2 hot", "--l2: unknown l2 'hot'; allowed: cold, warm"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --dropout 1",
     "--dropout: 1 is out of range; allowed: 0 to below 1"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --dropout x",
     "--dropout: 'x' is no number; a plain number is expected, as in '108'"},
    {"predict -p l40s, -k fa2 --seq 512 --head-dim 64", "--profile: 'l40s,' has an empty name"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --m 4", "--m: has no meaning with --op attention"},
    {"predict -p l40s -k standard --op gemm --m 4 --n 4 --k 4 --seq 4", "--seq: has no meaning with --op gemm"},
    {"predict -p l40s -k standard --op gemm --m 4 --n 4", "--k is required"},
    {"predict -p l40s -k standard --op softmax --rows 4", "--cols is required"},
    {"predict -p l40s -k standard --op conv", "--op: unknown op 'conv'; allowed: attention, gemm, softmax"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --format jsn",
     "--format: unknown format 'jsn'; allowed: table, json, csv, md; did you mean 'json'?"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --color yes",
     "--color: unknown colour setting 'yes'; allowed: auto, always, never"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --predictor roofin",
     "unknown predictor 'roofin'; allowed: hierarchical, roofline; did you mean 'roofline'?"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 -o /no/such/folder/x.csv",
     "-o: cannot write '/no/such/folder/x.csv': No such file or directory"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 -o .", "-o: cannot write '.': Is a directory"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64",
     "--set is required: say what changes, as in --set memory.dram.bandwidth=\"3 TB/s\""},
    {"profile show", "a profile is required; `rooftile profile list` has their names"},
    {"predict --cells x.csv -p l40s",
     "--cells: the file says what is asked; only --predictor, --set, --format and -o can stand beside it"},
};

std::string expected_message(const std::string& message) {
  std::string commands;
  for (const cli::CommandEntry& entry : cli::commands()) {
    commands += (commands.empty() ? "" : ", ") + std::string{entry.name};
  }
  std::string text = "rooftile: " + replaced(message, "COMMANDS", commands) + "\n";
  text = replaced(text, "HELP(", "see: ");
  return text.ends_with(")\n") && text.find("see: ") != std::string::npos
             ? text.substr(0, text.size() - 2) + " --help\n"
             : text;
}

class BrokenLines : public testing::TestWithParam<BrokenLine> {};

TEST_P(BrokenLines, SayWhatIsWrong) {
  const Outcome outcome = run_line(words_of(GetParam().line));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, expected_message(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(Lines, BrokenLines, testing::ValuesIn(broken_lines));

}  // namespace
}  // namespace rooftile::test
