// rooftile execute: our kernels on the CPU, their errors and bytes, and what is refused.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "execute/agreement.hpp"
#include "execute/estimate.hpp"
#include "execute/residency.hpp"
#include "harness.hpp"
#include "question/catalogues.hpp"
#include "question/question.hpp"
#include "rooftile/analysis/csv.hpp"
#include "rooftile/model/algorithm.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

using nlohmann::json;

const std::string small =
    "execute -p a100_sxm4_80gb -k rt_flash2 --heads 2 --kv-heads 1 --seq-q 70 --seq-kv 200 "
    "--head-dim 64 --mask causal ";

TEST(Execute, JsonHasErrorsAndTheBatchColumns) {
  const Outcome outcome = run_line(words_of(small + "--format json"));
  ASSERT_EQ(outcome.code, 0) << outcome.err << outcome.out;
  const json answer = json::parse(outcome.out);
  EXPECT_EQ(answer["schema"], "rooftile.execute/1");
  const json row = answer["rows"][0];
  EXPECT_EQ(row["status"], "ok");
  EXPECT_GT(row["relative_error"].get<double>(), 0);
  EXPECT_LT(row["relative_error"].get<double>(), 2e-3);
  EXPECT_LT(row["lse_error"].get<double>(), 1e-3);
  EXPECT_TRUE(row["time_s"].is_null());
  EXPECT_EQ(row["l2_write_bytes"], 2 * 70 * 64 * 2 + 2 * 70 * 4);
  EXPECT_EQ(row["faults"], 0);
  EXPECT_EQ(row["counts_apart"], 0);
  EXPECT_EQ(row["bank_conflicts"], 0);
  for (const char* key : {"flop", "dram_read_bytes", "dram_write_bytes", "l2_read_bytes", "smem_bytes", "mma", "exp2"})
    EXPECT_GT(row[key].get<double>(), 0) << key;
}

/// What is requested of L2 is what predict says, for every family.
TEST(Execute, RequestsAreThePredictedOnes) {
  const std::string shape =
      " -p a100_sxm4_80gb -k rt_standard,rt_flash2 --heads 2 --seq 100,130 --head-dim 64 "
      "--mask none,causal --format csv";
  const Outcome executed = run_line(words_of("execute" + shape));
  const Outcome predicted = run_line(words_of("predict" + shape));
  ASSERT_EQ(executed.code, 0) << executed.err << executed.out;
  const auto one = analysis::CsvTable::parse(executed.out, "execute");
  const auto other = analysis::CsvTable::parse(predicted.out, "predict");
  ASSERT_EQ(one.size(), 8U);
  for (std::size_t i = 0; i < one.size(); ++i) {
    for (const char* column : {"l2_read_bytes", "l2_write_bytes", "smem_bytes", "flop", "kernel", "seq_q"})
      EXPECT_EQ(one[i].text(column), other[i].text(column)) << i << ' ' << column;
    EXPECT_EQ(one[i].text("counts_apart"), "0") << i;
  }
}

TEST(Execute, ABackwardPassIsJudgedByItsGradients) {
  const Outcome outcome = run_line(words_of(small + "--pass bwd --format json"));
  ASSERT_EQ(outcome.code, 0) << outcome.err << outcome.out;
  const json row = json::parse(outcome.out)["rows"][0];
  EXPECT_EQ(row["status"], "ok");
  EXPECT_GT(row["relative_error"].get<double>(), 0);
  EXPECT_LT(row["relative_error"].get<double>(), 5e-3);
  EXPECT_EQ(row["counts_apart"], 0);
  EXPECT_EQ(row["extra_memory_bytes"], 2 * (72 * 4 + 128 * 64 * 4));  // D in whole sectors, dQ in whole tiles
}

/// 140 tiles on 132 SMs: as many CTAs as SMs, and what the Program says.
TEST(Execute, CtasThatStayAgreeWithTheirProgram) {
  const Outcome outcome =
      run_line(words_of("execute -p h100_sxm5_80gb -k rt_flash3 --heads 140 --kv-heads 1 --seq-q 10 --seq-kv 64 "
                        "--head-dim 64 --mask causal --format json"));
  ASSERT_EQ(outcome.code, 0) << outcome.err << outcome.out;
  const json row = json::parse(outcome.out)["rows"][0];
  EXPECT_EQ(row["status"], "ok");
  EXPECT_EQ(row["counts_apart"], 0);
}

