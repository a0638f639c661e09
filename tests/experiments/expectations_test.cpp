// What an experiment expects: how numbers are written, what stands against what, variants, and the broken ones.
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "harness.hpp"
#include "nlohmann/json.hpp"
#include "runner/expected_number.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

using nlohmann::json;
using runner::ExpectedNumber;

constexpr Dimension no_unit{};
constexpr Dimension in_bytes{.byte = 1};

bool number_holds(const std::string& text, double value, Dimension unit = no_unit) {
  return ExpectedNumber::parse(text, unit).value().holds(value);
}
std::string parse_error(const std::string& text, Dimension unit = no_unit) {
  const auto parsed = ExpectedNumber::parse(text, unit);
  return parsed ? "parsed" : parsed.error();
}

TEST(ExpectedNumber, RoundsAtTheDecimalsWritten) {
  EXPECT_TRUE(number_holds("228", 227.6));
  EXPECT_FALSE(number_holds("228", 227.4));
  EXPECT_FALSE(number_holds("228", 228.5));
  EXPECT_TRUE(number_holds("0.13", 0.126));
  EXPECT_FALSE(number_holds("0.12", 0.126));
  EXPECT_FALSE(number_holds("0", std::numeric_limits<double>::quiet_NaN()));
  EXPECT_TRUE(number_holds("6.577 GB", 6576668672, in_bytes));
  EXPECT_FALSE(number_holds("6.576 GB", 6576668672, in_bytes));
}

TEST(ExpectedNumber, LimitsAreIncluded) {
  EXPECT_TRUE(number_holds("1.65 to 1.9", 1.65));
  EXPECT_TRUE(number_holds("1.65 to 1.9", 1.9));
  EXPECT_FALSE(number_holds("1.65 to 1.9", 1.91));
  EXPECT_FALSE(number_holds("1.65 to 1.9", std::numeric_limits<double>::quiet_NaN()));
  EXPECT_TRUE(number_holds("at least 2", 2));
  EXPECT_FALSE(number_holds("at least 2", 1.999));
  EXPECT_TRUE(number_holds("at most 3 MiB", 3.0 * 1024 * 1024, in_bytes));
  EXPECT_FALSE(number_holds("at most 3 MiB", 3.0 * 1024 * 1024 + 1, in_bytes));
}

TEST(ExpectedNumber, SaysWhatIsWrong) {
  EXPECT_EQ(parse_error("6.577", in_bytes), "'6.577' needs a unit behind the number");
  EXPECT_EQ(parse_error("2 ms", in_bytes), "'2 ms' is a time; an amount of bytes is expected, as in '40 MiB'");
  EXPECT_EQ(parse_error("about 3"), "'about 3' is no expectation: write 228, 1.65 to 1.9, at least 2 or at most 3");
  EXPECT_EQ(parse_error("2 to 1"), "'2 to 1' ends before it begins");
  EXPECT_NE(parse_error("3 GW", in_bytes).find("GW"), std::string::npos);
  EXPECT_NE(parse_error("three").find("three"), std::string::npos);
}

const std::string one_gpu = "schema: rooftile.experiment/1\nname: x\ndescription: y\nprofiles: [a100_sxm4_80gb]\n";
const std::string two_masks =
    "kernels: [fa2]\nworkloads:\n  - {batch: 1, heads: 16, seq: 8192, head_dim: 64, mask: [none, causal]}\n";

json run_rows(const Scratch& scratch, const std::string& text, int code) {
  const Outcome outcome =
      run_line({"run", scratch.write("x.yaml", text), "--db", scratch / "results.db", "--format", "json"});
  EXPECT_EQ(outcome.code, code) << outcome.err;
  return outcome.out.empty() ? json{} : json::parse(outcome.out)["rows"];
}

TEST(Expectations, ACellIsHeldAgainstTheOneThatDiffersInThatAlone) {
  const Scratch scratch;
  const json rows = run_rows(
      scratch, one_gpu + two_masks + "expect:\n  - {mask: causal, against: {mask: none}, speedup: 1.5 to 2}\n", 0);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_GT(rows[0]["speedup"].get<double>(), 1.5);
  EXPECT_EQ(rows[0]["expected_speedup"], "1.5 to 2");
}

