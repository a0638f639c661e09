// rooftile report and plot: what they show is what a query answers.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness.hpp"
#include "nlohmann/json.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

using nlohmann::json;

const std::string report_experiment =
    "schema: rooftile.experiment/1\nname: x\ndescription: y\nprofiles: [a100_sxm4_80gb]\nkernels: [rt_flash2, "
    "rt_standard]\n"
    "workloads:\n  - {batch: 1, heads: 2, seq: [512, 1024, 2048], head_dim: 64}\n";
const std::string observed_header =
    "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout,method,source,time_s\n";

/// A database with predictions of two kernels and one measured time.
std::string filled(const Scratch& scratch) {
  const std::string db = scratch / "results.db";
  const std::string observed = scratch.write(
      "mine.csv", observed_header + "a100_sxm4_80gb,rt_flash2,fwd,fp16,1,2,2,1024,1024,64,none,,measured,me,0.00002\n");
  EXPECT_EQ(run_line({"db", "import", observed, "--db", db}).code, 0);
  EXPECT_EQ(run_line({"run", scratch.write("x.yaml", report_experiment), "--db", db}).code, 0);
  return db;
}

json report_of(const std::string& db) {
  const Outcome outcome = run_line({"report", "--db", db, "--format", "json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return json::parse(outcome.out);
}

json chart_of(const json& report, const std::string& id) {
  for (const json& chart : report["charts"]) {
    if (chart["id"] == id) return chart;
  }
  ADD_FAILURE() << "no chart " << id;
  return {};
}

TEST(Report, ShowsWhatAQueryAnswers) {
  const Scratch scratch;
  const std::string db = filled(scratch);
  const json report = report_of(db);
  EXPECT_TRUE(report["notes"].empty()) << report["notes"];
  EXPECT_EQ(report["database"], "results.db");
  const json pairs = chart_of(report, "against-observed-predicted-hierarchical")["tables"][1]["rows"];
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_NEAR(pairs[0][3].get<double>(), 1e-3 * std::stod(answer(db, "select predicted_ms from v_compare")), 1e-15);

  const json traffic = chart_of(report, "traffic-1")["tables"][0]["rows"];
  const std::string dram = answer(db,
                                  "select dram_read_gb + dram_write_gb from v_latest where kernel = 'rt_standard' and "
                                  "seq_q = 2048 and method = 'predicted'");
  double shown = 0;
  for (const json& row : traffic) {
    if (row[1] == "rt_standard" && row[2] == "DRAM" && row[3] == 2048) shown = row[4].get<double>();
  }
  EXPECT_NEAR(shown, 1e9 * std::stod(dram), 1);
  for (const char* id : {"roofline-a100_sxm4_80gb", "crossover-1", "time-by-resource", "sensitivity-1", "accuracy",
                         "sources", "runs", "profiles"}) {
    EXPECT_FALSE(chart_of(report, id).empty());
  }
}

TEST(Report, StacksEndAtTheWholeTime) {
  const Scratch scratch;
  const json rows = chart_of(report_of(filled(scratch)), "time-by-resource")["tables"][0]["rows"];
  std::map<std::string, double> end;
  for (const json& row : rows) {
    EXPECT_NEAR(row[3].get<double>(), end[row[0]], 1e-9) << "a part begins where the last one ended";
    end[row[0]] = row[4].get<double>();
  }
  ASSERT_EQ(end.size(), 2U);
  for (const auto& [call, share] : end) EXPECT_NEAR(share, 100, 1e-6) << call;
}

TEST(Report, IsOnePageThatHoldsItsData) {
  const Scratch scratch;
  const std::string db = filled(scratch), page = scratch / "report.html";
  const Outcome outcome = run_line({"report", "--db", db, "-o", page});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::ostringstream text;
  text << std::ifstream{page, std::ios::binary}.rdbuf();
  const std::string html = text.str();
  const std::string begin = "<script type=\"application/json\" id=\"report\">";
  const std::size_t from = html.find(begin) + begin.size(), to = html.find("</script>", from);
  ASSERT_NE(to, std::string::npos);
  const json held = json::parse(html.substr(from, to - from));
  EXPECT_EQ(held["charts"], report_of(db)["charts"]);
  EXPECT_EQ(html.find("{{"), std::string::npos) << "a place that was not filled";
  EXPECT_EQ(html.find(" src="), std::string::npos) << "asks for another file";
  EXPECT_EQ(html.find("<link"), std::string::npos);
}

TEST(Report, SaysWhatIsMissing) {
  const Scratch scratch;
  const std::string empty = scratch / "empty.db";
  ASSERT_EQ(run_line({"db", "import", scratch.write("none.csv", observed_header), "--db", empty}).code, 0);
  const json nothing = report_of(empty);
  ASSERT_EQ(nothing["notes"].size(), 1U);
  EXPECT_TRUE(nothing["notes"][0].get<std::string>().starts_with("The database is empty."));
  for (const json& chart : nothing["charts"]) EXPECT_EQ(chart["section"], "Provenance");

  const std::string alone = scratch / "alone.db";
  ASSERT_EQ(run_line({"run", scratch.write("x.yaml", report_experiment), "--db", alone}).code, 0);
  const json computed = report_of(alone);
  ASSERT_EQ(computed["notes"].size(), 1U);
  EXPECT_TRUE(computed["notes"][0].get<std::string>().starts_with("Nothing here was measured or published"));
  for (const json& chart : computed["charts"]) EXPECT_NE(chart["section"], "Against measurements");
}

TEST(Report, NamesOfADatabaseAreNames) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  const std::string hostile = "</script><img src=x onerror=alert(1)>";
  const std::string observed = scratch.write(
      "mine.csv", observed_header + "a100_sxm4_80gb,rt_flash2,fwd,fp16,1,2,2,1024,1024,64,none,,measured," + hostile +
                      ",0.00002\n");
  ASSERT_EQ(run_line({"db", "import", observed, "--db", db}).code, 0);
  const Outcome page = run_line({"report", "--db", db});
  ASSERT_EQ(page.code, 0) << page.err;
  EXPECT_EQ(page.out.find("<img"), std::string::npos);
  EXPECT_EQ(chart_of(report_of(db), "sources")["tables"][0]["rows"][0][0], hostile);
}

TEST(Plot, WritesWhatGnuplotReads) {
  const Scratch scratch;
  const std::string db = filled(scratch);
  const Outcome list = run_line({"plot", "list", "--db", db});
  EXPECT_EQ(list.code, 0) << list.err;
  EXPECT_NE(list.out.find("crossover-1"), std::string::npos);
  EXPECT_EQ(list.out.find("accuracy"), std::string::npos) << "a table is no picture";
  const Outcome script = run_line({"plot", "roofline", "-p", "a100_sxm4_80gb", "--db", db, "--script"});
  EXPECT_EQ(script.code, 0) << script.err;
  EXPECT_NE(script.out.find("set title 'Roofline of a100_sxm4_80gb'"), std::string::npos);
}

TEST(ReportAndPlot, BrokenLinesSayWhatIsWrong) {
  const Scratch scratch;
  const std::string db = filled(scratch);
  const BrokenLine broken_lines[] = {
      {"report", "--db is required"},
      {"report --db no.db", "no.db: no such results file"},
      {"report --db DB --format pdf", "--format: unknown format 'pdf'; allowed: html, json"},
      {"report --db DB -o /no/such/x.html", "-o: cannot write '/no/such/x.html': No such file or directory"},
      {"plot --db DB", "NAME is required"},
      {"plot crossover-9 --db DB", "unknown chart 'crossover-9'; allowed: list, roofline-a100_sxm4_80gb"},
      {"plot crossover-1 --db DB --width 20", "--width: 20 is out of range; allowed: 100 to 10000"}};
  for (const BrokenLine& broken : broken_lines) {
    const Outcome outcome = run_line(words_of(replaced(broken.line, "DB", db)));
    EXPECT_EQ(outcome.code, 2) << broken.line;
    EXPECT_TRUE(outcome.out.empty()) << broken.line;
    EXPECT_NE(outcome.err.find(broken.message), std::string::npos) << broken.line << ": " << outcome.err;
  }
}

}  // namespace
}  // namespace rooftile::test