TEST(Execute, DropoutIsJudgedByTheMaskOfItsSeed) {
  const auto row = [](const std::string& more) {
    const Outcome outcome = run_line(words_of(small + "--dropout 0.2 --format json " + more));
    EXPECT_EQ(outcome.code, 0) << outcome.err << outcome.out;
    return json::parse(outcome.out)["rows"][0];
  };
  for (const char* pass : {"--pass fwd ", "--pass bwd "}) {
    const json first = row(pass), other = row(std::string{pass} + "--dropout-seed 2");
    for (const json& answer : {first, other}) {
      EXPECT_EQ(answer["status"], "ok") << pass << answer["reason"];
      EXPECT_EQ(answer["counts_apart"], 0) << pass;
      EXPECT_EQ(answer["dropout"], 0.2);
    }
    EXPECT_NE(first["relative_error"], other["relative_error"]) << pass;
    EXPECT_EQ(row(std::string{pass} + "--dropout-seed 1")["relative_error"], first["relative_error"]) << pass;
  }
}

/// The input seed draws how much of each sequence is kept; bytes do not depend on it.
TEST(Execute, KeyPaddingIsJudgedByTheSameMask) {
  for (const std::string kernel : {"rt_flash1", "rt_standard", "rt_standard_fused"}) {
    const auto row = [&kernel](const std::string& more) {
      const Outcome outcome =
          run_line(words_of("execute -p a100_sxm4_80gb -k " + kernel +
                            " --batch 3 --heads 2 --seq 150 --head-dim 64 --mask key_padding --format json " + more));
      EXPECT_EQ(outcome.code, 0) << outcome.err << outcome.out;
      return json::parse(outcome.out)["rows"][0];
    };
    const json first = row(""), other = row("--input-seed 2");
    for (const json& answer : {first, other}) {
      EXPECT_EQ(answer["status"], "ok") << kernel << answer["reason"];
      EXPECT_EQ(answer["mask"], "key_padding") << kernel;
      EXPECT_EQ(answer["counts_apart"], 0) << kernel;
      EXPECT_LT(answer["relative_error"].get<double>(), 2e-3) << kernel;
    }
    EXPECT_NE(first["relative_error"], other["relative_error"]) << kernel;
    EXPECT_EQ(first["l2_read_bytes"], other["l2_read_bytes"]) << kernel;
  }
}

TEST(Execute, TheSchedulingSeedChangesNoBytesAndNoNumbers) {
  const auto row = [](const std::string& more) {
    return json::parse(run_line(words_of(small + more + " --format json")).out)["rows"][0];
  };
  const json in_turn = row("");
  const json drawn = row("--seed 7");
  for (const char* key : {"relative_error", "l2_read_bytes", "smem_bytes", "mma", "status"})
    EXPECT_EQ(in_turn[key], drawn[key]) << key;
  EXPECT_NE(in_turn["relative_error"], row("--input-seed 2")["relative_error"]);
}

TEST(Execute, TheL2DecidesWhatDramSees) {
  const auto row = [](const std::string& more) {
    const Outcome outcome =
        run_line(words_of("execute -p a100_sxm4_80gb -k rt_flash2 --heads 1 --seq 512 --head-dim 64 "
                          "--format json " +
                          more));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return json::parse(outcome.out)["rows"][0];
  };
  EXPECT_TRUE(row("--l2-capacity none")["dram_read_bytes"].is_null());
  const double compulsory = 3 * 512 * 64 * 2;
  EXPECT_EQ(row("")["dram_read_bytes"], compulsory);
  EXPECT_GT(row("--l2-capacity '16 KiB' --resident 1")["dram_read_bytes"].get<double>(), compulsory);
}

TEST(Execute, ResultsAreStoredBesidePredictions) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  ASSERT_EQ(run_line(words_of(small + "--db " + db)).code, 0);
  ASSERT_EQ(run_line(words_of(small + "--db " + db)).code, 0);  // the same again takes its place
  ASSERT_EQ(run_line(words_of(small + "--resident 1 --db " + db)).code, 0);
  EXPECT_EQ(answer(db,
                   "select kernel, method, predictor, predictor_version, l2, setting, status, time_s is null, "
                   "l2_write_bytes, substr(notes, 1, 14) from v_result order by id"),
            "rt_flash2,executed,host,1,cold,,ok,1,18480,relative_error\n"
            "rt_flash2,executed,host,1,cold,execute.resident=1,ok,1,18480,relative_error\n");
}

