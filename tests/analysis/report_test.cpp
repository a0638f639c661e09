// One Table through the four writers: quoting, absent values, units, alignment.
#include "rooftile/analysis/report.hpp"

#include <cstdlib>
#include <limits>
#include <sstream>

#include "support.hpp"

namespace rooftile::analysis {
namespace {

using testing::nan;

Table sample() {
  return {.name = "sample",
          .title = "two kernels",
          .columns = {{"kernel", "kernel", Show::text},
                      {"time_s", "time", Show::seconds},
                      {"dram_bytes", "DRAM", Show::bytes},
                      {"ctas", "CTAs", Show::count},
                      {"fits", "fits", Show::yes_no}},
          .rows = {{std::string{"fa2"}, 0.00121, 268.4e6, std::int64_t{8192}, true},
                   {std::string{"a|b, \"c\""}, nan, {}, std::int64_t{64}, false}},
          .notes = {"uncalibrated"}};
}

std::string written(const Table& table, Format format, Style style = {}) {
  std::ostringstream out;
  write(out, table, format, style);
  return out.str();
}

TEST(Report, TableAlignsAndShowsUnits) {
  EXPECT_EQ(written(sample(), Format::table),
            "two kernels\n"
            "\n"
            "kernel       time      DRAM  CTAs  fits\n"
            "--------  -------  --------  ----  ----\n"
            "fa2       1.21 ms  268.4 MB  8192  yes\n"
            "a|b, \"c\"                       64  no\n"
            "\n"
            "uncalibrated\n");
}

TEST(Report, CsvQuotesAndLeavesAbsentValuesEmpty) {
  EXPECT_EQ(written(sample(), Format::csv),
            "kernel,time_s,dram_bytes,ctas,fits\n"
            "fa2,0.00121,268400000,8192,true\n"
            "\"a|b, \"\"c\"\"\",,,64,false\n");
}

TEST(Report, JsonWritesNullForAbsentValues) {
  EXPECT_EQ(written(sample(), Format::json),
            "{\"schema\": \"rooftile.sample/1\", \"rooftile\": \"0.1.0\",\n"
            " \"rows\": [\n"
            "  {\"kernel\":\"fa2\",\"time_s\":0.00121,\"dram_bytes\":268400000.0,\"ctas\":8192,\"fits\":true},\n"
            "  {\"kernel\":\"a|b, \\\"c\\\"\",\"time_s\":null,\"dram_bytes\":null,\"ctas\":64,\"fits\":false}],\n"
            " \"notes\": [\"uncalibrated\"]}\n");
}

TEST(Report, MarkdownEscapesBars) {
  EXPECT_EQ(written(sample(), Format::md),
            "**two kernels**\n"
            "\n"
            "| kernel | time | DRAM | CTAs | fits |\n"
            "|---|---:|---:|---:|---|\n"
            "| fa2 | 1.21 ms | 268.4 MB | 8192 | yes |\n"
            "| a\\|b, \"c\" |  |  | 64 | no |\n"
            "\n"
            "uncalibrated\n");
}

TEST(Report, EmptyTablesKeepTheirColumns) {
  Table table = sample();
  table.rows.clear();
  table.notes.clear();
  table.title.clear();
  EXPECT_EQ(written(table, Format::table), "kernel  time  DRAM  CTAs  fits\n------  ----  ----  ----  ----\n");
  EXPECT_EQ(written(table, Format::csv), "kernel,time_s,dram_bytes,ctas,fits\n");
  EXPECT_EQ(written(table, Format::json),
            "{\"schema\": \"rooftile.sample/1\", \"rooftile\": \"0.1.0\",\n \"rows\": []}\n");
  EXPECT_EQ(written(table, Format::md), "| kernel | time | DRAM | CTAs | fits |\n|---|---:|---:|---:|---|\n");
}

TEST(Report, NotANumberAndInfinityAreNullEverywhere) {
  for (const double value : {nan, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    const Table table{
        .name = "x", .columns = {{"a", "a", Show::number}, {"b", "b", Show::count}}, .rows = {{value, 1.0}}};
    EXPECT_EQ(written(table, Format::csv), "a,b\n,1\n");
    EXPECT_NE(written(table, Format::json).find("\"a\":null"), std::string::npos);
    EXPECT_EQ(written(table, Format::md), "| b |\n|---:|\n| 1 |\n");
    EXPECT_EQ(show_cell(value, Show::seconds), "");
  }
}

TEST(Report, NumbersReadBackAsTheSameDouble) {
  for (const double value : {0.1, 1.0 / 3.0, 1e300, 5e-324, 123456789.123456789, -0.0}) {
    EXPECT_EQ(std::strtod(plain_cell(value).c_str(), nullptr), value);
  }
}

TEST(Report, UnitsGoWithTheColumn) {
  EXPECT_EQ(show_cell(0.00121, Show::seconds), "1.21 ms");
  EXPECT_EQ(show_cell(312e12, Show::flop_per_second), "312 TFLOP/s");
  EXPECT_EQ(show_cell(1.555e12, Show::bytes_per_second), "1.555 TB/s");
  EXPECT_EQ(show_cell(1.1e12, Show::flop), "1.1 TFLOP");
  EXPECT_EQ(show_cell(200.6, Show::flop_per_byte), "200.6 FLOP/B");
  EXPECT_EQ(show_cell(1.41e9, Show::hertz), "1.41 GHz");
  EXPECT_EQ(show_cell(12.345, Show::percent), "12.35 %");
  EXPECT_EQ(show_cell(1.05, Show::ratio), "1.05x");
  EXPECT_EQ(show_cell(std::int64_t{268400000}, Show::bytes), "268.4 MB");
  EXPECT_EQ(show_cell(std::int64_t{268400000}, Show::count), "268400000");
  EXPECT_EQ(show_cell(true, Show::yes_no), "yes");
  EXPECT_EQ(show_cell(std::monostate{}, Show::seconds), "");
}

TEST(Report, WidthCountsCharactersNotBytes) {
  const Table table{.name = "x",
                    .columns = {{"a", "a", Show::text}, {"b", "b", Show::text}},
                    .rows = {{std::string{"N²d²"}, std::string{"x"}}, {std::string{"plain"}, std::string{"y"}}}};
  EXPECT_EQ(written(table, Format::table), "a      b\n-----  -\nN²d²   x\nplain  y\n");
}

TEST(Report, ColourIsOnlyForTables) {
  const Style color{.color = true};
  EXPECT_NE(written(sample(), Format::table, color).find("\033[1m"), std::string::npos);
  for (const Format format : {Format::csv, Format::json, Format::md}) {
    EXPECT_EQ(written(sample(), format, color), written(sample(), format));
  }
}

TEST(Report, ACardHoldsRowsSideBySide) {
  Table table{
      .name = "whatif",
      .columns = {{"variant", "", Show::text}, {"time_s", "time", Show::seconds}, {"bound", "bound", Show::text}},
      .rows = {{std::string{"base"}, 0.002, std::string{"dram"}},
               {std::string{"changed"}, 0.001, std::string{"tensor"}}}};
  std::ostringstream out;
  write_card(out, table, {}, true);
  EXPECT_EQ(out.str(),
            "         base  changed  ratio\n"
            "  time   2 ms     1 ms   0.5x\n"
            "  bound  dram   tensor\n");
  table.rows.pop_back();
  std::ostringstream single;
  write_card(single, table);
  EXPECT_EQ(single.str(), "         base\n  time   2 ms\n  bound  dram\n");
}

}  // namespace
}  // namespace rooftile::analysis
