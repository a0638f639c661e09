// What command lines must do beyond looking as before: lists, exit codes, files, colour, reproducing lines.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/command.hpp"
#include "harness.hpp"
#include "question/value_list.hpp"
#include "rooftile/analysis/csv.hpp"

namespace rooftile::test {
namespace {

const std::string question = "predict -p a100_sxm4_80gb -k fa2 --batch 2 --heads 8 --seq 1024 --head-dim 64";

std::string slurp(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream{file, std::ios::binary}.rdbuf();
  return text.str();
}

/// An empty folder, gone at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "rooftile-cli-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{path_}, {}));
  }

 private:
  std::filesystem::path path_;
};

TEST(ValueList, ReadsNumbersRangesAndFactors) {
  using List = std::vector<std::int64_t>;
  EXPECT_EQ(experiments::integer_list("--seq", "512"), List{512});
  EXPECT_EQ(experiments::integer_list("--seq", "512,1024,7"), (List{512, 1024, 7}));
  EXPECT_EQ(experiments::integer_list("--seq", "512:16384:x2"), (List{512, 1024, 2048, 4096, 8192, 16384}));
  EXPECT_EQ(experiments::integer_list("--seq", "500:5000:x3"), (List{500, 1500, 4500}));
  EXPECT_EQ(experiments::integer_list("--head-dim", "32:128:32"), (List{32, 64, 96, 128}));
  EXPECT_EQ(experiments::integer_list("--head-dim", "32:100:32,256"), (List{32, 64, 96, 256}));
  EXPECT_EQ(experiments::integer_list("--seq", "5:5:1"), List{5});
  EXPECT_EQ(experiments::integer_list("--seq", "2147483647:2147483647:x2"), List{2147483647});
  EXPECT_EQ(experiments::integer_list("--x", "0", 0), List{0});
  EXPECT_EQ(experiments::name_list("-p", "a,b"), (std::vector<std::string>{"a", "b"}));
}