TEST(Execute, AnExperimentRunsKernelsToo) {
  const Scratch scratch;
  const std::string db = scratch / "results.db";
  const std::string file = scratch.write(
      "x.yaml",
      "schema: rooftile.experiment/1\nname: x\ndescription: y\nprofiles: [a100_sxm4_80gb]\nkernels: [flash2, fa2]\n"
      "methods: [predicted, executed]\nworkloads:\n  - {batch: 1, heads: 1, seq: [64, 100], head_dim: 64}\n");
  for (const int computed : {8, 0}) {
    const Outcome outcome = run_line({"run", file, "--db", db, "--format", "json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(json::parse(outcome.out)["rows"][0]["computed"], computed);
  }
  EXPECT_EQ(answer(db, "select kernel, method, status, count(*) from v_result group by 1, 2, 3"),
            "fa2,executed,unsupported,2\nfa2,predicted,ok,2\nrt_flash2,executed,ok,2\nrt_flash2,predicted,ok,2\n");
  EXPECT_EQ(answer(db,
                   "select count(*) from v_result e join v_result p using (kernel, seq_q) where e.method = "
                   "'executed' and p.method = 'predicted' and e.l2_read_bytes = p.l2_read_bytes"),
            "2\n");
}

TEST(Execute, TheCommandOfARowReproducesIt) {
  const Outcome outcome =
      run_line(words_of(small + "--dropout 0.2 --dropout-seed 5 --seed 3 --l2-capacity '1 MiB' -v --format csv"));
  const auto table = analysis::CsvTable::parse(outcome.out, "stdout");
  std::vector<std::string> words = words_of(table[0].text("command"));
  ASSERT_EQ(words.front(), "rooftile");
  words.erase(words.begin());
  words.insert(words.end(), {"-v", "--format", "csv"});
  EXPECT_EQ(run_line(words).out, outcome.out);
}

struct Refused {
  const char* words;
  const char* reason;  ///< begins so
};

const Refused unsupported[] = {
    {"-k fa2 --seq 64 --head-dim 64", "fa2 is described by a spec alone; kernels with a text: rt_standard, "},
    {"-k rt_flash2 --seq 64 --head-dim 64 --mask key_padding", "no key padding: rt_flash1 and the kernels of "},
    {"-k rt_flash2 --seq 64 --head-dim 64 --pass fwd+bwd", "pass fwd+bwd: one pass is executed at a time, fwd or bwd"},
    {"-k rt_standard --seq 64 --head-dim 64 --pass bwd", "rt_standard has no backward pass"},
    {"-k rt_flash2 --seq 64 --head-dim 256 --dropout 0.1", "rt_flash2 drops weights at head_dim 64 and 128"},
    {"-k rt_standard --seq 64 --head-dim 64 --dropout 0.1", "no dropout: rt_flash1, rt_flash2 and the backward of "},
    {"-k rt_flash2 --seq 64 --head-dim 64 --dtype fp32", "dtype fp32: our kernels take fp16 and bf16"},
    {"-k rt_flash2 --seq 64 --head-dim 64 --l2 warm", "a warm L2: an execution begins with an empty one"},
    {"-k rt_flash2 --seq 64 --head-dim 96", ""},
};

TEST(Execute, WhatNoKernelTakesIsUnsupported) {
  for (const Refused& refused : unsupported) {
    const std::string line = std::string{"execute -p a100_sxm4_80gb "} + refused.words + " --format json";
    const Outcome outcome = run_line(words_of(line));
    EXPECT_EQ(outcome.code, 1) << line << outcome.err;
    const json row = json::parse(outcome.out)["rows"][0];
    EXPECT_EQ(row["status"], "unsupported") << line;
    EXPECT_TRUE(row["reason"].get<std::string>().starts_with(refused.reason)) << row["reason"];
    EXPECT_NE(row["reason"], "");
    EXPECT_TRUE(row["l2_read_bytes"].is_null());
  }
}

TEST(Execute, AListGoesOnPastWhatCannotRun) {
  const Outcome outcome =
      run_line(words_of("execute -p a100_sxm4_80gb -k fa2,rt_flash2 --seq 64 --head-dim 64 --format csv"));
  EXPECT_EQ(outcome.code, 0);
  const auto table = analysis::CsvTable::parse(outcome.out, "stdout");
  EXPECT_EQ(table[0].text("status"), "unsupported");
  EXPECT_EQ(table[1].text("status"), "ok");
}

const Refused bad_input[] = {
    {"-k rt_flash2 --seq 64 --head-dim 64 --br 64", "--br: the tile is compiled into the kernel"},
    {"-k rt_flash2 --seq 64 --head-dim 64 --bc 64", "--bc: the tile is compiled into the kernel"},
    {"-k rt_flash2 --seq 64 --head-dim 64 --predictor roofline", "--predictor: nothing is predicted here"},
    {"-k rt_flash2 --op gemm --m 1 --n 1 --k 1", "--op: only whole attention calls are executed"},
    {"-k rt_flash2 --seq 64 --head-dim 64 --seed -1", "--seed: -1 is below zero"},
    {"-k rt_flash2 --seq 64 --head-dim 64 --dropout-seed -1", "--dropout-seed: -1 is below zero"},
    {"-k rt_flash2 --seq 64 --head-dim 64 --resident -2", "--resident: -2 is out of range; allowed: 1 to 1000000"},
    {"-k rt_flash2 --seq 64 --head-dim 64 --l2-capacity 3x", "--l2-capacity: "},
    {"-k rt_flash9 --seq 64 --head-dim 64", "unknown kernel 'rt_flash9'"},
    {"-k rt_flash2 --batch 8 --heads 32 --seq 32768 --head-dim 128", "this takes about "},
};

TEST(Execute, BadInputIsRefusedBeforeAnythingRuns) {
  for (const Refused& refused : bad_input) {
    const std::string line = std::string{"execute -p a100_sxm4_80gb "} + refused.words;
    const Outcome outcome = run_line(words_of(line));
    EXPECT_EQ(outcome.code, 2) << line;
    EXPECT_EQ(outcome.out, "") << line;
    EXPECT_TRUE(outcome.err.starts_with(std::string{"rooftile: "} + refused.reason)) << outcome.err;
  }
}

TEST(Execute, LongWorkIsRefusedWithWhatWouldFit) {
  const std::string huge =
      "execute -p a100_sxm4_80gb -k rt_flash2 --batch 8 --heads 32 --kv-heads 8 --seq 32768 "
      "--head-dim 128";
  const std::string message = run_line(words_of(huge)).err;
  EXPECT_NE(message.find(" h on one core, more than 60 s; --batch 1 --heads 4 --kv-heads 1 --seq-q "),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("; --force runs it as it is\n"), std::string::npos) << message;
}

class Counted : public testing::Test {
 protected:
  experiments::Catalogues catalogues_{experiments::DataDirectories{ROOFTILE_SOURCE_DIR}};
  Program program_;
  ProgramCounts counts_;

  void build_flash2(std::int64_t heads, std::int64_t seq) {
    const AttentionShape shape{.heads = heads, .kv_heads = heads, .seq_q = seq, .seq_kv = seq, .head_dim = 128};
    const auto built = build(program_, device(), shape, *catalogues_.spec("rt_flash2"));
    ASSERT_TRUE(built.has_value());
    count(program_, counts_);
  }
  const Device& device() { return catalogues_.profile("a100_sxm4_80gb")->device; }
};

/// A comparator that cannot say "different" is none: every count is checked to be looked at.
TEST_F(Counted, DifferencesAreFound) {
  build_flash2(1, 256);
  kernels::Execution nothing;
  const auto all = experiments::compare_counts(nothing, program_, counts_, 108);
  EXPECT_GT(all.size(), 12U);
  EXPECT_EQ(experiments::counts_apart(all), static_cast<std::int64_t>(all.size()));

  kernels::Execution other;
  other.launches.emplace_back();
  other.launches[0].name = "flash2";
  other.launches[0].tensors.push_back({.name = "X", .loaded_bytes = 5});
  other.launches[0].mma = static_cast<std::int64_t>(counts_.launch[0].work_of(OpKind::mma)) / 4096;
  const auto pairs = experiments::compare_counts(other, program_, counts_, 108);
  bool found = false;
  for (const experiments::CountPair& pair : pairs) {
    if (pair.what == "mma") {
      EXPECT_EQ(pair.apart(), 0);
    }
    if (pair.what == "K loaded") {
      EXPECT_LT(pair.apart(), 0);
    }
    found |= pair.what == "X loaded" && pair.apart() == 5;
  }
  EXPECT_TRUE(found);
}

TEST_F(Counted, AsManyCtasAreInFlightAsTheGpuHolds) {
  build_flash2(64, 4096);  // 2048 CTAs of 128 threads, 255 registers and 64 KiB: two on each of 108 SMs
  EXPECT_EQ(experiments::residency(device(), program_, counts_).ctas, 216);
  EXPECT_EQ(experiments::residency(device(), program_, counts_).remark, "");
  build_flash2(1, 256);
  EXPECT_EQ(experiments::residency(device(), program_, counts_).ctas, 2);
}

TEST_F(Counted, TheEstimateGrowsWithTheWork) {
  build_flash2(1, 1024);
  const double small_call = experiments::execution_seconds(program_, counts_);
  build_flash2(1, 4096);
  EXPECT_NEAR(experiments::execution_seconds(program_, counts_) / small_call, 16, 4);
  EXPECT_EQ(experiments::duration_text(59.2), "60 s");
  EXPECT_EQ(experiments::duration_text(600), "10 min");
  EXPECT_EQ(experiments::duration_text(36000), "10 h");
}

}  // namespace
}  // namespace rooftile::test
