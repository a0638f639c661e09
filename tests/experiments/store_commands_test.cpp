// Commands over a results database, beyond looking as before: canned queries, merging, columns without values.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/canned_queries.hpp"
#include "harness.hpp"
#include "rooftile/analysis/csv.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

/// results.db holds data/timings.csv.
class StoreCommands : public testing::Test {
 protected:
  StoreCommands() {
    EXPECT_EQ(run_line({"db", "import", "tests/experiments/data/timings.csv", "--db", results_}).code, 0);
  }
  Scratch scratch_;
  std::string results_ = scratch_ / "results.db";
};

TEST_F(StoreCommands, EveryCannedQueryRuns) {
  for (const cli::CannedQuery& query : cli::canned_queries()) {
    const std::string name{query.name};
    const Outcome outcome = run_line({"query", "--db", results_, "--canned", name, "--format", "json"});
    EXPECT_EQ(outcome.code, 0) << name << ": " << outcome.err;
    EXPECT_EQ(nlohmann::json::parse(outcome.out).at("schema"), "rooftile.query/1") << name;
  }
}

TEST_F(StoreCommands, WorstAndBestAreTheTwoEnds) {
  const auto rows = [this](const char* name) {
    return analysis::CsvTable::parse(run_line({"query", "--db", results_, "--canned", name, "--format", "csv"}).out,
                                     "x");
  };
  const auto worst = rows("worst");
  const auto best = rows("best");
  const double largest = std::stod(answer(results_, "SELECT max(abs(error_pct)) FROM v_compare"));
  const double smallest = std::stod(answer(results_, "SELECT min(abs(error_pct)) FROM v_compare"));
  EXPECT_LT(smallest, largest);
  EXPECT_DOUBLE_EQ(std::abs(worst[0].number("error_pct")), largest);
  EXPECT_DOUBLE_EQ(std::abs(best[0].number("error_pct")), smallest);
}

TEST_F(StoreCommands, UnmatchedAndMatchedAreAllObservations) {
  const auto count = [this](const std::string& sql) { return std::stoi(answer(results_, sql)); };
  const auto unmatched = analysis::CsvTable::parse(
      run_line({"query", "--db", results_, "--canned", "unmatched", "--format", "csv"}).out, "x");
  EXPECT_EQ(static_cast<int>(unmatched.size()) + count("SELECT count(DISTINCT observed_id) FROM v_compare"),
            count("SELECT count(*) FROM v_latest WHERE method IN ('measured', 'published') AND time_ms IS NOT NULL"));
}

/// The roofline names DRAM where the other names the tensor cores.
TEST_F(StoreCommands, BoundMismatchFindsWhatPredictorsDisagreeOn) {
  const std::string rows = answer(results_, std::string{cli::canned_query("bound-mismatch").sql});
  const std::string agreed = answer(results_,
                                    "SELECT count(*) FROM (SELECT 1 FROM v_latest WHERE bound <> '' GROUP BY profile, "
                                    "kernel, seq_q, head_dim, mask HAVING count(DISTINCT bound) > 1)");
  EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), std::stoi(agreed));
}

TEST_F(StoreCommands, QueryShowsColumnsWithoutValues) {
  for (const char* format : {"table", "md"}) {
    const Outcome outcome =
        run_line({"query", "--db", results_, "select kernel, null as no_value from v_latest", "--format", format});
    EXPECT_NE(outcome.out.find("no_value"), std::string::npos) << format;
  }
}

TEST_F(StoreCommands, MergedShardsAreTheWhole) {
  const std::string computed = scratch_ / "computed.db";
  const std::string all = scratch_ / "all.db";
  ASSERT_EQ(run_line({"run", "experiments/seq_sweep.yaml", "--db", computed}).code, 0);
  const Outcome merged = run_line({"db", "merge", results_, computed, "--db", all, "--format", "csv"});
  ASSERT_EQ(merged.code, 0) << merged.err;
  const auto table = analysis::CsvTable::parse(merged.out, "stdout");
  EXPECT_EQ(table[0].text("added"), replaced(answer(results_, "SELECT count(*) FROM result"), "\n", ""));
  EXPECT_EQ(table[1].text("added"), replaced(answer(computed, "SELECT count(*) FROM result"), "\n", ""));
  const std::string rows = "SELECT profile, kernel, seq_q, method, predictor, time_s, bound FROM v_result ORDER BY id";
  EXPECT_EQ(answer(all, rows), answer(results_, rows) + answer(computed, rows));
  EXPECT_EQ(answer(all, "SELECT count(*) FROM v_compare"), answer(results_, "SELECT count(*) FROM v_compare"));
}

TEST_F(StoreCommands, ARefusedMergeLeavesNoDatabase) {
  const std::string other = scratch_ / "other.db";
  std::filesystem::copy_file(results_, other);
  ASSERT_EQ(run_line({"db", "info", "--db", other}).code, 0);
  const std::string csv = scratch_.write(
      "t.csv", replaced(run_line({"db", "export", "--db", results_, "--method", "published"}).out, "0.00", "0.11"));
  const std::string conflicting = scratch_ / "conflicting.db";
  ASSERT_EQ(run_line({"db", "import", csv, "--db", conflicting}).code, 0);
  const Outcome outcome = run_line({"db", "merge", other, conflicting, "--db", scratch_ / "new.db"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  const std::string message = scratch_.strip(outcome.err);
  EXPECT_TRUE(message.starts_with("rooftile: conflicting.db: ")) << message;
  EXPECT_TRUE(message.ends_with(" with other numbers; an observation is never overwritten\n")) << message;
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "new.db"));
}

}  // namespace
}  // namespace rooftile::test
