// rooftile db import of a backward pass's lines, and what is predicted beside them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness.hpp"
#include "measurement_lines.hpp"
#include "rooftile/analysis/csv.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

/// A backward pass and the forward pass of the same shape are different cells, measured and predicted.
TEST(ImportBackward, RowsMeetTheirOwnPredictions) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  std::vector<json> lines{run_line_of(), time_line()};
  double seconds = 4e-4;
  for (const char* kernel : {"rt_flash2", "rt_flash2_deterministic"}) {
    for (json line : {verify_line(), verify_line("host"), time_line(), counter_line("dram", 8e6, 5e6)}) {
      line.update({{"kernel", kernel}, {"pass", "bwd"}});
      if (line["kind"] == "time") line["time_s"] = seconds;
      lines.push_back(line);
    }
    seconds += 1e-4;
  }
  const Outcome outcome = run_line({"db", "import", scratch.write("visit.jsonl", text_of(lines)), "--db", db});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("3 times, 2 cells with counters, 4 verifications"), std::string::npos) << outcome.out;
  EXPECT_EQ(answer(db, "select kernel, pass, time_s, flop from v_result where timer <> '' order by id"),
            "rt_flash2,fwd,0.000125,8589934592\n"
            "rt_flash2,bwd,4e-04,21474836480\n"
            "rt_flash2_deterministic,bwd,5e-04,21474836480\n");
  const std::string experiment = scratch.write(
      "x.yaml",
      "schema: rooftile.experiment/1\nname: x\ndescription: y\nprofiles: [h100_sxm5_80gb]\n"
      "kernels: [rt_flash2, rt_flash2_deterministic]\n"
      "workloads:\n  - {batch: 2, heads: 16, kv_heads: 4, seq: 1024, head_dim: 128, mask: causal, pass: [fwd, bwd]}\n");
  ASSERT_EQ(run_line({"run", experiment, "--db", db}).code, 0);
  EXPECT_EQ(
      answer(db, "select kernel, pass, observed_ms, method, predicted_ms > 0 from v_compare order by observed_ms"),
      "rt_flash2,fwd,0.125,predicted,1\nrt_flash2,bwd,0.4,predicted,1\n"
      "rt_flash2_deterministic,bwd,0.5,predicted,1\n");
  EXPECT_EQ(answer(db, "select kernel, pass, method, observed_dram_read_gb from v_bytes order by kernel"),
            "rt_flash2,bwd,predicted,0.008\nrt_flash2_deterministic,bwd,predicted,0.008\n");
  const Outcome compared =
      run_line({"compare", "--db", db, "--observed", "measured", "--by", "kernel,pass", "--format", "csv"});
  ASSERT_EQ(compared.code, 0) << compared.err;
  const auto table = analysis::CsvTable::parse(compared.out, "stdout");
  EXPECT_EQ(table.size(), 3U) << compared.out;
}

}  // namespace
}  // namespace rooftile::test
