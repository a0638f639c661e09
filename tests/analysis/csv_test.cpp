#include <limits>
#include <sstream>

#include "rooftile/analysis/csv.hpp"
#include "support.hpp"

namespace rooftile::analysis {
namespace {

using testing::message_of;

std::vector<std::string> texts(const CsvRow& row) {
  std::vector<std::string> result;
  for (const CsvField& field : row.fields()) result.push_back(field.text);
  return result;
}
using Texts = std::vector<std::string>;

TEST(csv, reads_columns_by_name_in_any_order) {
  const CsvTable table = CsvTable::parse("b,a\n1,2\n3,4\n", "t.csv");
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table[0].text("a"), "2");
  EXPECT_EQ(table[1].text("b"), "3");
  EXPECT_FALSE(table.has("c"));
}

TEST(csv, rfc_4180_quotes_crlf_and_byte_order_mark) {
  const CsvTable table = CsvTable::parse(
      "\xEF\xBB\xBF"
      "a,\"b,c\"\r\n\"x \"\"y\"\"\",\"two\r\nlines\"\r\n,\"\"\r\n",
      "t.csv");
  EXPECT_EQ(table.header()[1].text, "b,c");
  EXPECT_EQ(table.header()[0].column, 1);
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(texts(table[0]), (Texts{"x \"y\"", "two\r\nlines"}));
  EXPECT_EQ(texts(table[1]), (Texts{"", ""}));
}

TEST(csv, keeps_spaces_skips_blank_lines_and_needs_no_final_line_break) {
  const CsvTable table = CsvTable::parse("\na,b\n\n x ,y\n\n1,2", "t.csv");
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(texts(table[0]), (Texts{" x ", "y"}));
  EXPECT_EQ(texts(table[1]), (Texts{"1", "2"}));
}

TEST(csv, knows_where_each_field_begins) {
  const CsvTable table = CsvTable::parse("a,b,c\n\"1\n2\",xyz,\"q\"\n", "t.csv");
  const auto fields = table[0].fields();
  EXPECT_EQ(std::pair(fields[0].line, fields[0].column), std::pair(2, 1));
  EXPECT_EQ(std::pair(fields[1].line, fields[1].column), std::pair(3, 4));
  EXPECT_EQ(std::pair(fields[2].line, fields[2].column), std::pair(3, 8));
  EXPECT_EQ(to_string(table[0].where("b")), "t.csv:3:4");
}

TEST(csv, typed_fields) {
  const CsvTable table = CsvTable::parse("n,x,mask,none\n4096,-1.5e3,causal,\n", "t.csv");
  const CsvRow row = table[0];
  EXPECT_EQ(row.positive_integer("n"), 4096);
  EXPECT_EQ(row.number("x"), -1500);
  EXPECT_EQ(row.name<Mask>("mask"), Mask::causal);
  EXPECT_EQ(row.name_or("none", Mask::key_padding), Mask::key_padding);
  EXPECT_EQ(row.name_or("absent", DType::bf16), DType::bf16);
  EXPECT_EQ(row.positive_integer_or("absent", 7), 7);
  EXPECT_EQ(row.number_if_stated("none"), std::nullopt);
  EXPECT_EQ(row.number_if_stated("x"), -1500);
  EXPECT_FALSE(row.states("none"));
  EXPECT_EQ(row.text_or("none", "else"), "else");
}

struct BadCsv {
  const char* text;
  const char* message;
};

TEST(csv, refuses_what_is_not_well_formed) {
  const BadCsv cases[] = {
      {"", "t.csv: is empty; expected a header line with column names"},
      {"\n\n", "t.csv: is empty; expected a header line with column names"},
      {"a,a\n", "t.csv:1:3: column 'a' appears twice in the header"},
      {"a,,b\n", "t.csv:1:3: header column 2 has no name"},
      {"a,b\n1\n", "t.csv:2: row has 1 field, the header has 2 columns"},
      {"a,b\n1,2\n1,2,3\n", "t.csv:3: row has 3 fields, the header has 2 columns"},
      {"a,b\n1,\"2\n\n", "t.csv:2:3: quoted field is never closed"},
      {"a,b\n\"1\"x,2\n", "t.csv:2:4: expected a comma or the end of the line after a quoted field, found 'x'"},
      {"a,b\n1\"x,2\n", "t.csv:2:2: quote inside an unquoted field; quote the whole field and double it"},
      {"a,b\n1\r2,3\n", "t.csv:2:2: carriage return without line feed; lines end in LF or CRLF"},
  };
  for (const BadCsv& bad : cases) {
    EXPECT_EQ(message_of([&] { (void)CsvTable::parse(bad.text, "t.csv"); }), bad.message) << bad.text;
  }
  EXPECT_EQ(message_of([] {
              (void)CsvTable::parse(std::string_view{"a\0b", 3}, "t.csv");
            }),
            "t.csv: is not a text file");
}

TEST(csv, refuses_fields_of_the_wrong_type) {
  const CsvTable table =
      CsvTable::parse("n,x,dtype\nabc,,fp61\n-4,nan,\n1.5,1e999,x\n99999999999999999999,1x,x\n", "t.csv");
  const auto integer = [&](std::size_t i) { return message_of([&] { (void)table[i].positive_integer("n"); }); };
  const auto number = [&](std::size_t i) { return message_of([&] { (void)table[i].number("x"); }); };
  EXPECT_EQ(integer(0), "t.csv:2:1: column n: 'abc' is not a positive integer");
  EXPECT_EQ(integer(1), "t.csv:3:1: column n: '-4' is not a positive integer");
  EXPECT_EQ(integer(2), "t.csv:4:1: column n: '1.5' is not a positive integer");
  EXPECT_EQ(integer(3), "t.csv:5:1: column n: '99999999999999999999' is larger than 2^63 - 1");
  EXPECT_EQ(number(0), "t.csv:2:5: column x: is empty");
  EXPECT_EQ(number(1), "t.csv:3:4: column x: 'nan' is not a finite number");
  EXPECT_EQ(number(2), "t.csv:4:5: column x: '1e999' does not fit a double");
  EXPECT_EQ(number(3), "t.csv:5:22: column x: '1x' is not a finite number");
  EXPECT_EQ(message_of([&] { (void)table[0].name<DType>("dtype"); }),
            "t.csv:2:6: column dtype: unknown dtype 'fp61'; allowed: fp16, bf16, fp32, fp8_e4m3; did you mean 'fp16'?");
  EXPECT_EQ(message_of([&] { (void)table[0].text("dtipe"); }),
            "t.csv:1: unknown column 'dtipe'; allowed: n, x, dtype; did you mean 'dtype'?");
}

TEST(csv, reads_files) {
  const testing::TempFolder folder;
  testing::write_text(folder / "t.csv", "a\n1\n");
  EXPECT_EQ(CsvTable::read(folder / "t.csv")[0].positive_integer("a"), 1);
  const std::string missing = (folder / "no.csv").string();
  EXPECT_EQ(message_of([&] { (void)CsvTable::read(missing); }),
            missing + ": cannot be read: No such file or directory");
  EXPECT_EQ(message_of([&] { (void)CsvTable::read(folder.path()); }),
            folder.path().string() + ": is a directory, not a CSV file");
}

TEST(csv, what_is_written_is_read_back) {
  const Texts cells{"plain", "", "a,b", "say \"x\"", "two\nlines", "cr\r\nlf", " edge ", "0.1"};
  std::ostringstream out;
  CsvWriter writer{out};
  for (std::size_t i = 0; i < cells.size(); ++i) writer.cell("c" + std::to_string(i));
  writer.end_row();
  for (const std::string& cell : cells) writer.cell(cell);
  writer.end_row();
  EXPECT_EQ(texts(CsvTable::parse(out.str(), "t")[0]), cells);
}

TEST(csv, numbers_are_shortest_and_exact) {
  EXPECT_EQ(shortest_text(0.1), "0.1");
  EXPECT_EQ(shortest_text(1e23), "1e+23");
  EXPECT_EQ(shortest_text(std::numeric_limits<double>::quiet_NaN()), "");
  const double awkward = 1.0 / 3.0 * 1e-7;
  EXPECT_EQ(std::stod(shortest_text(awkward)), awkward);
  std::ostringstream out;
  CsvWriter{out}.cell(1.5).cell(-3).cell(std::int64_t{1} << 62).end_row();
  EXPECT_EQ(out.str(), "1.5,-3,4611686018427387904\n");
}

}  // namespace
}  // namespace rooftile::analysis
