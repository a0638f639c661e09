// rooftile whatif: ranges of --set against single predictions, and sensitivities against what must hold of them.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/whatif_tables.hpp"
#include "harness.hpp"
#include "question/value_list.hpp"
#include "rooftile/analysis/csv.hpp"
#include "rooftile/model/device_leaves.hpp"

namespace rooftile::test {
namespace {

using analysis::CsvTable;
using Texts = std::vector<std::string>;

const std::string standard = " -p a100_sxm4_80gb -k standard --heads 8 --seq 4096 --head-dim 64 --format csv";

CsvTable whatif_rows(const std::string& line) {
  const Outcome outcome = run_line(words_of(line));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return CsvTable::parse(outcome.out, "stdout");
}

TEST(QuantityList, ReadsNumbersRangesAndFactors) {
  const auto list = [](const char* text) { return experiments::quantity_list("--set x", text); };
  EXPECT_EQ(list("3 TB/s"), Texts{"3 TB/s"});
  EXPECT_EQ(list("whatever it is"), Texts{"whatever it is"});  // the unit's reader says what is wrong
  EXPECT_EQ(list("1,2,4 TB/s"), (Texts{"1 TB/s", "2 TB/s", "4 TB/s"}));
  EXPECT_EQ(list("500 GB/s, 1,2 TB/s"), (Texts{"500 GB/s", "1 TB/s", "2 TB/s"}));
  EXPECT_EQ(list("1:4:x2 TB/s"), (Texts{"1 TB/s", "2 TB/s", "4 TB/s"}));
  EXPECT_EQ(list("1:4:x2TB/s"), (Texts{"1 TB/s", "2 TB/s", "4 TB/s"}));
  EXPECT_EQ(list("1:2:0.5 TB/s"), (Texts{"1 TB/s", "1.5 TB/s", "2 TB/s"}));
  EXPECT_EQ(list("0.1:0.5:0.1"), (Texts{"0.1", "0.2", "0.3", "0.4", "0.5"}));
  EXPECT_EQ(list("1:100:x10,54"), (Texts{"1", "10", "100", "54"}));
  EXPECT_EQ(list("1:3:x1.5 GHz"), (Texts{"1 GHz", "1.5 GHz", "2.25 GHz"}));
  EXPECT_EQ(list("20:60:20 MiB,1 GiB"), (Texts{"20 MiB", "40 MiB", "60 MiB", "1 GiB"}));
  EXPECT_EQ(list("5:5:1 us"), Texts{"5 us"});
}

TEST(Whatif, EveryCombinationIsWhatPredictSays) {
  const CsvTable table =
      whatif_rows("whatif" + standard + " --set memory.dram.bandwidth=1:4:x2TB/s --set sm.count=54,108");
  ASSERT_EQ(table.size(), 1U + 3U * 2U);
  EXPECT_EQ(table[0].text("variant"), "base");
  EXPECT_EQ(table[0].text("time_s"), whatif_rows("predict" + standard)[0].text("time_s"));
  EXPECT_EQ(table[0].number("sm.count"), 108);
  std::size_t row = 1;
  for (const char* bandwidth : {"1", "2", "4"}) {
    for (const char* count : {"54", "108"}) {
      const CsvTable single = whatif_rows("predict" + standard + " --set memory.dram.bandwidth='" + bandwidth +
                                          " TB/s' --set sm.count=" + count);
      EXPECT_EQ(table[row].text("time_s"), single[0].text("time_s")) << bandwidth << ", " << count;
      EXPECT_EQ(table[row].text("bound"), single[0].text("bound"));
      EXPECT_EQ(table[row].number("memory.dram.bandwidth_bytes_per_s"), std::stod(bandwidth) * 1e12);
      EXPECT_EQ(table[row].text("sm.count"), count);
      EXPECT_DOUBLE_EQ(table[row].number("time_ratio"), table[row].number("time_s") / table[0].number("time_s"));
      ++row;
    }
  }
}

TEST(Whatif, AListOfOneCellThatCannotRunGoesOn) {
  const CsvTable table = whatif_rows(
      "whatif -p v100_sxm2_16gb -k standard --heads 64 --seq 16384 --head-dim 64 --format csv --set "
      "memory.dram.capacity=8,80GB");
  ASSERT_EQ(table.size(), 3U);
  EXPECT_EQ(table[1].text("status"), "infeasible");
  EXPECT_EQ(table[1].text("time_ratio"), "");
  EXPECT_EQ(table[2].text("status"), "ok");
}

/// JSON and CSV are one table; the names of columns with SI values end in their unit.
TEST(Whatif, EveryLeafHasAColumnNameWithItsUnit) {
  for (const DeviceLeaf& leaf : device_leaves()) {
    const bool plain = leaf.dimension == Count::dimension;
    EXPECT_EQ(cli::si_name(leaf) == leaf.path, plain) << leaf.path;
  }
}

nlohmann::json sensitivity_of(const std::string& question) {
  const Outcome outcome = run_line(words_of("whatif " + question + " --sensitivity --format json"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return nlohmann::json::parse(outcome.out);
}

nlohmann::json row_of(const nlohmann::json& table, const std::string& leaf) {
  for (const auto& row : table.at("rows")) {
    if (row.at("leaf") == leaf) return row;
  }
  return {};
}

constexpr const char* bound_by_dram = "-p a100_sxm4_80gb -k standard --batch 8 --heads 16 --seq 4096 --head-dim 64";

TEST(Sensitivity, ATimeThatDramDecidesFallsAsItsBandwidthGrows) {
  // far below what the SMs ask for: nothing else counts
  const auto table = sensitivity_of(std::string{bound_by_dram} + " --set memory.dram.bandwidth='200 GB/s'");
  const auto& rows = table.at("rows");
  EXPECT_EQ(table.at("schema"), "rooftile.sensitivity/1");
  ASSERT_FALSE(rows.empty());
  const auto bandwidth = row_of(table, "memory.dram.bandwidth");
  EXPECT_NEAR(bandwidth.at("elasticity").get<double>(), -1, 0.02);
  EXPECT_NEAR(bandwidth.at("lower_change_pct").get<double>(), 100 * (1 / 0.9 - 1), 0.5);
  EXPECT_NEAR(bandwidth.at("higher_change_pct").get<double>(), 100 * (1 / 1.1 - 1), 0.5);
  EXPECT_EQ(bandwidth.at("text"), "200 GB/s");
  EXPECT_EQ(bandwidth.at("lower_value").get<double>(), 200e9 * 0.9);
  // The part of the bandwidth that is reached counts like the bandwidth, and cannot be more than all of it.
  EXPECT_LE(row_of(table, "memory.dram.sustained_fraction").at("higher_value").get<double>(), 1);
}

TEST(Sensitivity, IsSortedByItsEffectAndCountsTheRest) {
  const auto table = sensitivity_of(bound_by_dram);
  double last = std::numeric_limits<double>::infinity();
  std::set<std::string> shown;
  for (const auto& row : table.at("rows")) {
    const double size =
        std::max(std::abs(row.value("lower_change_pct", 0.0)), std::abs(row.value("higher_change_pct", 0.0)));
    EXPECT_LE(size, last) << row.at("leaf");
    EXPECT_GT(size, 0) << row.at("leaf");
    last = size;
    shown.insert(row.at("leaf").get<std::string>());
  }
  // Every number that the profile states is a row or counted.
  const auto stated = nlohmann::json::parse(run_line(words_of("profile show a100_sxm4_80gb --format json")).out);
  std::size_t leaves = 0;
  for (const auto& row : stated.at("rows")) leaves += find_leaf(row.at("path").get<std::string>()) != nullptr ? 1 : 0;
  const std::string note = table.at("notes").at(0);
  EXPECT_TRUE(
      note.ends_with("without effect: " + std::to_string(leaves - shown.size()) + " other numbers of the profile"))
      << note;
  EXPECT_EQ(shown.count("power.tdp"), 0U);
}

TEST(Sensitivity, EachTimeIsWhatPredictSays) {
  const auto table = sensitivity_of(bound_by_dram);
  for (const char* leaf : {"memory.dram.bandwidth", "sm.count", "memory.l2.capacity"}) {
    const auto row = row_of(table, leaf);
    if (row.is_null()) continue;
    const std::string unit = std::string_view{leaf} == "memory.dram.bandwidth" ? " B/s"
                             : std::string_view{leaf} == "memory.l2.capacity"  ? " B"
                                                                               : "";
    char value[40];
    std::snprintf(value, sizeof value, "%.17g", row.at("lower_value").get<double>());
    const auto words =
        words_of("predict " + std::string{bound_by_dram} + " --format csv --set '" + leaf + "=" + value + unit + "'");
    EXPECT_EQ(CsvTable::parse(run_line(words).out, "stdout")[0].number("time_s"), row.at("lower_time_s").get<double>())
        << leaf;
  }
}

TEST(Sensitivity, WholeNumbersStayWholeAndMove) {
  const auto table = sensitivity_of("-p a100_sxm4_80gb -k fa2 --batch 8 --heads 16 --seq 4096 --head-dim 128");
  const auto count = row_of(table, "sm.count");
  EXPECT_EQ(count.at("lower_value"), 97);
  EXPECT_EQ(count.at("higher_value"), 119);
  EXPECT_LT(count.at("elasticity").get<double>(), 0);
}

/// flash2 at d = 128 needs 255 registers per thread, which is all that there are: with fewer it cannot run, and nothing
/// matters more.
TEST(Sensitivity, AKernelThatCannotRunAnyMoreComesFirst) {
  const auto table = sensitivity_of("-p a100_sxm4_80gb -k rt_flash2 --heads 16 --seq 4096 --head-dim 128");
  const auto& first = table.at("rows").at(0);
  EXPECT_EQ(first.at("leaf"), "sm.max_registers_per_thread") << table.dump(1);
  EXPECT_TRUE(first.at("lower_change_pct").is_null());
  EXPECT_NE(first.at("remark").get<std::string>().find("lower: infeasible, "), std::string::npos);
}

TEST(Sensitivity, StartsFromWhatSetSays) {
  const auto table = sensitivity_of(std::string{bound_by_dram} + " --set memory.dram.bandwidth='4 TB/s'");
  EXPECT_EQ(row_of(table, "memory.dram.bandwidth").value("text", "4 TB/s"), "4 TB/s");
  const CsvTable changed =
      whatif_rows(std::string{"predict "} + bound_by_dram + " --format csv --set memory.dram.bandwidth='4 TB/s'");
  EXPECT_EQ(table.at("rows").at(0).at("time_s").get<double>(), changed[0].number("time_s"));
}

TEST(Sensitivity, OfAQuestionWithoutAnAnswerIsTheReason) {
  const Outcome outcome = run_line(
      words_of("whatif -p v100_sxm2_16gb -k standard --batch 64 --heads 64 --seq 16384 --head-dim 64 --sensitivity"));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("infeasible: "), std::string::npos) << outcome.out;
}

}  // namespace
}  // namespace rooftile::test
