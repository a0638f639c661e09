// Charts as the page and gnuplot get them: no name of a database is more than a name.
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "rooftile/analysis/chart.hpp"
#include "support.hpp"

namespace rooftile::analysis::testing {
namespace {

const std::string hostile = "</script><script>alert('x')</script> `touch /tmp/x` \"q\" \\ \n$(x) \xff";

Chart chart_with(const std::string& name) {
  return {.id = "a",
          .section = "s",
          .title = name,
          .text = name,
          .x = {name, Scale::log, Show::count},
          .y = {"time", Scale::linear, Show::seconds},
          .tables = {{.name = "t",
                      .columns = {{"kernel", name}, {"seq", "n", Show::count}, {"time_s", "time", Show::seconds}},
                      .rows = {{name, std::int64_t{16}, 1e-3}, {name, std::int64_t{32}, nan}}}},
          .marks = {{.kind = MarkKind::line, .x = "seq", .y = "time_s", .series = "kernel", .label = "kernel"},
                    {.kind = MarkKind::dot, .x = "seq", .y = "time_s", .series = "kernel", .tip = {"kernel"}}}};
}

std::string json_of(const Report& report) {
  std::ostringstream out;
  write_json(out, report);
  return out.str();
}

TEST(ChartJson, HoldsEveryValueAndNoMarkup) {
  Report report;
  report.database = hostile;
  report.notes = {hostile};
  report.facts = {{"results", "2"}};
  report.charts = {chart_with(hostile)};
  const std::string text = json_of(report);
  EXPECT_EQ(text.find('<'), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const auto json = nlohmann::json::parse(text);
  const std::string read = hostile.substr(0, hostile.size() - 1) + "\xef\xbf\xbd";  // not UTF-8: U+FFFD
  EXPECT_EQ(json["schema"], "rooftile.report/1");
  EXPECT_EQ(json["database"], read);
  EXPECT_EQ(json["notes"][0], read);
  const auto& chart = json["charts"][0];
  EXPECT_EQ(chart["title"], read);
  EXPECT_EQ(chart["x"]["scale"], "log");
  EXPECT_EQ(chart["y"]["unit"], "s");
  EXPECT_EQ(chart["tables"][0]["rows"][0], nlohmann::json::array({read, 16, 1e-3}));
  EXPECT_TRUE(chart["tables"][0]["rows"][1][2].is_null());
  EXPECT_EQ(chart["marks"][0]["series"], "kernel");
  EXPECT_FALSE(chart["marks"][0].contains("y1"));
}

TEST(ChartJson, AnEmptyReportIsOne) {
  const auto json = nlohmann::json::parse(json_of({}));
  EXPECT_TRUE(json["charts"].empty());
  EXPECT_TRUE(json["notes"].empty());
}

TEST(Gnuplot, QuotesWhatItIsTold) {
  std::ostringstream out;
  write_gnuplot(out, chart_with(hostile), 900, 500);
  const std::string script = out.str();
  // In single quotes a quote is two, and nothing else means anything.
  EXPECT_NE(script.find("set title '</script><script>alert(''x'')</script> `touch /tmp/x` \"q\" \\  $(x) "),
            std::string::npos)
      << script;
  EXPECT_NE(script.find("16 0.001\n"), std::string::npos);
  EXPECT_NE(script.find("32 NaN\n"), std::string::npos);
}

TEST(Gnuplot, TablesAreNoPictures) {
  Chart chart = chart_with("x");
  chart.marks = {{.kind = MarkKind::table}};
  std::ostringstream out;
  EXPECT_THROW(write_gnuplot(out, chart, 900, 500), std::invalid_argument);
}

TEST(Gnuplot, AColumnThatIsNotThereIsSaid) {
  Chart chart = chart_with("x");
  chart.marks[0].y = "no_such";
  std::ostringstream out;
  EXPECT_THROW(write_gnuplot(out, chart, 900, 500), std::invalid_argument);
}

TEST(Charts, IdsHoldPlainLettersAlone) { EXPECT_EQ(id_of("A100 <80GB>_x"), "a100--80gb-_x"); }

}  // namespace
}  // namespace rooftile::analysis::testing
