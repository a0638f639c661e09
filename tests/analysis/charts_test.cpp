// Charts of a results database: what they show is what is stored, and what is not stored is not shown.
#include "rooftile/analysis/charts.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "support.hpp"

namespace rooftile::analysis::testing {
namespace {

const Chart* find_chart(const std::vector<Chart>& charts, const std::string& id) {
  const auto found = std::find_if(charts.begin(), charts.end(), [&](const Chart& chart) { return chart.id == id; });
  return found == charts.end() ? nullptr : &*found;
}

/// A column of one of a chart's tables, as a machine reads it.
std::vector<std::string> column(const Chart& chart, std::size_t table, const std::string& name) {
  const Table& from = chart.tables.at(table);
  const auto found =
      std::find_if(from.columns.begin(), from.columns.end(), [&](const Column& column) { return column.name == name; });
  EXPECT_NE(found, from.columns.end()) << name;
  std::vector<std::string> cells;
  for (const auto& row : from.rows)
    cells.push_back(plain_cell(row.at(static_cast<std::size_t>(found - from.columns.begin()))));
  return cells;
}

void put(Store& store, const ResultRow& row) { store.put(store.begin_run(run_info()), row); }

/// A predicted and a published time of one call.
void put_pair(Store& store, std::int64_t seq, double predicted, double published, const std::string& kernel = "fa2") {
  ResultKey computed = predicted_key(seq), observed = published_key(seq);
  computed.kernel = observed.kernel = kernel;
  put(store, row(computed, predicted));
  put(store, row(observed, published));
}

TEST(Charts, AnEmptyDatabaseHasNone) {
  const Store store = Store::in_memory();
  const RoofsOf roofs[] = {{"a100_sxm4_80gb", {{"DRAM", true, 2e12, 0}}}};
  EXPECT_TRUE(roofline_charts(store, roofs).empty());
  EXPECT_TRUE(accuracy_charts(store).empty());
  EXPECT_TRUE(length_charts(store).empty());
  EXPECT_TRUE(tile_charts(store).empty());
  EXPECT_TRUE(table_charts(store).empty());
}

TEST(Charts, ErrorsAreThoseOfThePairs) {
  Store store = Store::in_memory();
  put_pair(store, 1024, 1.1e-3, 1e-3);
  put_pair(store, 2048, 1.8e-3, 2e-3);
  put_pair(store, 2048, 3e-3, 2e-3, "fa3");
  const auto charts = accuracy_charts(store);
  const Chart* scatter = find_chart(charts, "against-observed-predicted-hierarchical");
  ASSERT_NE(scatter, nullptr);
  EXPECT_EQ(column(*scatter, 1, "observed_s"), (std::vector<std::string>{"0.001", "0.002", "0.002"}));
  EXPECT_EQ(column(*scatter, 1, "kernel"), (std::vector<std::string>{"fa2", "fa2", "fa3"}));
  EXPECT_EQ(scatter->provenance, std::vector<std::string>{"a paper, table 1"});

  const Chart* spread = find_chart(charts, "error-by-kernel-predicted-hierarchical");
  ASSERT_NE(spread, nullptr);
  EXPECT_EQ(column(*spread, 0, "results"), (std::vector<std::string>{"2", "1"}));
  EXPECT_NEAR(std::stod(column(*spread, 0, "median_pct").at(0)), 0, 1e-9);  // between -10 and 10 %
  EXPECT_NEAR(std::stod(column(*spread, 0, "p95_pct").at(0)), 9, 1e-9);
  EXPECT_NEAR(std::stod(column(*spread, 0, "median_pct").at(1)), 50, 1e-9);

  const Chart* lengths = find_chart(charts, "error-by-length-predicted-hierarchical");
  ASSERT_NE(lengths, nullptr);
  EXPECT_EQ(column(*lengths, 0, "seq_kv"), (std::vector<std::string>{"1024", "2048", "2048"}));
}

TEST(Charts, ManyPairsAreJoinedAndNoneIsLost) {
  Store store = Store::in_memory();
  std::vector<ResultRow> rows;
  for (std::int64_t seq = 1; seq <= 4000; ++seq) {
    const double time = 1e-6 * static_cast<double>(seq);
    rows.push_back(row(predicted_key(seq), 1.05 * time));
    rows.push_back(row(published_key(seq), time));
  }
  store.put_all(store.begin_run(run_info()), rows);
  const auto charts = accuracy_charts(store);
  const Chart& scatter = charts.front();
  EXPECT_LT(scatter.tables[1].rows.size(), 400U);
  EXPECT_NE(scatter.aggregated.find("4000 in all"), std::string::npos) << scatter.aggregated;
  std::int64_t results = 0;
  for (const std::string& n : column(scatter, 1, "results")) results += std::stoll(n);
  EXPECT_EQ(results, 4000);
  for (const std::string& error : column(scatter, 1, "error_pct")) EXPECT_NEAR(std::stod(error), 5, 1e-9);
}

TEST(Charts, KernelsCrossWhereTheirTimesAreEqual) {
  Store store = Store::in_memory();
  // standard: N²; flash: 64 N: equal at 64, between 16 and 256; on logarithms, straight lines
  for (const std::int64_t seq : {16, 256, 4096}) {
    const double n = static_cast<double>(seq);
    ResultKey standard = predicted_key(seq), flash = predicted_key(seq);
    standard.kernel = "standard";
    flash.kernel = "flash2";
    put(store, row(standard, 1e-9 * n * n));
    put(store, row(flash, 64e-9 * n));
  }
  const auto charts = length_charts(store);
  const Chart* crossover = find_chart(charts, "crossover-1");
  ASSERT_NE(crossover, nullptr);
  EXPECT_EQ(column(*crossover, 1, "seq"), std::vector<std::string>{"64"});
  EXPECT_EQ(column(*crossover, 1, "what"), std::vector<std::string>{"flash2 is faster than standard from 64 on"});
  const Chart* traffic = find_chart(charts, "traffic-1");
  ASSERT_NE(traffic, nullptr);
  EXPECT_EQ(column(*traffic, 0, "bytes").at(0), "8e+06");
}

TEST(Charts, OneKernelAloneOrTwoLengthsAreNoComparison) {
  Store store = Store::in_memory();
  for (const std::int64_t seq : {16, 256, 4096}) put(store, row(predicted_key(seq), 1e-3));
  EXPECT_TRUE(length_charts(store).empty());
  for (const std::int64_t seq : {16, 256}) {
    ResultKey other = predicted_key(seq);
    other.kernel = "fa3";
    put(store, row(other, 1e-3));
  }
  EXPECT_TRUE(length_charts(store).empty());
}

TEST(Charts, TilesShowTheFastestOfAShape) {
  Store store = Store::in_memory();
  for (const std::int64_t br : {64, 128}) {
    for (const std::int64_t bc : {32, 64}) {
      for (const int warps : {4, 8}) {
        ResultKey key = predicted_key();
        key.tile = {.br = br, .bc = bc, .warps = warps, .stages = 1};
        put(store, row(key, 1e-3 * (br == 128 ? 1 : 2) * (warps == 8 ? 1 : 1.5)));
      }
    }
  }
  const auto charts = tile_charts(store);
  ASSERT_EQ(charts.size(), 1U);
  EXPECT_EQ(column(charts[0], 0, "of_best"), (std::vector<std::string>{"2", "2", "1", "1"}));
  EXPECT_EQ(column(charts[0], 0, "warps"), (std::vector<std::string>{"8", "8", "8", "8"}));
}

TEST(Charts, RoofsMeetAtTheRidge) {
  Store store = Store::in_memory();
  put(store, row(predicted_key(), 1e-3));
  const RoofsOf roofs[] = {{"a100_sxm4_80gb", {{"DRAM", true, 2e12, 1.8e12}, {"tensor", false, 300e12, 0}}},
                           {"other", {}}};
  const auto charts = roofline_charts(store, roofs);
  ASSERT_EQ(charts.size(), 1U) << "a GPU without results or roofs has none";
  const std::vector<std::string> names = column(charts[0], 0, "roof"), x = column(charts[0], 0, "intensity"),
                                 y = column(charts[0], 0, "rate");
  EXPECT_EQ(names.at(0), "DRAM 2 TB/s");
  EXPECT_DOUBLE_EQ(std::stod(x.at(1)), 150);
  EXPECT_DOUBLE_EQ(std::stod(y.at(1)), 300e12);
  EXPECT_EQ(column(charts[0], 2, "ridge"), std::vector<std::string>{"ridge 150 FLOP/B"});
  EXPECT_EQ(charts[0].tables[1].rows.size(), 2U) << "sustained DRAM alone is known";
  // DRAM is the one level that the row says
  EXPECT_EQ(column(charts[0], 3, "level"), std::vector<std::string>{"DRAM"});
  const double flop = row(predicted_key(), 1).flops.value();
  EXPECT_DOUBLE_EQ(std::stod(column(charts[0], 3, "intensity").at(0)), flop / 8e6);
  EXPECT_DOUBLE_EQ(std::stod(column(charts[0], 3, "rate").at(0)), flop / 1e-3);
}

/// A roofline's answers lie on a roof, whatever the kernel.
TEST(Charts, ARooflinesOwnAnswersAreShownWhereNobodyElseAnswered) {
  const RoofsOf roofs[] = {{"a100_sxm4_80gb", {{"DRAM", true, 2e12, 0}, {"tensor", false, 300e12, 0}}}};
  Store store = Store::in_memory();
  ResultKey by_roofline = predicted_key();
  by_roofline.predictor = "roofline";
  put(store, row(by_roofline, 0.5e-3));
  EXPECT_EQ(column(roofline_charts(store, roofs).at(0), 3, "by"), std::vector<std::string>{"roofline"});
  put(store, row(predicted_key(), 1e-3));
  EXPECT_EQ(column(roofline_charts(store, roofs).at(0), 3, "by"), std::vector<std::string>{"hierarchical"});
  by_roofline.kernel = "fa3";
  put(store, row(by_roofline, 0.5e-3));
  EXPECT_EQ(column(roofline_charts(store, roofs).at(0), 3, "by"),
            (std::vector<std::string>{"hierarchical", "roofline"}));
}

TEST(Charts, MarksNameColumnsThatExistAndIdsAreUnique) {
  Store store = Store::in_memory();
  for (const std::int64_t seq : {1024, 2048, 4096}) {
    put_pair(store, seq, 1e-3, 2e-3);
    put_pair(store, seq, 1e-3, 2e-3, "fa3");
  }
  const RoofsOf roofs[] = {{"a100_sxm4_80gb", {{"DRAM", true, 2e12, 0}, {"tensor", false, 300e12, 0}}}};
  std::vector<Chart> charts = roofline_charts(store, roofs);
  for (const auto& more : {accuracy_charts(store), length_charts(store), table_charts(store)}) {
    charts.insert(charts.end(), more.begin(), more.end());
  }
  std::set<std::string> ids;
  for (const Chart& chart : charts) {
    EXPECT_TRUE(ids.insert(chart.id).second) << chart.id;
    EXPECT_FALSE(chart.text.empty()) << chart.id;
    for (const Mark& mark : chart.marks) {
      for (const std::string& name :
           {mark.x, mark.y, mark.x1, mark.x2, mark.y1, mark.y2, mark.series, mark.symbol, mark.fill, mark.label}) {
        if (!name.empty()) (void)column(chart, mark.table, name);
      }
      for (const std::string& name : mark.tip) (void)column(chart, mark.table, name);
    }
  }
  EXPECT_GE(ids.size(), 8U);
}

}  // namespace
}  // namespace rooftile::analysis::testing
