// What a visit to a GPU measures: the list that is committed is the one that campaign.yaml means.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "harness.hpp"
#include "rooftile/analysis/csv.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

const std::string campaign_head =
    "schema: rooftile.experiment/1\nname: x\ndescription: y\nprofiles: [a100_sxm4_80gb]\n";
const std::string one_cell = "batch: 1, heads: 2, seq: 64, head_dim: 64";

std::string cells_of(const Scratch& scratch, const std::string& file) {
  const Outcome outcome = run_line({"run", file, "--cells-out", scratch / "cells.csv"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  std::ostringstream text;
  text << std::ifstream{scratch / "cells.csv", std::ios::binary}.rdbuf();
  return text.str();
}

bool has_phase(const analysis::CsvRow& row, const std::string& phase) {
  return (" " + row.text("phases") + " ").find(" " + phase + " ") != std::string::npos;
}

TEST(Campaign, TheCommittedCellsAreUpToDate) {
  const Scratch scratch;
  std::ostringstream committed;
  committed << std::ifstream{std::string{ROOFTILE_SOURCE_DIR} + "/experiments/gpu/cells.csv", std::ios::binary}.rdbuf();
  EXPECT_EQ(first_difference(committed.str(), cells_of(scratch, "experiments/gpu/campaign.yaml")), "")
      << "rooftile run experiments/gpu/campaign.yaml --cells-out experiments/gpu/cells.csv";
}

TEST(Campaign, ItCoversWhatAVisitIsFor) {
  const Scratch scratch;
  (void)cells_of(scratch, "experiments/gpu/campaign.yaml");
  const auto table = analysis::CsvTable::read(scratch / "cells.csv");
  std::map<std::string, std::set<std::string>> seen;
  std::map<std::string, int> phases;
  for (const analysis::CsvRow row : table) {
    for (const char* column : {"kernel", "dtype", "seq_kv", "head_dim", "mask"}) seen[column].insert(row.text(column));
    for (const char* phase : {"clocks", "time", "counters", "peers"}) phases[phase] += has_phase(row, phase) ? 1 : 0;
    if (row.text("kv_heads") != row.text("heads")) seen["grouped"].insert(row.text("kernel"));
  }
  EXPECT_GE(phases["clocks"], 1);
  EXPECT_GE(phases["time"], 300);
  EXPECT_GE(phases["counters"], 60);
  EXPECT_GE(phases["peers"], 20);
  EXPECT_EQ(seen["head_dim"], (std::set<std::string>{"64", "128", "256"}));
  EXPECT_EQ(seen["dtype"], (std::set<std::string>{"fp16", "bf16"}));
  EXPECT_EQ(seen["mask"], (std::set<std::string>{"none", "causal"}));
  EXPECT_TRUE(seen["seq_kv"].contains("128") && seen["seq_kv"].contains("32768"));
  EXPECT_EQ(seen["kernel"],
            (std::set<std::string>{"rt_flash1", "rt_flash2", "rt_flash2_deterministic", "rt_flash3", "rt_split_kv",
                                   "rt_split_kv_pinned", "rt_standard", "rt_standard_naive", "rt_standard_online",
                                   "rt_standard_fused", "cudnn_sdpa", "cublas_standard"}));
  EXPECT_TRUE(seen["grouped"].contains("rt_flash2") && seen["grouped"].contains("rt_standard"));
}

TEST(Campaign, ItCoversTheBackwardPass) {
  const Scratch scratch;
  (void)cells_of(scratch, "experiments/gpu/campaign.yaml");
  const auto table = analysis::CsvTable::read(scratch / "cells.csv");
  std::map<std::string, std::set<std::string>> seen;
  int counted = 0;
  for (const analysis::CsvRow row : table) {
    if (row.text("pass") != "bwd") continue;
    for (const char* column : {"kernel", "dtype", "seq_q", "head_dim", "mask"}) seen[column].insert(row.text(column));
    seen["grouped"].insert(row.text("kv_heads") == row.text("heads") ? "no" : "yes");
    EXPECT_TRUE(has_phase(row, "time"));
    EXPECT_FALSE(has_phase(row, "peers")) << "no library is asked for a backward pass";
    counted += has_phase(row, "counters") ? 1 : 0;
  }
  EXPECT_GE(counted, 20);
  EXPECT_EQ(seen["kernel"], (std::set<std::string>{"rt_flash2", "rt_flash2_deterministic"}));
  EXPECT_EQ(seen["head_dim"], (std::set<std::string>{"64", "128", "256"}));
  EXPECT_EQ(seen["dtype"], (std::set<std::string>{"fp16", "bf16"}));
  EXPECT_EQ(seen["mask"], (std::set<std::string>{"none", "causal"}));
  EXPECT_EQ(seen["grouped"], (std::set<std::string>{"no", "yes"}));
  for (const char* seq : {"512", "1024", "2048", "4096", "8192", "16384"})
    EXPECT_TRUE(seen["seq_q"].contains(seq)) << seq;
}

TEST(Campaign, TheCellsArePredictedToo) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  const Outcome outcome = run_line({"run", "experiments/gpu/campaign.yaml", "--db", db, "--format", "csv"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto table = analysis::CsvTable::parse(outcome.out, "stdout");
  EXPECT_EQ(table[0].text("infeasible"), "0");
  EXPECT_EQ(table[0].text("unsupported"), "0");
}

TEST(Campaign, EntriesAddTheirPhasesToACell) {
  const Scratch scratch;
  const std::string file = scratch.write(
      "x.yaml", campaign_head + "workloads:\n  - {kernels: [rt_flash2, rt_standard], " + one_cell +
                    ", phases: time}\n  - {kernels: " + "rt_flash2, " + one_cell +
                    ", l2: cold, phases: [counters]}\n  - {kernels: rt_flash2, " + one_cell +
                    ", phases: [counters, verify], peers: cudnn_sdpa}\n  - {kernels: fa2, " + one_cell + "}\n");
  EXPECT_EQ(cells_of(scratch, file),
            "kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,l2,phases\n"
            "rt_flash2,fwd,fp16,1,2,2,64,64,64,none,,verify time counters\n"
            "rt_standard,fwd,fp16,1,2,2,64,64,64,none,,time\n"
            "rt_flash2,fwd,fp16,1,2,2,64,64,64,none,cold,counters\n"
            "cudnn_sdpa,fwd,fp16,1,2,2,64,64,64,none,,peers\n");
}

struct Broken {
  std::string workload;
  const char* message;
};

TEST(Campaign, BrokenEntriesAreRefused) {
  const Broken all[] = {
      {"{kernels: fa2, " + one_cell + ", phases: [tme]}",
       "x.yaml:6:72: unknown phase 'tme'; allowed: verify, clocks, time, counters, peers; did you mean 'time'?"},
      {"{kernels: fa2, " + one_cell + ", phases: [peers]}", "x.yaml:6:72: peers are named under `peers:`"},
      {"{kernels: fa2, " + one_cell + ", peers: [cudnn_spda]}",
       "x.yaml:6:71: unknown peer 'cudnn_spda'; allowed: cublas_standard, cudnn_sdpa; did you mean 'cudnn_sdpa'?"},
      {"{kernels: fa2, " + one_cell + ", phases: []}", "x.yaml:6:71: the list is empty"},
      {"{kernels: fa2, op: gemm, mn: 64, k: 64, phases: time}", "x.yaml:6:5: a visit measures whole attention calls"},
      {"{kernels: fa2, " + one_cell + ", pass: [fwd, fwd+bwd], phases: time}",
       "x.yaml:6:5: a visit measures fwd and bwd, each by itself"},
      {"{kernels: fa2, " + one_cell + ", pass: bwd, phases: time, peers: cudnn_sdpa}",
       "x.yaml:6:5: peers are measured forward only"},
      {"{kernels: fa2, " + one_cell + ", br: 64, phases: time}",
       "x.yaml:6:5: a visit measures the tiles that are compiled"},
      {"{" + one_cell + ", phases: time}",
       "x.yaml:6:5: this entry needs `kernels:`, its own or at the top of the file"},
      {"{kernels: fa2, " + one_cell + "}", "--cells-out: no entry of 'x.yaml' has `phases:` or `peers:`"},
  };
  for (const Broken& broken : all) {
    const Scratch scratch;
    const std::string file = scratch.write("x.yaml", campaign_head + "workloads:\n  - " + broken.workload + "\n");
    const Outcome outcome = run_line({"run", file, "--cells-out", scratch / "cells.csv"});
    EXPECT_EQ(outcome.code, 2) << broken.workload;
    EXPECT_EQ(scratch.strip(outcome.err), std::string{"rooftile: "} + broken.message + "\n") << broken.workload;
  }
}

TEST(Campaign, RunNeedsAPlaceForItsAnswers) {
  const Scratch scratch;
  const std::string file = "experiments/gpu/campaign.yaml";
  EXPECT_EQ(run_line({"run", file}).err, "rooftile: --db is required\n");
  const Outcome both = run_line({"run", file, "--db", scratch / "x.db", "--cells-out", scratch / "cells.csv"});
  EXPECT_EQ(both.code, 2);
  EXPECT_EQ(both.err, "rooftile: --cells-out: nothing is computed, so nothing is stored; leave --db away\n");
}

}  // namespace
}  // namespace rooftile::test