TEST(Expectations, AVariantChangesTheProfile) {
  const Scratch scratch;
  const std::string variants = "variants:\n  as_is: {}\n  slow: {memory.dram.bandwidth: 20 GB/s}\n";
  const json rows = run_rows(scratch,
                             one_gpu + variants + two_masks +
                                 "expect:\n  - {variant: slow, mask: none, against: {variant: as_is}, speedup: at most "
                                 "0.5, bound: dram, bound_before: tensor}\n",
                             0);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["variant"], "slow");
}

TEST(Expectations, WhatDoesNotHoldIsExitCode3) {
  const Scratch scratch;
  const std::string few = "expect:\n  - {mask: none, dram_bytes: at most 1 kB}\n";
  EXPECT_EQ(run_rows(scratch, one_gpu + two_masks + few, 3)[0]["as_expected"], false);
}

const std::string executed_too =
    "kernels: [rt_flash2]\nworkloads:\n"
    "  - {batch: 1, heads: 1, seq: [64, 128], head_dim: 64, methods: [predicted, executed]}\n"
    "  - {batch: 1, heads: 1, seq: 65536, head_dim: 64}\n";

TEST(Expectations, AnExecutionHasErrorsAndTheBytesThatWerePredicted) {
  const Scratch scratch;
  const json rows = run_rows(scratch,
                             one_gpu + executed_too +
                                 "expect:\n  - {method: executed, against: {method: predicted}, l2_ratio: 1 to 1, "
                                 "relative_error: at most 0.002, lse_error: at most 0.001, counts_apart: 0}\n",
                             0);
  ASSERT_EQ(rows.size(), 2U) << "the entry without `methods:` is predicted only";
  for (const json& row : rows) {
    EXPECT_EQ(row["method"], "executed");
    EXPECT_GT(row["relative_error"].get<double>(), 0);
  }
}

TEST(Expectations, WithoutAMethodThePredictionIsMeant) {
  const Scratch scratch;
  const json rows = run_rows(scratch, one_gpu + executed_too + "expect:\n  - {seq: 128, status: ok}\n", 0);
  EXPECT_EQ(rows.size(), 1U);
}

TEST(Expectations, AnExecutionThatIsNotAsExpectedIsExitCode3) {
  const Scratch scratch;
  const std::string exact = "expect:\n  - {method: executed, relative_error: at most 0.000001}\n";
  EXPECT_EQ(run_rows(scratch, one_gpu + executed_too + exact, 3)[0]["as_expected"], false);
}

const std::string all_tiles =
    "kernels: [fa2]\nworkloads:\n  - {batch: 2, heads: 16, seq: 2048, head_dim: 128, mask: [none, causal], tiles: "
    "feasible}\n";

