// rooftile simulate and its answers elsewhere: in files of cells, experiments and validations.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>

#include "harness.hpp"
#include "nlohmann/json.hpp"
#include "question/columns.hpp"
#include "question/question.hpp"
#include "rooftile/analysis/csv.hpp"
#include "rooftile/model/algorithm.hpp"
#include "rooftile/sim/simulate.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

using analysis::CsvTable;
using nlohmann::json;

const std::string simulated_call = "-p a100_sxm4_80gb -k flash2 --heads 4 --seq 512 --head-dim 64 --mask causal";
const std::string simulated_lists = "-p a100_sxm4_80gb,l40s -k standard,flash2 --heads 4 --seq 256,300 --head-dim 64";

CsvTable csv_rows(const std::string& line) {
  const Outcome outcome = run_line(words_of(line + " --format csv"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return CsvTable::parse(outcome.out, "stdout");
}

json json_rows(const std::string& line) {
  const Outcome outcome = run_line(words_of(line + " --format json"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return json::parse(outcome.out)["rows"];
}

/// A simulation of `simulated_call`, by the library.
sim::Simulation simulated_directly() {
  experiments::Catalogues catalogues{experiments::DataDirectories{ROOFTILE_SOURCE_DIR}};
  const auto profile = catalogues.profile("a100_sxm4_80gb");
  const auto spec = catalogues.spec("flash2");
  AttentionShape shape;
  shape.heads = shape.kv_heads = 4;
  shape.seq_q = shape.seq_kv = 512;
  shape.head_dim = 64;
  shape.mask = Mask::causal;
  const auto program = std::make_unique<Program>();
  EXPECT_TRUE(build(*program, profile->device, shape, *spec, {}).has_value());
  program->l2 = spec->l2;
  const auto counts = std::make_unique<ProgramCounts>();
  count(*program, *counts);
  return sim::simulate(profile->device, *program, *counts).value();
}

TEST(Simulate, SaysWhatTheSimulatorSays) {
  const CsvTable table = csv_rows("simulate " + simulated_call + " --stalls");
  const sim::Simulation expected = simulated_directly();
  ASSERT_EQ(table.size(), 1U);
  EXPECT_EQ(table[0].number("time_s"), expected.answer.time.value());
  EXPECT_EQ(table[0].number("dram_read_bytes"), expected.answer.dram.read.value());
  EXPECT_EQ(table[0].number("l2_write_bytes"), expected.answer.l2.write.value());
  EXPECT_EQ(table[0].text("bound"), name_of(expected.answer.bound));
  EXPECT_EQ(table[0].text("expected_error"), "");
  EXPECT_EQ(table[0].text("notes"), "simulated; uncalibrated; no error known");
  EXPECT_EQ(table[0].number("tile_events"), static_cast<double>(expected.tile_events));
  for (std::size_t s = 0; s < sim::stalls; ++s) {
    EXPECT_EQ(table[0].number(experiments::stall_columns()[s].name), 100 * expected.share[s]) << s;
  }
}

TEST(Simulate, TheCardNamesTheSimulatorAndWhatItDid) {
  const std::string card = run_line(words_of("simulate " + simulated_call)).out;
  EXPECT_TRUE(
      card.starts_with("flash2 on a100_sxm4_80gb: batch 1, heads 4, seq 512, d 64, fp16, causal, fwd, simulated\n"))
      << card;
  EXPECT_NE(card.find("\n  simulator     " + std::to_string(sim::version) + "\n"), std::string::npos) << card;
  EXPECT_NE(card.find("\n  tile events   " + std::to_string(simulated_directly().tile_events) + "\n"),
            std::string::npos);
  EXPECT_EQ(card.find("predictor"), std::string::npos);
  const std::string stalls = run_line(words_of("simulate " + simulated_call + " --stalls")).out;
  EXPECT_NE(stalls.find("\nidle "), std::string::npos) << stalls;
}

TEST(Simulate, TheColumnsAreThoseOfPredict) {
  const auto header = [](const std::string& line) {
    const std::string out = run_line(words_of(line + " --format csv")).out;
    return out.substr(0, out.find('\n'));
  };
  EXPECT_EQ(header("simulate " + simulated_call), header("predict " + simulated_call));
  EXPECT_EQ(header("simulate " + simulated_call + " --stalls"),
            header("predict " + simulated_call) +
                ",stall_dram_pct,stall_l2_pct,stall_smem_pct,stall_tensor_pct,stall_exp2_pct,stall_fma_pct,"
                "stall_convert_pct,stall_issue_pct,stall_latency_pct,stall_idle_pct,tile_events");
  EXPECT_EQ(json::parse(run_line(words_of("simulate " + simulated_call + " --format json")).out)["schema"],
            "rooftile.simulate/1");
}

TEST(Simulate, StallsAddUpToAllOfTheTimeInEveryFormat) {
  const json rows = json_rows("simulate " + simulated_lists + " --stalls");
  ASSERT_EQ(rows.size(), 8U);
  for (const json& row : rows) {
    double sum = 0;
    for (std::size_t s = 0; s < sim::stalls; ++s) sum += row[experiments::stall_columns()[s].name].get<double>();
    EXPECT_NEAR(sum, 100, 1e-9) << row;
  }
  const CsvTable table = csv_rows("simulate " + simulated_lists + " --stalls");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(table[i].number("stall_tensor_pct"), rows[i]["stall_tensor_pct"].get<double>());
  }
  for (const char* format : {"table", "md"}) {
    const std::string text = run_line(words_of("simulate " + simulated_lists + " --stalls --format " + format)).out;
    EXPECT_NE(text.find(" idle "), std::string::npos) << text;
    EXPECT_NE(text.find(" %"), std::string::npos) << text;
  }
}

TEST(Simulate, TheCommandOfARowReproducesIt) {
  const CsvTable table = csv_rows("simulate " + simulated_lists + " --l2 warm --set 'memory.dram.bandwidth=1 TB/s' -v");
  ASSERT_EQ(table.size(), 8U);
  for (const analysis::CsvRow row : table) {
    const std::string line = row.text("command");
    ASSERT_TRUE(line.starts_with("rooftile simulate ")) << line;
    const CsvTable again = csv_rows(line.substr(std::string{"rooftile "}.size()));
    for (const char* name : {"time_s", "dram_read_bytes", "bound", "notes"}) {
      EXPECT_EQ(again[0].text(name), row.text(name)) << line;
    }
  }
}

TEST(Simulate, AFileOfCellsSaysTheSame) {
  const Scratch scratch;
  for (const char* stalls : {"", " --stalls"}) {
    const CsvTable table = csv_rows("simulate " + simulated_lists + stalls);
    std::string text = "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout,row\n";
    for (const analysis::CsvRow row : table) {
      for (std::size_t i = 0; i < 12; ++i) text += row.fields()[i].text + ',';
      text += "r" + row.text("seq_q") + '\n';
    }
    const CsvTable again = csv_rows("simulate --cells " + scratch.write("cells.csv", text) + stalls);
    ASSERT_EQ(again.size(), table.size());
    for (std::size_t i = 0; i < table.size(); ++i) {
      EXPECT_EQ(again[i].text("row"), "r" + table[i].text("seq_q"));
      for (std::size_t c = 12; c < table.header().size(); ++c) {
        EXPECT_EQ(again[i].fields()[c + 1].text, table[i].fields()[c].text) << table.header()[c].text;
      }
    }
  }
}

TEST(Simulate, KernelsStandSideBySide) {
  const json rows = json_rows("simulate " + simulated_lists + " --across kernel");
  ASSERT_EQ(rows.size(), 4U);
  const CsvTable table = csv_rows("simulate " + simulated_lists);
  EXPECT_EQ(rows[0]["standard_time_s"].get<double>(), table[0].number("time_s"));
  EXPECT_EQ(rows[0]["flash2_time_s"].get<double>(), table[2].number("time_s"));
}

TEST(Simulate, WhatCannotRunSaysWhy) {
  const Outcome refused = run_line(
      words_of("simulate -p v100_sxm2_16gb -k standard --batch 64 --heads 64 --seq 16384 --head-dim 64 --stalls"));
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.out.find("  status     infeasible\n"), std::string::npos) << refused.out;
  const json rows = json_rows("simulate -p v100_sxm2_16gb -k rt_flash2,flash2 --seq 128 --head-dim 64 --stalls");
  EXPECT_EQ(rows[0]["status"], "unsupported");
  EXPECT_TRUE(rows[0]["stall_idle_pct"].is_null());
  EXPECT_TRUE(rows[1]["stall_idle_pct"].is_number());
  const Outcome incomplete =
      run_line(words_of("simulate -p a100_flashattention_paper -k flash2 --seq 1024 --head-dim 64"));
  EXPECT_EQ(incomplete.code, 2);
  EXPECT_NE(
      incomplete.err.find("a100_flashattention_paper.yaml: the simulator needs what this profile does not state: "),
      std::string::npos)
      << incomplete.err;
}

const std::string simulating_experiment =
    "schema: rooftile.experiment/1\nname: x\ndescription: y\nprofiles: [a100_sxm4_80gb]\nkernels: [rt_flash2]\n"
    "predictors: [hierarchical, roofline]\nmethods: [predicted, simulated]\nworkloads:\n"
    "  - {batch: 1, heads: 2, seq: [64, 128], head_dim: 64}\n"
    "  - {batch: 1, heads: 1, seq: 64, head_dim: 64, methods: [simulated, executed]}\n";

TEST(RunSimulated, IsStoredUnderItsMethodAndSkippedTheNextTime) {
  const Scratch scratch;
  const std::string db = scratch / "results.db",
                    line = "run " + scratch.write("x.yaml", simulating_experiment) + " --db " + db;
  EXPECT_EQ(json_rows(line)[0]["computed"], 4 + 3 + 1);
  EXPECT_EQ(json_rows(line)[0]["stored_already"], 4 + 3 + 1);
  const std::string version = std::to_string(sim::version);
  EXPECT_EQ(answer(db,
                   "SELECT predictor, predictor_version, count(*), min(time_s > 0), max(notes) FROM v_result "
                   "WHERE method = 'simulated'"),
            "simulator," + version + ",3,1,simulated; uncalibrated; no error known\n");
  const CsvTable direct = csv_rows("simulate -p a100_sxm4_80gb -k rt_flash2 --heads 2 --seq 128 --head-dim 64");
  EXPECT_EQ(answer(db, "SELECT dram_read_bytes, bound FROM v_result WHERE method = 'simulated' AND seq_q = 128"),
            direct[0].text("dram_read_bytes") + "," + direct[0].text("bound") + "\n");
}

TEST(RunSimulated, ExpectationsSpeakOfItByItsMethod) {
  const Scratch scratch;
  const auto expectations = [&](const std::string& text) {
    const std::string file = scratch.write("x.yaml", simulating_experiment + "expect:\n  - " + text + "\n");
    return json_rows("run " + file + " --db " + (scratch / "results.db"));
  };
  EXPECT_EQ(expectations("{method: simulated, against: {method: predicted, predictor: hierarchical}, heads: 2, "
                         "l2_ratio: 1 to 1, speedup: 0.5 to 2}")
                .size(),
            2U);
  EXPECT_EQ(expectations("{method: executed, against: {method: simulated}, l2_ratio: 1 to 1}").size(), 1U);
  EXPECT_EQ(expectations("{seq: 128, status: ok}").size(), 2U) << "without a method, predictions are meant";
}

TEST(ValidateSimulated, IsTheErrorOfTheSimulator) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  const std::string header =
      "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout,method,source,time_s\n";
  const std::string observed =
      scratch.write("mine.csv", header + "a100_sxm4_80gb,fa2,fwd,fp16,1,4,4,512,512,64,none,,measured,me,0.00002\n");
  ASSERT_EQ(run_line({"db", "import", observed, "--db", db}).code, 0);
  const json row = json_rows("validate --simulated --rows --db " + db)[0];
  const CsvTable direct = csv_rows("simulate -p a100_sxm4_80gb -k fa2 --heads 4 --seq 512 --head-dim 64");
  EXPECT_EQ(row["predicted_s"].get<double>(), direct[0].number("time_s"));
  const double error = 100 * (direct[0].number("time_s") - 2e-5) / 2e-5;
  EXPECT_NEAR(json_rows("validate --simulated --by kernel --db " + db)[0]["bias_pct"].get<double>(), error, 1e-6);
}

/// The timeline stands in its file; what is printed is the same with it.
TEST(Simulate, ATraceIsWrittenBesideTheAnswer) {
  const Scratch scratch;
  const Outcome traced = run_line(words_of("simulate " + simulated_call + " --trace " + (scratch / "trace.json")));
  EXPECT_EQ(traced.code, 0) << traced.err;
  EXPECT_EQ(traced.out, run_line(words_of("simulate " + simulated_call)).out);
  std::ifstream file{scratch / "trace.json"};
  const json trace = json::parse(file);
  EXPECT_GT(trace.at("traceEvents").size(), 20U);
  EXPECT_NE(trace.at("otherData").at("simulated").get<std::string>().find("rooftile simulate"), std::string::npos);
}

const BrokenLine broken_simulations[] = {
    {"simulate", "--profile is required"},
    {"simulate -p l40s -k flash2 --seq 64", "--head-dim is required"},
    {"simulate --predictor roofline", "unknown option '--predictor'\nsee: rooftile simulate --help"},
    {"simulate --stall", "unknown option '--stall'; did you mean '--stalls'?\nsee: rooftile simulate --help"},
    {"simulate -p l40s -k flash2 --seq 64 --head-dim 64 --format xml",
     "--format: unknown format 'xml'; allowed: table, json, csv, md"},
    {"simulate -p l40s -k flash2,standard --seq 64 --head-dim 64 --across kernel --stalls",
     "--across: shows times; leave --stalls away"},
    {"simulate -p l40s -k flash2 --seq 64 --head-dim 64 --across kernels",
     "--across: unknown side-by-side column 'kernels'; allowed: kernel, profile; did you mean 'kernel'?"},
    {"simulate --cells x.csv -p l40s",
     "--cells: the file says what is asked; only --stalls, --set, --format and -o can stand beside it"},
    {"simulate --cells x.csv --mask causal",
     "--cells: the file says what is asked; only --stalls, --set, --format and -o can stand beside it"},
    {"predict --cells x.csv --br 64",
     "--cells: the file says what is asked; only --predictor, --set, --format and -o can stand beside it"},
    {"simulate --cells x.csv --trace t.json", "--trace: shows one call; leave --cells away"},
    {"simulate -p l40s -k flash2,standard --seq 64 --head-dim 64 --trace t.json",
     "--trace: shows one call; ask a single question"},
    {"simulate -p l40s -k flash2 --seq 64 --head-dim 64 --trace nowhere/t.json",
     "--trace: cannot write 'nowhere/t.json': No such file or directory"},
    {"simulate --cells x.csv --across kernel", "--across: one answer per row of the file is what --cells gives"},
    {"simulate --cells CELLS --stalls",
     "cells.csv:1:98: duplicate column 'tile_events': the answer writes a column of this name; rename this one"},
    {"validate --simulated --predictor hierarchical", "--simulated: takes the place of --predictor; give one of them"},
    {"validate --simulated --bounds experiments/validation/bounds.yaml",
     "--bounds: are of all rows; leave --profile, --kernel, --predictor, --simulated, --from and --least-seq-kv away"},
};

TEST(Simulate, BrokenLinesSayWhatIsWrongAndWriteNothing) {
  const Scratch scratch;
  const std::string cells = scratch.write(
      "cells.csv",
      "profile,kernel,pass,dtype,batch,heads,kv_heads,seq_q,seq_kv,head_dim,mask,dropout,bc,l2,br,warps,tile_events\n"
      "l40s,flash2,fwd,fp16,1,1,1,64,64,64,none,,,,,,3\n");
  for (const BrokenLine& broken : broken_simulations) {
    std::vector<std::string> words = words_of(replaced(broken.line, "CELLS", cells));
    words.insert(words.end(), {"-o", scratch / "out"});
    const Outcome outcome = run_line(words);
    EXPECT_EQ(outcome.code, 2) << broken.line;
    EXPECT_EQ(outcome.out, "") << broken.line;
    EXPECT_EQ(scratch.strip(outcome.err), std::string{"rooftile: "} + broken.message + "\n") << broken.line;
    EXPECT_FALSE(std::filesystem::exists(scratch / "out")) << broken.line;
  }
}

}  // namespace
}  // namespace rooftile::test
