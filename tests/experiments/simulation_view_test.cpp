// What rooftile simulate shows beside answers: bytes of each tensor, utilisation over time, progress, the slowdown.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>

#include "cli/simulation_progress.hpp"
#include "harness.hpp"
#include "nlohmann/json.hpp"
#include "question/question.hpp"
#include "rooftile/analysis/csv.hpp"
#include "rooftile/model/format_quantity.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

using analysis::CsvRow;
using analysis::CsvTable;
using nlohmann::json;

const std::string viewed_call = "-p a100_sxm4_80gb -k standard --heads 4 --seq 512 --head-dim 64 --mask causal";
const std::string viewed_lists = "-p a100_sxm4_80gb,l40s -k standard,flash2 --heads 4 --seq 300 --head-dim 64";

CsvTable rows_of(const std::string& line) {
  const Outcome outcome = run_line(words_of("simulate " + line + " --format csv"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return CsvTable::parse(outcome.out, "stdout");
}

TEST(SimulateTensors, AddUpToTheAnswerOfEachQuestion) {
  const CsvTable answers = rows_of(viewed_lists), tensors = rows_of(viewed_lists + " --tensors");
  std::map<std::string, double> read, written, l2, names;
  for (const CsvRow row : tensors) {
    const std::string question = row.text("profile") + row.text("kernel");
    read[question] += row.number("dram_read_bytes");
    written[question] += row.number("dram_write_bytes");
    names[question] += 1;
    EXPECT_LE(row.number("l2_hit_bytes"), row.number("l2_read_bytes"));
    EXPECT_EQ(row.number("l2_hit_bytes") + row.number("dram_read_bytes"), row.number("l2_read_bytes"));
  }
  ASSERT_EQ(answers.size(), 4U);
  for (const CsvRow row : answers) {
    const std::string question = row.text("profile") + row.text("kernel");
    EXPECT_EQ(read[question], row.number("dram_read_bytes")) << question;
    EXPECT_EQ(written[question], row.number("dram_write_bytes")) << question;
    EXPECT_EQ(names[question], row.text("kernel") == "flash2" ? 5 : 7) << question;
  }
}

/// Q, K and V are inputs and come from DRAM once; S and P are made here and fit.
TEST(SimulateTensors, SayWhatIsReadAgain) {
  for (const CsvRow row : rows_of(viewed_call + " --tensors")) {
    const bool input = row.text("role") == "input", output = row.text("role") == "output";
    EXPECT_EQ(row.number("dram_read_bytes"), input ? 512 * 64 * 2 * 4 : 0) << row.text("tensor");
    EXPECT_EQ(row.text("l2_hit_pct").empty(), output) << row.text("tensor");
    EXPECT_TRUE(!input || row.number("l2_hit_pct") > 50) << row.text("tensor");
    EXPECT_EQ(row.number("l2_write_bytes") > 0, !input) << row.text("tensor");
  }
}

/// K and V of a decode that comes back to the same cache: LRU has thrown each byte away, what is pinned stays, and
/// saves what the prediction says.
TEST(SimulateTensors, WhatIsPinnedIsFoundAgain) {
  const std::string decode =
      "-p a100_sxm4_80gb -k rt_split_kv,rt_split_kv_pinned --batch 8 --heads 32 --kv-heads 4 --seq-q 1 --seq-kv 4096 "
      "--head-dim 128 --l2 warm";
  const CsvTable simulated = rows_of(decode);
  const Outcome predict = run_line(words_of("predict " + decode + " --format csv"));
  const CsvTable predicted = CsvTable::parse(predict.out, "stdout");
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(simulated[i].number("dram_read_bytes") / predicted[i].number("dram_read_bytes"), 1, 0.02) << i;
  }
  EXPECT_GT(simulated[0].number("time_s"), 1.1 * simulated[1].number("time_s"));
  double found = 0, thrown_away = 0;
  for (const CsvRow row : rows_of(decode + " --tensors")) {
    if (row.text("tensor") != "K" && row.text("tensor") != "V") continue;
    (row.text("kernel") == "rt_split_kv" ? thrown_away : found) += row.number("l2_hit_bytes");
  }
  EXPECT_LT(thrown_away, 1e6);
  EXPECT_GT(found, 20e6);  // 30 of 40 MiB are set aside, two thirds of it distinct
}

TEST(SimulateUtilisation, CutsEachLaunchIntoEqualSlices) {
  const CsvTable slices = rows_of(viewed_call + " --utilisation 5");
  ASSERT_EQ(slices.size(), 15U);  // qk, softmax, pv
  double until = 0;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    EXPECT_EQ(slices[i].number("slice"), static_cast<double>(i % 5 + 1));
    EXPECT_NEAR(slices[i].number("from_s"), until, 1e-15);
    until = slices[i].number("until_s");
    EXPECT_EQ(slices[i].text("launch"), i < 5 ? "qk" : i < 10 ? "softmax" : "pv");
    const double length = slices[i].number("until_s") - slices[i].number("from_s");
    EXPECT_NEAR(length / (slices[i / 5 * 5].number("until_s") - slices[i / 5 * 5].number("from_s")), 1, 1e-9);
  }
  EXPECT_GT(slices[0].number("places_pct"), slices[4].number("places_pct"));  // CTAs run out
  EXPECT_EQ(slices[7].number("busy_tensor_pct"), 0);                          // a softmax has no products
}