TEST(ValueList, ListsMultiplyOut) {
  const Outcome outcome =
      run_line(words_of("predict -p a100_sxm4_80gb,l40s -k fa2 --batch 1,2 --heads 8 --kv-heads 2,8 "
                        "--seq 512:2048:x2 --head-dim 64,128 --mask none,causal --format csv"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto table = analysis::CsvTable::parse(outcome.out, "stdout");
  EXPECT_EQ(table.size(), 2U * 2U * 2U * 3U * 2U * 2U);
  // The profile is the outermost loop, the mask the innermost.
  EXPECT_EQ(table[0].text("profile"), "a100_sxm4_80gb");
  EXPECT_EQ(table[1].text("profile"), "a100_sxm4_80gb");
  EXPECT_EQ(table[0].text("mask"), "none");
  EXPECT_EQ(table[1].text("mask"), "causal");
  EXPECT_EQ(table[95].text("profile"), "l40s");
  EXPECT_EQ(table[95].text("seq_q"), "2048");
}

/// The header of the batch interface: other tools read these names.
TEST(Predict, CsvHasTheColumnsOfTheBatchInterface) {
  const Outcome outcome = run_line(words_of(question + " --format csv"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.substr(0, outcome.out.find('\n')),
            "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout,time_s,flop,"
            "dram_read_bytes,dram_write_bytes,l2_read_bytes,l2_write_bytes,smem_bytes,bound,status,reason,"
            "expected_error,notes");
}

TEST(Predict, JsonAndCsvHoldTheSameNumbers) {
  const std::string lists = "predict -p a100_sxm4_80gb,l40s -k fa2,standard --heads 8 --seq 512,3000 --head-dim 64";
  const Outcome as_csv = run_line(words_of(lists + " --format csv"));
  const Outcome as_json = run_line(words_of(lists + " --format json"));
  const auto csv = analysis::CsvTable::parse(as_csv.out, "stdout");
  const auto json = nlohmann::json::parse(as_json.out);
  EXPECT_EQ(json.at("schema"), "rooftile.predict/1");
  ASSERT_EQ(csv.size(), 8U);
  ASSERT_EQ(json.at("rows").size(), 8U);
  for (std::size_t i = 0; i < csv.size(); ++i) {
    for (const char* name : {"time_s", "flop", "l2_read_bytes", "l2_write_bytes", "smem_bytes"}) {
      EXPECT_GT(csv[i].number(name), 0) << name;
      EXPECT_EQ(json["rows"][i].at(name).get<double>(), csv[i].number(name)) << name;
    }
    EXPECT_EQ(json["rows"][i].at("status"), "ok");
  }
}

/// -v ends each row with a command; that command gives the same row.
TEST(Predict, TheCommandOfARowReproducesIt) {
  const Outcome list = run_line(words_of(
      "predict -p a100_sxm4_80gb,l40s -k flash2,standard --heads 8 --kv-heads 4 --seq-q 100 --seq-kv 512,1024 "
      "--head-dim "
      "64 --mask none,causal --predictor roofline,hierarchical --l2 warm --set 'memory.dram.bandwidth=1 TB/s' -v "
      "--format csv"));
  ASSERT_EQ(list.code, 0) << list.err;
  const auto table = analysis::CsvTable::parse(list.out, "stdout");
  ASSERT_EQ(table.size(), 32U);
  for (const analysis::CsvRow row : table) {
    std::vector<std::string> words = words_of(row.text("command"));
    ASSERT_EQ(words.front(), "rooftile");
    words.erase(words.begin());
    words.insert(words.end(), {"--format", "csv"});
    const Outcome single = run_line(words);
    const auto again = analysis::CsvTable::parse(single.out, "stdout");
    ASSERT_EQ(again.size(), 1U) << row.text("command") << single.err;
    for (const char* name : {"time_s", "dram_read_bytes", "bound", "kernel", "seq_q", "notes"}) {
      EXPECT_EQ(again[0].text(name), row.text(name)) << row.text("command");
    }
  }
}

TEST(Predict, SetChangesTheAnswer) {
  const auto time = [](const std::string& line) {
    return analysis::CsvTable::parse(run_line(words_of(line)).out, "stdout")[0].number("time_s");
  };
  const std::string standard = "predict -p a100_sxm4_80gb -k standard --heads 8 --seq 4096 --head-dim 64 --format csv";
  EXPECT_LT(time(standard + " --set memory.dram.bandwidth='8 TB/s'"), time(standard));
}

TEST(Predict, MissingLeavesAreNamed) {
  const Outcome outcome = run_line(words_of("predict -p a100_flashattention_paper -k flash2 --seq 1024 --head-dim 64"));
  EXPECT_EQ(outcome.code, 2);
  const std::string message = replaced(outcome.err, std::string{ROOFTILE_SOURCE_DIR} + "/", "");
  EXPECT_TRUE(
      message.starts_with("rooftile: hw_profiles/a100_flashattention_paper.yaml: the predictor 'hierarchical' "
                          "needs what this profile does not state: "))
      << message;
  EXPECT_TRUE(outcome.err.ends_with("; --predictor roofline needs less\n")) << outcome.err;
}

TEST(Predict, AListGoesOnPastAnIncompleteProfile) {
  const Outcome outcome = run_line(
      words_of("predict -p a100_flashattention_paper,a100_sxm4_80gb -k flash2 --seq 1024 --head-dim 64 --format csv"));
  EXPECT_EQ(outcome.code, 0);
  const analysis::CsvTable table = analysis::CsvTable::parse(outcome.out, "stdout");
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table[0].text("status"), "unsupported");
  EXPECT_TRUE(
      table[0].text("reason").starts_with("the predictor 'hierarchical' needs what this profile does not state"));
  EXPECT_EQ(table[1].text("status"), "ok");
}

TEST(ExitCodes, OneInfeasibleQuestionFailsAListGoesOn) {
  const std::string line =
      "predict -p v100_sxm2_16gb -k standard --batch 64 --heads 64 --head-dim 64 --format csv --seq ";
  const Outcome single = run_line(words_of(line + "16384"));
  EXPECT_EQ(single.code, 1);
  const Outcome list = run_line(words_of(line + "128,16384"));
  EXPECT_EQ(list.code, 0);
  const auto table = analysis::CsvTable::parse(list.out, "stdout");
  EXPECT_EQ(table[0].text("status"), "ok");
  EXPECT_EQ(table[1].text("status"), "infeasible");
  EXPECT_EQ(table[1].text("time_s"), "");
  EXPECT_GT(table[1].number("flop"), 0);
  EXPECT_NE(table[1].text("reason"), "");
}

TEST(ExitCodes, ABrokenProfileIsBadInput) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "broken.yaml";
  std::ofstream{file} << "name: broken\nbandwith: 3\n";
  const Outcome outcome = run_line({"profile", "validate", "a100_sxm4_80gb", file.string(), "--format", "csv"});
  EXPECT_EQ(outcome.code, 2);
  const auto table = analysis::CsvTable::parse(outcome.out, "stdout");
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table[0].text("ok"), "true");
  EXPECT_EQ(table[1].text("ok"), "false");
  EXPECT_NE(table[1].text("message").find("broken.yaml:"), std::string::npos);
}

TEST(ExitCodes, AnUnwritableStandardOutputIsAFailure) {
  std::ostringstream out;
  std::ostringstream err;
  out.setstate(std::ios::badbit);
  EXPECT_EQ(cli::run({"version"}, out, err), 1);
  EXPECT_EQ(err.str(), "rooftile: cannot write to standard output\n");
}

