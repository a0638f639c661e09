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
     "unknown command 'lst'; allowed: list, show, validate, diff, known, from-measurements, from-device; did you mean "
     "'list'?\nHELP(rooftile profile)"},
    {"profile",
     "a command is expected; allowed: list, show, validate, diff, known, from-measurements, from-device\n"
     "HELP(rooftile profile)"},
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
    {"predict -p l40s -k fa2,flash2 --seq 512 --head-dim 64 --across kernels",
     "--across: unknown side-by-side column 'kernels'; allowed: kernel, profile; did you mean 'kernel'?"},
    {"predict -p l40s -k fa2 --seq 512 --head-dim 64 --across kernel",
     "--across kernel: there is only fa2; give two or more, separated by commas"},
    {"predict --cells cells.csv --across kernel", "--across: one answer per row of the file is what --cells gives"},
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
     "--set is required: say what changes, as in --set memory.dram.bandwidth=\"3 TB/s\"; or --sensitivity"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64 --set memory.dram.bandwith='1,2 TB/s'",
     "--set memory.dram.bandwith: unknown key of memory.dram 'bandwith'; allowed: type, capacity, bandwidth, bus, "
     "clock, transfers_per_clock, latency, sustained_fraction; did you mean 'bandwidth'?"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64 --set memory.dram.bandwidth='1:2 TB/s'",
     "--set memory.dram.bandwidth: '1:2' is no range; write first:last:step or first:last:xfactor and the unit behind "
     "it, as in 1:4:x2 TB/s"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64 --set memory.dram.bandwidth='1:2:x1 TB/s'",
     "--set memory.dram.bandwidth: 'x1' is no step; write a number to add (0.5) or a factor above 1 (x2)"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64 --set memory.dram.bandwidth='1:2:-1 TB/s'",
     "--set memory.dram.bandwidth: '-1' is no step; write a number to add (0.5) or a factor above 1 (x2)"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64 --set memory.dram.bandwidth='0:2:x2 TB/s'",
     "--set memory.dram.bandwidth: the range '0:2:x2' never leaves zero"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64 --set memory.dram.bandwidth='2:1:x2 TB/s'",
     "--set memory.dram.bandwidth: the range '2:1:x2' ends before it begins"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64 --set memory.dram.bandwidth='1:2:1e-9 TB/s'",
     "--set memory.dram.bandwidth: the list has more than 10000 values"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64 --set memory.dram.bandwidth='1,,2 TB/s'",
     "--set memory.dram.bandwidth: '' is no number; a plain number is expected, as in '108'"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64 --set memory.dram.bandwidth='1,2 TB'",
     "--set memory.dram.bandwidth: '1 TB' is an amount of bytes; bytes per second are expected, as in '1555 GB/s'"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64 --set sm.count=1,2 --set sm.count=3",
     "--set sm.count: given twice"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64 --set sm.count=1:999:1 --set sm.max_warps=1:999:1",
     "--set: the lists ask for more than 100000 changed profiles"},
    {"whatif -p l40s -k fa2 --seq 512 --head-dim 64 --sensitivity --set sm.count=1,2",
     "--sensitivity: takes one value for each --set: the profile it starts from"},
    {"query", "SQL is required, or --canned NAME"},
    {"query --canned worst", "--db is required"},
    {"query --canned worst 'select 1'", "--canned: takes the place of SQL; give one of them"},
    {"query --canned worts",
     "--canned: unknown query 'worts'; allowed: list, worst, best, block-sizes, accuracy, coverage, unmatched, "
     "slowest, bound-mismatch, bytes, clocks, tiles, refused, latest, verification, micro, runs; did you mean "
     "'worst'?"},
    {"query --canned list --format tabel",
     "--format: unknown format 'tabel'; allowed: table, json, csv, md; did you mean 'table'?"},
    {"completion", "SHELL is required\nHELP(rooftile completion)"},
    {"device", "unknown command 'device'; allowed: COMMANDS; did you mean 'devices'?\nHELP(rooftile)"},
    {"devices --drivr x", "unknown option '--drivr'; did you mean '--driver'?\nHELP(rooftile devices)"},
    {"db mrege a.db",
     "unknown command 'mrege'; allowed: import, export, info, merge; did you mean 'merge'?\nHELP(rooftile db)"},
    {"whatif -p l40s -k fa2 --seq 64 --head-dim 64 --set sm.count",
     "--set 'sm.count': expected leaf=value, as in memory.dram.bandwidth=\"3 TB/s\""},
    {"whatif -p l40s -k fa2 --seq 64 --head-dim 64 --set =3",
     "--set '=3': expected leaf=value, as in memory.dram.bandwidth=\"3 TB/s\""},
    {"whatif -p l40s -k fa2 --seq 64 --head-dim 64 --set sm=3",
     "--set sm: 'sm' is a group; its keys: count, max_threads, max_warps, max_ctas, registers, register_unit, "
     "max_registers_per_thread, smem_capacity, smem_per_cta, smem_reserved_per_cta, smem_unit, rates, tensor"},
    {"whatif -p l40s -k fa2 --seq 64 --head-dim 64 --set memory.dram.type=HBM2",
     "--set memory.dram.type: 'memory.dram.type' is a text; only numbers can be set"},
    {"whatif -p l40s -k fa2 --seq 64 --head-dim 64 --set sm.count=1.5",
     "--set sm.count: '1.5' is not a whole number of units"},
    {"whatif -p l40s -k fa2 --seq 64 --head-dim 64 --set sm.count.x=1",
     "--set sm.count.x: 'sm.count' is a number; nothing stands below it"},
    {"whatif -p l40s -k fa2 --seq 64 --head-dim 64 --sensitivity --set sm.count=0",
     "--set sm.count: '0' is outside 1 .. 100000"},
    {"whatif -p l40s,t4 -k fa2 --seq 64 --head-dim 64 --sensitivity --format xml",
     "--format: unknown format 'xml'; allowed: table, json, csv, md"},
    {"whatif -p l40s -k fa2 --seq 64 --head-dim 64 --set sm.count=1:4",
     "--set sm.count: '1:4' is no range; write first:last:step or first:last:xfactor and the unit behind it, as in "
     "1:4:x2 TB/s"},
    {"whatif -p l40s -k fa2 --seq 64 --head-dim 64 --set sm.count=4:1:1",
     "--set sm.count: the range '4:1:1' ends before it begins"},
    {"whatif -p l40s -k fa2 --seq 64 --head-dim 64 --set memory.dram.bandwidth='1,2'",
     "--set memory.dram.bandwidth: '1' has no unit; bytes per second are expected, as in '1555 GB/s'"},
    {"profile diff", "A is required\nHELP(rooftile profile diff)"},
    {"profile diff l40s", "B is required\nHELP(rooftile profile diff)"},
    {"profile diff l40s l40z", "unknown profile 'l40z'; allowed: PROFILES; did you mean 'l40s'?"},
    {"profile diff l40s t4 a10", "unexpected argument 'a10'\nHELP(rooftile profile diff)"},
    {"profile diff l40s no/such.yaml", "no/such.yaml: no such file"},
    {"profile known l40z", "unknown profile 'l40z'; allowed: PROFILES; did you mean 'l40s'?"},
    {"profile show l40s --set sm.count=x", "--set sm.count: 'x' is no number; a plain number is expected, as in '108'"},
    {"completion tcsh", "SHELL: unknown shell 'tcsh'; allowed: bash, zsh, fish, profiles, kernels"},
    {"completion bash zsh", "unexpected argument 'zsh'\nHELP(rooftile completion)"},
    {"devices extra", "unexpected argument 'extra'\nHELP(rooftile devices)"},
    {"db merge --db new.db", "SHARD is required\nHELP(rooftile db merge)"},
    {"db merge a.db", "--db is required\nHELP(rooftile db merge)"},
    {"db import --db new.db", "PATH is required\nHELP(rooftile db import)"},
    {"query --canned", "--canned: a value is missing\nHELP(rooftile query)"},
    {"query --canned worst --db no.db", "no.db: no such results file"},
    {"query --canned worst --sql x", "unknown option '--sql'\nHELP(rooftile query)"},
    {"compare", "--db is required\nHELP(rooftile compare)"},
    {"profile show", "a profile is required; `rooftile profile list` has their names"},
    {"predict --cells x.csv -p l40s",
     "--cells: the file says what is asked; only --predictor, --set, --format and -o can stand beside it"},
};