/// However many slices, everything was busy for as long.
TEST(SimulateUtilisation, IsTheSameOverAllSlices) {
  const auto busy = [](int count) {
    std::map<std::string, double> sums;
    for (const CsvRow row : rows_of(viewed_call + " --utilisation " + std::to_string(count))) {
      const double length = row.number("until_s") - row.number("from_s");
      for (const char* name : {"dram", "l2", "smem", "tensor", "exp2", "fma", "convert", "issue"}) {
        sums[name] += row.number("busy_" + std::string{name} + "_pct") * length;
      }
    }
    return sums;
  };
  const auto once = busy(1), often = busy(37);
  for (const auto& [name, sum] : once) {
    EXPECT_GT(sum, 0) << name;
    EXPECT_NEAR(often.at(name) / sum, 1, 1e-9) << name;
  }
}

TEST(SimulationView, StandsInTheCardAndInEveryFormat) {
  const std::string card = run_line(words_of("simulate " + viewed_call + " --tensors")).out;
  EXPECT_TRUE(card.starts_with("standard on a100_sxm4_80gb: ")) << card;
  EXPECT_NE(card.find("\ntensor "), std::string::npos) << card;
  EXPECT_NE(card.find("\nP       workspace "), std::string::npos) << card;
  const std::string md = run_line(words_of("simulate " + viewed_call + " --utilisation 2 --format md")).out;
  EXPECT_NE(md.find("softmax"), std::string::npos) << md;
  const json rows =
      json::parse(run_line(words_of("simulate " + viewed_call + " --utilisation 2 --format json")).out)["rows"];
  EXPECT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows[0]["kernel"], "standard");
}

TEST(SimulationView, WhatCannotRunSaysSoInOneRow) {
  const CsvTable rows = rows_of("-p v100_sxm2_16gb -k rt_flash2,flash2 --seq 128 --head-dim 64 --tensors");
  ASSERT_EQ(rows.size(), 1U + 5U);
  EXPECT_EQ(rows[0].text("status"), "unsupported");
  EXPECT_NE(rows[0].text("reason"), "");
  EXPECT_EQ(rows[0].text("tensor"), "");
  EXPECT_EQ(rows[1].text("status"), "ok");
}

TEST(SimulationView, StandsBesideATrace) {
  const Scratch scratch;
  const std::string line = "simulate " + viewed_call + " --tensors";
  const Outcome traced = run_line(words_of(line + " --trace " + (scratch / "trace.json")));
  EXPECT_EQ(traced.code, 0) << traced.err;
  EXPECT_EQ(traced.out, run_line(words_of(line)).out);
  EXPECT_TRUE(std::filesystem::exists(scratch / "trace.json"));
}

TEST(Slowdown, IsSaidToWhoWantsToKnowMoreAndNeverAmongTheData) {
  const Outcome quiet = run_line(words_of("simulate " + viewed_call));
  EXPECT_EQ(quiet.err, "");
  const Outcome verbose = run_line(words_of("simulate " + viewed_call + " -v"));
  EXPECT_NE(verbose.err.find(" simulated in "), std::string::npos) << verbose.err;
  EXPECT_NE(verbose.err.find(" times as long\n"), std::string::npos) << verbose.err;
  EXPECT_EQ(verbose.out.find("times as long"), std::string::npos);
  EXPECT_EQ(run_line(words_of("predict " + viewed_call + " -v")).err, "");
}