TEST(Expectations, TilesAreRankedByTheirTime) {
  const Scratch scratch;
  const std::string file = scratch.write(
      "x.yaml", one_gpu + all_tiles + "expect:\n  - {mask: none, rank: at least 1, of_best: at least 1}\n");
  const Outcome outcome = run_line({"run", file, "--db", scratch / "results.db", "--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json rows = json::parse(outcome.out)["rows"];
  ASSERT_GE(rows.size(), 10U);
  int first = 0;
  for (const json& row : rows) {
    EXPECT_EQ(row["rank"] == 1, row["of_best"] == 1.0) << row.dump();
    first += row["rank"] == 1 ? 1 : 0;
  }
  EXPECT_GE(first, 1);

  const Outcome ranking = run_line({"query", "--db", scratch / "results.db", "--canned", "tiles", "--format", "json"});
  const json best = json::parse(ranking.out)["rows"][0];
  EXPECT_EQ(best["rank"], 1);
  EXPECT_EQ(best["of_best"], 1.0);
  EXPECT_GT(best["registers_per_thread"].get<int>(), 100);
  EXPECT_GT(best["smem_per_cta_kib"].get<double>(), 16);
  EXPECT_GE(best["ctas_per_sm"].get<int>(), 1);
}

TEST(Expectations, TheKernelsOwnTileIsOneOfThem) {
  const Scratch scratch;
  const json rows = run_rows(scratch,
                             one_gpu + all_tiles +
                                 "expect:\n  - {tile: own, br: 128, bc: 64, warps: 4, stages: 1, rank: at most "
                                 "100}\n",
                             0);
  EXPECT_EQ(rows.size(), 2U);  // two masks
}

TEST(Expectations, TilesThatDoNotFitAreKeptWithTheirReason) {
  const Scratch scratch;
  std::string all = all_tiles;
  all.replace(all.find("feasible"), 8, "all");
  const std::string impossible = "expect:\n  - {br: 128, bc: 128, warps: 4, stages: 1, status: infeasible}\n";
  EXPECT_EQ(run_rows(scratch, one_gpu + all + impossible, 0).size(), 2U);
  const Outcome refused = run_line({"query", "--db", scratch / "results.db", "--canned", "refused", "--format", "csv"});
  EXPECT_NE(refused.out.find("128,128,4,1,attention"), std::string::npos);
  EXPECT_NE(refused.out.find("flash2 needs 319 registers per thread, a100_sxm4_80gb has 255"), std::string::npos);
}

TEST(Expectations, AKernelThatRefusesTheCallHasNoTiles) {
  const Scratch scratch;
  std::string two = all_tiles;
  two.replace(two.find("[fa2]"), 5, "[fa2, fa3]");  // on an A100
  const Outcome outcome =
      run_line({"run", scratch.write("x.yaml", one_gpu + two), "--db", scratch / "results.db", "--format", "json"});
  EXPECT_EQ(json::parse(outcome.out)["rows"][0]["unsupported"], 0) << outcome.out;
}

TEST(Expectations, AShareOfTheCellsIsEnough) {
  const Scratch scratch;
  const std::string one_of_two = "dram_bytes: at most 1 kB}, share: ";  // of no cell; of the masked one the time
  const std::string some = "expect:\n  - {any_of: {time: at most 1 ms, " + one_of_two;
  const json rows = run_rows(scratch, one_gpu + two_masks + some + "at least 0.5}\n", 0);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0]["mask"], "none");  // what tells the cells apart is shown
  EXPECT_EQ(rows[0]["as_expected"], false);
  EXPECT_EQ(rows[1]["as_expected"], true);
  EXPECT_EQ(rows[2]["share"], 0.5);
  EXPECT_EQ(rows[2]["as_expected"], true);
  const json more = run_rows(scratch, one_gpu + two_masks + some + "at least 0.6}\n", 3);
  EXPECT_EQ(more[2]["as_expected"], false);
}

struct BrokenExpectation {
  const char* text;
  const char* message;
};
const BrokenExpectation broken_expectations[] = {
    {"expect:\n  - {mask: causal, speedup: 2}\n", "speedup needs `against:`"},
    {"expect:\n  - {mask: causal, against: {mask: key_padding}, speedup: 2}\n",
     "no cell of this experiment stands against: "},
    {"expect:\n  - {mask: causal, against: {}, speedup: 2}\n", "an empty map"},
    {"expect:\n  - {mask: causal, against: {maks: none}, speedup: 2}\n", "unknown key 'maks'"},
    {"expect:\n  - {mask: causal, dram_bytes: 3}\n", "'3' needs a unit behind the number"},
    {"expect:\n  - {mask: causal, bound: drum}\n", "unknown bound 'drum'"},
    {"expect:\n  - {mask: causal, lse_error: 0}\n", "lse_error needs `method: executed`"},
    {"expect:\n  - {method: executed, time: at most 1 s}\n", "an execution has no time"},
    {"expect:\n  - {method: executed, lse_error: 0}\n", "no cell of this experiment is meant by this expectation"},
    {"expect:\n  - {mask: causal, rank: 1}\n",
     "rank and of_best need other tiles of the same cell (`tiles: feasible`): "},
    {"expect:\n  - {mask: causal, any_of: {}}\n", "an empty map"},
    {"expect:\n  - {mask: causal, any_of: {mask: none}}\n", "unknown key 'mask'"},
    {"expect:\n  - {mask: causal, any_of: {speedup: 2}}\n", "speedup needs `against:`"},
    {"expect:\n  - {mask: causal, bound: tensor, share: most}\n", "'most'"},
    {"expect:\n  - {mask: causal, share: at least 0.5}\n", "an expectation needs at least one of "},
    {"set: {memory.dram.bandwidth: 3 TB/s}\nvariants: {a: {}}\n",
     "`set:` and `variants:` together; put it into each variant"},
    {"variants: {}\n", "an empty map"},
    {"variants: {a: {memory.dram.bandwith: 3 TB/s}}\n", "did you mean 'bandwidth'?"},
};

