// rooftile run: experiment files, resuming, and the outcomes that the experiments of the tree promise. What becomes of
// a run that is killed stands in killed_run_test.cpp.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <variant>

#include "harness.hpp"
#include "nlohmann/json.hpp"
#include "rooftile/analysis/store.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

using nlohmann::json;

const std::string head = "schema: rooftile.experiment/1\nname: x\ndescription: y\n";
const std::string gpus = "profiles: [a100_sxm4_80gb]\nkernels: [fa2]\n";
const std::string grid = "workloads:\n  - {batch: 1, heads: 16, seq: 512:2048:x2, head_dim: 64}\n";

json run_json(const std::string& file, const std::string& db, int code = 0) {
  const Outcome outcome = run_line({"run", file, "--db", db, "--format", "json"});
  EXPECT_EQ(outcome.code, code) << outcome.err;
  return json::parse(outcome.out);
}

std::int64_t count_results(const std::string& db) {
  const auto store = analysis::Store::open(db, analysis::Access::read_only);
  return std::get<std::int64_t>(store.query("select count(*) from result").rows.at(0).at(0));
}

TEST(Run, StoresEveryCellOnceAndThenSkipsIt) {
  const Scratch scratch;
  const std::string file = scratch.write("x.yaml", head + gpus + "predictors: [hierarchical, roofline]\n" + grid);
  const std::string db = scratch / "results.db";
  const json first = run_json(file, db)["rows"][0];
  EXPECT_EQ(first["cells"], 6);
  EXPECT_EQ(first["computed"], 6);
  EXPECT_EQ(first["stored_already"], 0);
  const json second = run_json(file, db)["rows"][0];
  EXPECT_EQ(second["computed"], 0);
  EXPECT_EQ(second["stored_already"], 6);
  EXPECT_EQ(count_results(db), 6);
}

TEST(Run, AChangedSettingIsAnotherCell) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  run_json(scratch.write("x.yaml", head + gpus + grid), db);
  const std::string changed = head + gpus + "set: {memory.dram.bandwidth: 3 TB/s}\n" + grid;
  EXPECT_EQ(run_json(scratch.write("y.yaml", changed), db)["rows"][0]["computed"], 3);
  EXPECT_EQ(count_results(db), 6);
}

TEST(Run, WhatIsAskedTwiceIsComputedOnce) {
  const Scratch scratch;
  const std::string twice = head + gpus + grid + "  - {batch: 1, heads: 16, seq: [2048, 4096], head_dim: 64}\n";
  EXPECT_EQ(run_json(scratch.write("x.yaml", twice), scratch / "results.db")["rows"][0]["cells"], 4);
}

TEST(Run, WhatCannotRunIsStoredWithItsReason) {
  const Scratch scratch;
  const std::string huge = head + "profiles: [a100_sxm4_40gb]\nkernels: [pytorch_eager]\nworkloads:\n" +
                           "  - {batch: 64, heads: 64, seq: 65536, head_dim: 128}\n";
  const std::string db = scratch / "results.db";
  EXPECT_EQ(run_json(scratch.write("x.yaml", huge), db)["rows"][0]["infeasible"], 1);
  const Outcome query = run_line({"query", "--db", db, "--format", "csv", "select status, reason <> '' from v_result"});
  EXPECT_EQ(query.out, "status,reason <> ''\ninfeasible,1\n");
}

TEST(Run, TheQkTableComesOutAsTheArithmeticSays) {
  const Scratch scratch;
  const json rows = run_json("experiments/qk_roofline_table.yaml", scratch / "results.db")["rows"];
  ASSERT_EQ(rows.size(), 9U);
  const int printed[] = {64, 102, 120, 85, 171, 228, 102, 256, 410};
  std::size_t i = 0;
  for (const double d : {128, 256, 512}) {
    for (const double n : {256, 1024, 4096}) {
      const json& row = rows[i];
      EXPECT_EQ(row["m"], n);
      EXPECT_EQ(row["k"], d);
      const double intensity = 2 * n * n * d / (2 * n * d + 2 * n * d + 2 * n * n);
      EXPECT_DOUBLE_EQ(row["flop_per_byte"].get<double>(), intensity);
      EXPECT_EQ(std::lround(row["flop_per_byte"].get<double>()), printed[i]);
      EXPECT_EQ(std::lround(row["ridge_flop_per_byte"].get<double>()), 201);
      const bool compute = (n == 4096 && d == 256) || (n == 1024 && d == 512) || (n == 4096 && d == 512);
      EXPECT_EQ(row["bound_class"], compute ? "compute" : "memory") << n << " x " << d;
      EXPECT_EQ(row["as_expected"], true);
      ++i;
    }
  }
}

