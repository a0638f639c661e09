// rooftile compare --side-by-side: predicted, simulated, executed and observed answers of each call in one row.
#include <gtest/gtest.h>

#include "harness.hpp"
#include "nlohmann/json.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

using nlohmann::json;

json compared(const std::string& db, const std::string& options) {
  const Outcome outcome = run_line(words_of("compare --db " + db + " --format json " + options));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return json::parse(outcome.out)["rows"];
}

const std::string side_by_side_experiment =
    "schema: rooftile.experiment/1\nname: x\ndescription: y\nprofiles: [a100_sxm4_80gb]\nkernels: [rt_flash2]\n"
    "predictors: [hierarchical, roofline]\nmethods: [predicted, simulated]\nworkloads:\n"
    "  - {batch: 1, heads: 2, seq: [64, 128], head_dim: 64}\n"
    "  - {batch: 1, heads: 1, seq: 64, head_dim: 64, methods: [simulated, executed]}\n";

TEST(CompareSideBySide, ShowsEveryMethodOfACell) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  const std::string header =
      "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout,method,source,time_s\n";
  const std::string observed = scratch.write(
      "mine.csv", header + "a100_sxm4_80gb,rt_flash2,fwd,fp16,1,2,2,64,64,64,none,,measured,me,0.00001\n");
  ASSERT_EQ(run_line({"db", "import", observed, "--db", db}).code, 0);
  EXPECT_EQ(run_line({"compare", "--db", db, "--side-by-side"}).code, 2) << "one method is not two";
  ASSERT_EQ(run_line({"run", scratch.write("x.yaml", side_by_side_experiment), "--db", db}).code, 0);

  const json rows = compared(db, "--side-by-side --predictor hierarchical");
  ASSERT_EQ(rows.size(), 2U);
  const double simulated = rows[0]["simulated_s"];
  EXPECT_NEAR(rows[0]["observed_s"].get<double>(), 1e-5, 1e-12);
  EXPECT_EQ(rows[0]["observed_method"], "measured");
  EXPECT_NEAR(rows[0]["simulated_error_pct"].get<double>(), 100 * (simulated - 1e-5) / 1e-5, 1e-6);
  EXPECT_TRUE(rows[0]["predicted_s"].is_number());
  EXPECT_TRUE(rows[1]["observed_s"].is_null());
  EXPECT_TRUE(rows[1]["predicted_error_pct"].is_null());

  const json all = compared(db, "--side-by-side");
  ASSERT_EQ(all.size(), 5U);  // two predictors, and the call that was simulated and executed
  const json& executed = all[0];
  EXPECT_EQ(executed["workload"], "batch 1, heads 1, seq 64, d 64, fp16, fwd");
  EXPECT_GT(executed["executed_dram_bytes"].get<double>(), 0);
  EXPECT_EQ(compared(db, "--side-by-side --observed measured").size(), 2U);

  const json beside = compared(db, "--rows --predictor simulator");
  ASSERT_EQ(beside.size(), 1U);
  EXPECT_EQ(beside[0]["predicted_s"].get<double>(), simulated);
}

TEST(CompareSideBySide, BrokenLinesSayWhatIsWrong) {
  const BrokenLine broken_lines[] = {
      {"compare --db no.db --side-by-side --rows", "--rows: says nothing beside --side-by-side"},
      {"compare --db no.db --side-by-side --by gpu", "--by: says nothing beside --side-by-side"},
      {"compare --db no.db --side-by-side --fail-over 3", "--fail-over: says nothing beside --side-by-side"},
      {"compare --db no.db --side-by-side --format xml",
       "--format: unknown format 'xml'; allowed: table, json, csv, md"},
      {"compare --db no.db --side-by-side", "no.db: no such results file"},
  };
  for (const BrokenLine& broken : broken_lines) {
    const Outcome outcome = run_line(words_of(broken.line));
    EXPECT_EQ(outcome.code, 2) << broken.line;
    EXPECT_EQ(outcome.out, "") << broken.line;
    EXPECT_EQ(outcome.err, std::string{"rooftile: "} + broken.message + "\n") << broken.line;
  }
}

}  // namespace
}  // namespace rooftile::test