std::string expected_message(const std::string& message) {
  std::string commands;
  for (const cli::CommandEntry& entry : cli::commands()) {
    commands += (commands.empty() ? "" : ", ") + std::string{entry.name};
  }
  std::string text =
      "rooftile: " + replaced(replaced(message, "COMMANDS", commands), "PROFILES", profile_names()) + "\n";
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

/// A typo in whatever the program knows by name, and the name that is meant.
struct Typo {
  const char* line;
  const char* meant;
};

/// Lists of what is allowed grow; what is meant does not.
TEST(Typos, NameWhatIsMeant) {
  const Typo typos[] = {
      {"predict -p l40ss -k fa2 --seq 512 --head-dim 64", "l40s"},
      {"predict -p a100_sxm_80gb -k fa2 --seq 512 --head-dim 64", "a100_sxm4_80gb"},
      {"predict -p l40s -k rt_flsh2 --seq 512 --head-dim 64", "rt_flash2"},
      {"predict -p l40s -k flash2 --seq 512 --head-dim 64 --set memory.dram.bandwdth='1 TB/s'", "bandwidth"},
      {"predict -p l40s -k flash2 --seq 512 --head-dim 64 --set bandwidth='1 TB/s'", "memory.smem.bandwidth"},
      {"predict -p l40s -k flash2 --seq 512 --head-dim 64 --set memory.dram.bandwidth='1 TBs'", "TB/s"},
      {"predict -p l40s -k flash2 --seq 512 --head-dim 64 --dtype b16", "bf16"},
      {"predict -p l40s -k flash2 --seq 512 --head-dim 64 --pass fw", "fwd"},
      {"predict -p l40s -k flash2 --seq 512 --head-dim 64 --l2 worm", "warm"},
      {"predict -p l40s -k flash2 --op gem", "gemm"},
      {"predict -p l40s -k flash2 --seq 512 --head-dim 64 --color alway", "always"},
      {"explain -p l40z -k fa2 --seq 512 --head-dim 64", "l40s"},
      {"execute -p l40s -k rt_flsh2 --seq 128 --head-dim 64", "rt_flash2"},
      {"profile show l40ss", "l40s"},
      {"profile show l40s --set sm.cuont=3", "count"},
      {"profil list", "profile"},
      {"completion bahs", "bash"},
      {"query --canned slowst", "slowest"},
      {"db expotr", "export"},
      {"query --canned list --formt csv", "--format"},
  };
  for (const Typo& typo : typos) {
    const Outcome outcome = run_line(words_of(typo.line));
    EXPECT_EQ(outcome.code, 2) << typo.line;
    EXPECT_NE(outcome.err.find("did you mean '" + std::string{typo.meant} + "'?"), std::string::npos)
        << typo.line << '\n'
        << outcome.err;
  }
}

}  // namespace
}  // namespace rooftile::test