TEST(Run, AnExpectationThatFailsIsExitCode3) {
  const Scratch scratch;
  const std::string wrong = head + "profiles: [a100_sxm4_40gb]\nkernels: [rt_standard]\npredictors: [roofline]\n" +
                            "workloads:\n  - {op: gemm, mn: 256, k: 128}\n" +
                            "expect:\n  - {k: 128, flop_per_byte: 65}\n  - {k: 128, flop_per_byte: 64}\n";
  const json rows = run_json(scratch.write("x.yaml", wrong), scratch / "results.db", 3)["rows"];
  EXPECT_EQ(rows[0]["as_expected"], false);
  EXPECT_EQ(rows[1]["as_expected"], true);
}

TEST(Run, PublishedRowsArePredictedAndCompared) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  ASSERT_EQ(run_line({"db", "import", "experiments/reference", "--db", db}).code, 0);
  const json run = run_json("experiments/published.yaml", db)["rows"][0];
  EXPECT_EQ(run["cells"], 2 * 299);
  EXPECT_EQ(run["infeasible"], 0);
  EXPECT_EQ(run["unsupported"], 0);

  const json rows = json::parse(run_line({"compare", "--db", db, "--rows", "--format", "json"}).out)["rows"];
  EXPECT_EQ(rows.size(), 2U * 299U);  // every published row stands beside both predictors
  for (const json& row : rows) {
    const double observed = row["observed_s"];
    const double predicted = row["predicted_s"];
    EXPECT_NEAR(row["error_pct"].get<double>(), 100 * (predicted - observed) / observed, 1e-9);
  }
  const json groups = json::parse(run_line({"compare", "--db", db, "--format", "json"}).out)["rows"];
  EXPECT_EQ(groups.size(), 2U * 10U);
}

TEST(Compare, AThresholdDecidesTheExitCode) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  ASSERT_EQ(run_line({"db", "import", "experiments/reference", "--db", db}).code, 0);
  ASSERT_EQ(run_line({"run", "experiments/published.yaml", "--db", db}).code, 0);
  EXPECT_EQ(run_line({"compare", "--db", db, "--fail-over", "100000"}).code, 0);
  EXPECT_EQ(run_line({"compare", "--db", db, "--fail-over", "0.001"}).code, 3);
}

TEST(Compare, NothingToCompareIsNoSuccess) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  ASSERT_EQ(run_line({"db", "import", "experiments/reference", "--db", db}).code, 0);
  EXPECT_EQ(run_line({"compare", "--db", db, "--fail-over", "10"}).code, 2);
}

/// DB stands for a database with the published rows.
const BrokenLine broken_database_lines[] = {
    {"compare --db DB --by gpuu",
     "--by: unknown group 'gpuu'; allowed: gpu, profile, kernel, method, observed, predictor, bound, bound_class, "
     "regime, op, pass, "
     "dtype, batch, heads, kv_heads, seq_q, seq_kv, head_dim, mask, dropout, l2, setting, source; did you mean 'gpu'?"},
    {"compare --db DB --by gpu,gpu", "--by: 'gpu' stands twice"},
    {"compare --db DB --fail-over ten", "--fail-over: 'ten' is no number; a plain number is expected, as in '108'"},
    {"compare --db DB --fail-over -1", "--fail-over: '-1' is below zero; a limit in per cent is expected, as in 10"},
    {"compare --db DB --observed predicted",
     "--observed: 'predicted' results are computed; allowed: measured, published"},
    {"compare --db /no/such.db", "/no/such.db: no such results file"},
    {"query --db DB 'selekt 1'", "query:1:1: near \"selekt\": syntax error"},
    {"query --db DB 'delete from result'",
     "query: would change the database; allowed: SELECT, WITH, VALUES, EXPLAIN and PRAGMAs that report"},
    {"query --db /no/such.db 'select 1'", "/no/such.db: no such results file"},
    {"db export --db DB --method predictd",
     "--method: unknown method 'predictd'; allowed: predicted, simulated, executed, measured, published; did you mean "
     "'predicted'?"},
    {"db import /no/such.csv --db DB", "/no/such.csv: cannot be read: No such file or directory"},
    {"db info --db NOTES", "notes.md: is not a SQLite database"},
};