TEST(ExitCodes, AMissingDataFolderIsBadInput) {
  std::ostringstream out;
  std::ostringstream err;
  cli::Surroundings surroundings;
  surroundings.data_directory = "/no/such";
  EXPECT_EQ(cli::run({"version"}, out, err, surroundings), 2);
  EXPECT_EQ(err.str(), "rooftile: ROOFTILE_DATA_DIR: '/no/such' has no folder hw_profiles\n");
}

TEST(OutputFile, HoldsWhatStandardOutputWouldAndNothingElseIsLeft) {
  const TemporaryFolder folder;
  const Outcome printed = run_line(words_of(question + " --format csv"));
  const std::filesystem::path file = folder / "x.csv";
  std::ofstream{file} << "old";
  const Outcome written = run_line(words_of(question + " --format csv -o " + file.string()));
  EXPECT_EQ(written.code, 0) << written.err;
  EXPECT_EQ(written.out, "");
  EXPECT_EQ(slurp(file), printed.out);
  EXPECT_EQ(folder.files(), 1U);
}

TEST(OutputFile, AFailureLeavesTheOldFile) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder / "x.csv";
  std::ofstream{file} << "old";
  const Outcome outcome = run_line(words_of(question + ",0 --format csv -o " + file.string()));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(slurp(file), "old");
  EXPECT_EQ(folder.files(), 1U);
}

TEST(OutputFile, AFullDeviceIsRefused) {
  const Outcome outcome = run_line(words_of(question + " -o /dev/full"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err, "rooftile: -o: cannot write '/dev/full': No space left on device\n");
}

struct ColorCase {
  const char* option;
  bool terminal;
  bool no_color;
  bool colored;
};

TEST(Color, FollowsTheOptionThenNoColorThenTheTerminal) {
  constexpr ColorCase cases[] = {{"auto", true, false, true},
                                 {"auto", false, false, false},
                                 {"auto", true, true, false},
                                 {"always", false, true, true},
                                 {"never", true, false, false}};
  for (const ColorCase& c : cases) {
    std::ostringstream out;
    std::ostringstream err;
    const cli::Surroundings surroundings{
        .out_is_terminal = c.terminal, .no_color = c.no_color, .data_directory = ROOFTILE_SOURCE_DIR};
    ASSERT_EQ(cli::run({"profile", "list", "--color", c.option}, out, err, surroundings), 0) << err.str();
    EXPECT_EQ(out.str().find('\033') != std::string::npos, c.colored) << c.option << c.terminal << c.no_color;
  }
}

/// The lines under "Examples:" of a help text.
std::vector<std::string> examples_in(const std::string& help) {
  std::vector<std::string> lines;
  std::istringstream stream{help.substr(std::min(help.size(), help.find("Examples:")))};
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("  rooftile ")) lines.push_back(line.substr(2));
  }
  return lines;
}

TEST(Help, EveryCommandEndsWithTwoExamples) {
  for (const cli::CommandEntry& entry : cli::commands()) {
    EXPECT_GE(examples_in(run_line({std::string{entry.name}, "--help"}).out).size(), 2U) << entry.name;
  }
}

TEST(Help, TheExamplesRun) {
  for (const char* command : {"predict", "simulate", "explain", "whatif", "execute", "profile", "profile list",
                              "profile show", "profile validate", "version"}) {
    for (const std::string& example : examples_in(run_line(words_of(std::string{command} + " --help")).out)) {
      auto words = words_of(example);
      words.erase(words.begin());
      const Outcome outcome = run_line(words);
      EXPECT_EQ(outcome.code, 0) << example << '\n' << outcome.err;
      EXPECT_NE(outcome.out, "") << example;
    }
  }
}

TEST(Whatif, BaseIsWhatPredictSaysAndTheRatioIsTheirQuotient) {
  const std::string shape = " -p a100_sxm4_80gb -k standard --heads 8 --seq 4096 --head-dim 64 --format ";
  const std::string set = " --set memory.dram.bandwidth='4 TB/s'";
  const auto base = analysis::CsvTable::parse(run_line(words_of("predict" + shape + "csv")).out, "stdout");
  const auto changed = analysis::CsvTable::parse(run_line(words_of("predict" + shape + "csv" + set)).out, "stdout");
  const auto both = analysis::CsvTable::parse(run_line(words_of("whatif" + shape + "csv" + set)).out, "stdout");
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].text("time_s"), base[0].text("time_s"));
  EXPECT_EQ(both[1].text("time_s"), changed[0].text("time_s"));
  EXPECT_EQ(both[0].text("time_ratio"), "");
  EXPECT_DOUBLE_EQ(both[1].number("time_ratio"), changed[0].number("time_s") / base[0].number("time_s"));
  EXPECT_LT(both[1].number("time_ratio"), 1);
}

}  // namespace
}  // namespace rooftile::test