TEST(Progress, IsDrawnOnATerminalWhenPatienceIsOver) {
  const auto drawn = [](bool terminal, std::chrono::milliseconds patience) {
    std::ostringstream err;
    {
      cli::ProgressBar bar{err, terminal, "CTAs", patience};
      bar.show(15, 30);
    }
    return err.str();
  };
  EXPECT_EQ(drawn(false, {}), "");
  EXPECT_EQ(drawn(true, std::chrono::hours{1}), "");
  EXPECT_EQ(drawn(true, {}), "\r[" + std::string(15, '=') + std::string(15, ' ') + "] 15 of 30 CTAs\033[K\r\033[K");
}

/// Who asks for very much is told before it begins.
TEST(Progress, LongCallsAreAnnouncedWithTheirTileEvents) {
  experiments::Catalogues catalogues{experiments::DataDirectories{ROOFTILE_SOURCE_DIR}};
  experiments::Answerer answerer{catalogues};
  experiments::Question question{
      .profile = "a100_sxm4_80gb", .kernel = "standard", .workload = {}, .overrides = {}, .l2 = {}, .settings = {}};
  question.workload = AttentionShape{.heads = 2, .kv_heads = 2, .seq_q = 8192, .seq_kv = 8192};
  EXPECT_EQ(answerer.answer(question).status, Status::ok);
  const auto counts = std::make_unique<ProgramCounts>();
  count(answerer.program(), *counts);
  const double seconds = cli::simulation_seconds(answerer.program(), *counts);
  const auto said = [&](double patience) {
    std::ostringstream err;
    cli::SimulationProgress progress{err, patience, nullptr};
    progress.call_begins({answerer.program(), *counts});
    progress.progress({1, 2});
    return err.str();
  };
  EXPECT_EQ(said(1.01 * seconds), "");
  std::int64_t events = 0;
  for (std::size_t i = 0; i < answerer.program().ops.size(); ++i) events += counts->op[i].executions;
  const std::string millions = format(Count{static_cast<double>(events) / 1e6}, 3);
  EXPECT_TRUE(said(0.99 * seconds).starts_with("rooftile: " + millions + " million tile events, about ")) << said(0);
}

const BrokenLine broken_views[] = {
    {"simulate ONE --utilisation 0", "--utilisation: 0 is out of range; allowed: 1 to 10000"},
    {"simulate ONE --utilisation 10001", "--utilisation: 10001 is out of range; allowed: 1 to 10000"},
    {"simulate ONE --tensors --stalls", "--tensors: has rows of its own; leave --stalls away"},
    {"simulate ONE --tensors --utilisation 3", "--tensors: has rows of its own; leave --utilisation away"},
    {"simulate ONE --utilisation 3 --stalls", "--utilisation: has rows of its own; leave --stalls away"},
    {"simulate ONE --tensors --across kernel", "--across: shows times; leave --tensors away"},
    {"simulate --cells x.csv --tensors", "--tensors: has rows of its own; leave --cells away"},
    {"simulate --cells x.csv --utilisation 3", "--utilisation: has rows of its own; leave --cells away"},
    {"predict ONE --tensors", "unknown option '--tensors'\nsee: rooftile predict --help"},
};

TEST(SimulationView, BrokenLinesSayWhatIsWrongAndWriteNothing) {
  const Scratch scratch;
  for (const BrokenLine& broken : broken_views) {
    std::vector<std::string> words = words_of(replaced(broken.line, "ONE", viewed_call));
    words.insert(words.end(), {"-o", scratch / "out"});
    const Outcome outcome = run_line(words);
    EXPECT_EQ(outcome.code, 2) << broken.line;
    EXPECT_EQ(outcome.out, "") << broken.line;
    EXPECT_EQ(outcome.err, std::string{"rooftile: "} + broken.message + "\n") << broken.line;
    EXPECT_FALSE(std::filesystem::exists(scratch / "out")) << broken.line;
  }
}

}  // namespace
}  // namespace rooftile::test