TEST(Database, BrokenLinesAreRefused) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  ASSERT_EQ(run_line({"db", "import", "experiments/reference", "--db", db}).code, 0);
  scratch.write("notes.md", "# no database\n");
  for (const BrokenLine& broken : broken_database_lines) {
    std::string line = replaced(replaced(broken.line, "DB", db), "NOTES", scratch / "notes.md");
    const Outcome outcome = run_line(words_of(line));
    EXPECT_EQ(outcome.code, 2) << broken.line;
    EXPECT_EQ(outcome.out, "") << broken.line;
    EXPECT_EQ(scratch.strip(outcome.err), std::string{"rooftile: "} + broken.message + "\n") << broken.line;
  }
}

struct BrokenExperiment {
  const char* name;
  std::string text;
  const char* message;
};

const BrokenExperiment broken_experiments[] = {
    {"empty", "", "x.yaml: the file is empty"},
    {"schema", "schema: rooftile.experiment/9\nname: x\n",
     "x.yaml:1:9: schema 'rooftile.experiment/9' is not read here; expected 'rooftile.experiment/1'"},
    {"no_name", "schema: rooftile.experiment/1\ndescription: y\n" + gpus + grid, "x.yaml:1:1: missing key 'name'"},
    {"unknown_key", head + gpus + grid + "profile: l40s\n",
     "x.yaml:8:1: unknown key 'profile'; allowed: schema, name, description, profiles, kernels, set, variants, "
     "predictors, "
     "workloads, methods, expect; did you mean 'profiles'?"},
    {"unknown_profile", head + "profiles: [a100_sxm4_80g]\nkernels: [fa2]\n" + grid,
     "x.yaml:4:12: unknown profile 'a100_sxm4_80g'; allowed: PROFILES; did you mean 'a100_sxm4_80gb'?"},
    {"unknown_kernel", head + "profiles: [a100_sxm4_80gb]\nkernels: [fa2, fa9]\n" + grid,
     "x.yaml:5:16: unknown kernel 'fa9'; allowed: KERNELS; did you mean 'fa1'?"},
    {"unknown_predictor", head + gpus + "predictors: [roofine]\n" + grid,
     "x.yaml:6:14: unknown predictor 'roofine'; allowed: hierarchical, roofline; did you mean 'roofline'?"},
    {"unknown_method", head + gpus + "methods: [predicted, mesured]\n" + grid,
     "x.yaml:6:22: unknown method 'mesured'; allowed: predicted, simulated, executed, measured, published; did you "
     "mean 'measured'?"},
    {"observed_method", head + gpus + "methods: [published]\n" + grid,
     "x.yaml:6:11: 'published' results are not computed; `rooftile db import` brings them in"},
    {"unknown_setting", head + gpus + "set: {memory.dram.bandwith: 3 TB/s}\n" + grid,
     "x.yaml:6:7: --set memory.dram.bandwith: unknown key of memory.dram 'bandwith'; allowed: type, capacity, "
     "bandwidth, bus, clock, transfers_per_clock, latency, sustained_fraction; did you mean 'bandwidth'?"},
    {"setting_unit", head + gpus + "set: {memory.dram.bandwidth: 3 GB}\n" + grid,
     "x.yaml:6:7: --set memory.dram.bandwidth: '3 GB' is an amount of bytes; bytes per second are expected, as in "
     "'1555 GB/s'"},
    {"no_workloads", head + gpus, "x.yaml:1:1: missing key 'workloads'"},
    {"empty_list", head + gpus + "workloads:\n  - {batch: 1, heads: 16, seq: [], head_dim: 64}\n",
     "x.yaml:7:32: the list is empty"},
    {"missing_extent", head + gpus + "workloads:\n  - {batch: 1, heads: 16, head_dim: 64}\n",
     "x.yaml:7:5: missing key 'seq', or 'seq_q' and 'seq_kv'"},
    {"both_seqs", head + gpus + "workloads:\n  - {batch: 1, heads: 16, seq: 64, seq_q: 1, head_dim: 64}\n",
     "x.yaml:7:36: unknown key 'seq_q'; allowed: batch, heads, kv_heads, seq, head_dim, dtype, mask, pass, dropout, "
     "br, bc, warps, stages, tiles, op, kernels, methods, phases, peers, l2"},
    {"no_number", head + gpus + "workloads:\n  - {batch: 1, heads: 16, seq: [512, 1k], head_dim: 64}\n",
     "x.yaml:7:38: seq: '1k' is not a whole number"},
    {"kv_heads", head + gpus + "workloads:\n  - {batch: 1, heads: 16, kv_heads: 5, seq: 64, head_dim: 64}\n",
     "x.yaml:7:5: kv_heads 5 does not divide heads 16"},
    {"mask", head + gpus + "workloads:\n  - {batch: 1, heads: 16, seq: 64, head_dim: 64, mask: casual}\n",
     "x.yaml:7:56: unknown mask 'casual'; allowed: none, causal, key_padding; did you mean 'causal'?"},
    {"key_of_other_op", head + gpus + "workloads:\n  - {op: gemm, mn: 64, k: 64, seq: 64}\n",
     "x.yaml:7:31: unknown key 'seq'; allowed: batch, mn, k, dtype, br, bc, warps, stages, op, kernels, methods, "
     "phases, "
     "peers, l2"},
    {"too_many", head + gpus + "workloads:\n  - {batch: 1:9999:1, heads: 16, seq: 1:9999:1, head_dim: 64}\n",
     "x.yaml:7:5: more than 10000000 cells; a step or a list is too long"},
    {"no_profiles", head + "kernels: [fa2]\n" + grid,
     "x.yaml:6:5: this entry needs `profiles:` at the top of the file"},
    {"published_folder", head + "workloads:\n  - published: nowhere\n", "x.yaml:5:16: no folder 'nowhere'"},
    {"published_key", head + "workloads:\n  - {published: ., seq: 4}\n",
     "x.yaml:5:20: unknown key 'seq'; allowed: published"},
    {"expect_nothing", head + gpus + grid + "expect:\n  - {seq: 512}\n",
     "x.yaml:9:5: an expectation needs at least one of flop_per_byte, ridge_flop_per_byte, time, dram_bytes, "
     "l2_bytes, host_bytes, extra_memory, matrix_bytes, row_statistics_bytes, accesses_per_element, relative_error, "
     "lse_error, counts_apart, bound, bound_class, status, speedup, dram_ratio, l2_ratio, bound_before, rank, "
     "of_best"},
    {"expect_no_cell", head + gpus + grid + "expect:\n  - {seq: 513, status: ok}\n",
     "x.yaml:9:5: no cell of this experiment is meant by this expectation"},
    {"expect_bound", head + gpus + grid + "expect:\n  - {seq: 512, bound: drum}\n",
     "x.yaml:9:23: unknown bound 'drum'; allowed: dram, l2, smem, tensor, exp2, fma, convert, issue, latency, launch; "
     "did you mean 'dram'?"},
    {"duplicate_key", head + gpus + grid + "name: again\n", "x.yaml:8:1: duplicate key 'name'; first in line 2"},
};

TEST(Run, BrokenFilesAreRefusedWithTheirPlace) {
  for (const BrokenExperiment& broken : broken_experiments) {
    const Scratch scratch;
    const std::string db = scratch / "results.db";
    const Outcome outcome = run_line({"run", scratch.write("x.yaml", broken.text), "--db", db});
    EXPECT_EQ(outcome.code, 2) << broken.name;
    EXPECT_EQ(outcome.out, "") << broken.name;
    const std::string message =
        replaced(replaced(broken.message, "PROFILES", profile_names()), "KERNELS", kernel_names());
    EXPECT_EQ(scratch.strip(outcome.err), "rooftile: " + message + "\n") << broken.name;
    EXPECT_FALSE(std::filesystem::exists(db)) << broken.name;
  }
}

}  // namespace
}  // namespace rooftile::test