TEST(Expectations, BrokenOnesSayWhere) {
  for (const BrokenExpectation& one : broken_expectations) {
    const Scratch scratch;
    const Outcome outcome =
        run_line({"run", scratch.write("x.yaml", one_gpu + two_masks + one.text), "--db", scratch / "results.db"});
    EXPECT_EQ(outcome.code, 2) << one.text;
    EXPECT_NE(outcome.err.find(one.message), std::string::npos) << one.text << outcome.err;
    EXPECT_NE(outcome.err.find("x.yaml:"), std::string::npos) << outcome.err;
  }
}

const std::string one_call = "batch: 1, heads: 16, seq: 2048, head_dim: 64";
const BrokenExpectation broken_tiles[] = {
    {"kernels: [fa2]\nworkloads:\n  - {CELL, tiles: some}\n", "unknown tiles 'some'; allowed: own, feasible, all"},
    {"kernels: [fa2]\nworkloads:\n  - {CELL, br: 64, tiles: all}\n", "`tiles:` beside br, bc, warps or stages"},
    {"kernels: [fa2]\nworkloads:\n  - {CELL, pass: bwd, tiles: all}\n", "`tiles:` is for pass fwd"},
    {"kernels: [pytorch_eager]\nworkloads:\n  - {CELL, tiles: all}\n",
     "`tiles:` is for flash2, flash3 and split_kv; pytorch_eager is standard"},
    {"kernels: [fa2]\nworkloads:\n  - {CELL, tiles: all, phases: time}\n",
     "a visit measures the tiles that are compiled"},
};

TEST(Expectations, BrokenTilesSayWhere) {
  for (const BrokenExpectation& one : broken_tiles) {
    const Scratch scratch;
    std::string text = one_gpu + one.text;
    text.replace(text.find("CELL"), 4, one_call);
    const Outcome outcome = run_line({"run", scratch.write("x.yaml", text), "--db", scratch / "results.db"});
    EXPECT_EQ(outcome.code, 2) << one.text;
    EXPECT_NE(outcome.err.find(one.message), std::string::npos) << one.text << outcome.err;
    EXPECT_NE(outcome.err.find("x.yaml:"), std::string::npos) << outcome.err;
  }
}

/// The experiments of the tree promise what comes out; an unexpected row names its file.
class ShippedExperiment : public testing::TestWithParam<const char*> {};

TEST_P(ShippedExperiment, ComesOutAsItSays) {
  const Scratch scratch;
  const std::string file = std::string{"experiments/"} + GetParam() + ".yaml";
  const Outcome outcome = run_line({"run", file, "--db", scratch / "results.db", "--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err << outcome.out;
  const json output = json::parse(outcome.out);
  for (const json& row : output["rows"]) {
    if (row.contains("expected_share") && row["expected_share"].is_null()) continue;  // the exit code judges it
    EXPECT_EQ(row["as_expected"], true) << row.dump();
  }
}

INSTANTIATE_TEST_SUITE_P(Files, ShippedExperiment,
                         testing::Values("qk_roofline_table", "softmax_passes", "block_matmul", "fa1_block_size",
                                         "standard_vs_flash", "causal_speedup", "what_if", "l2_persistence",
                                         "host_offload", "tile_choice"),
                         [](const auto& info) { return std::string{info.param}; });

}  // namespace
}  // namespace rooftile::test
