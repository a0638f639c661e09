// What rooftile-measure writes is JSON, whatever the text and the numbers are, and what it reads back is what it wrote.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "measure/json_fields.hpp"
#include "measure/json_line.hpp"

namespace rooftile::kernels::measure {
namespace {

TEST(JsonLine, FieldsStandInTheOrderOfTheCalls) {
  JsonObject inner;
  inner.add("name", "H100");
  JsonObject line;
  line.add("kind", "time").add("time_s", 1.25e-3).add("samples_s", std::vector{1e-3, 0.5}).add("throttled", false);
  line.add("count", std::int64_t{9007199254740993})
      .add("device", inner)
      .add("argv", std::vector<std::string>{"a", "b"});
  line.add_null("power_w");
  EXPECT_EQ(line.text(),
            R"({"kind":"time","time_s":0.00125,"samples_s":[0.001,0.5],"throttled":false,"count":9007199254740993,)"
            R"("device":{"name":"H100"},"argv":["a","b"],"power_w":null})");
  EXPECT_EQ(JsonObject().text(), "{}");
}

TEST(JsonLine, EscapesWhatJsonWantsEscaped) {
  EXPECT_EQ(json_string("a\"b\\c\nd\te\rf"), R"("a\"b\\c\nd\te\rf")");
  EXPECT_EQ(json_string(std::string_view("\0\x01\x1f\x7f", 4)), "\"\\u0000\\u0001\\u001f\x7f\"");
  EXPECT_EQ(json_string("K\u00e4se \u2264 \U0001F600"), "\"K\u00e4se \u2264 \U0001F600\"");
}

TEST(JsonLine, BytesThatAreNoUtf8BecomeTheReplacementCharacter) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(json_string("a\xff"), "\"a" + bad + "\"");
  EXPECT_EQ(json_string("\xc0\xaf"), '"' + bad + bad + '"');              // overlong
  EXPECT_EQ(json_string("\xed\xa0\x80"), '"' + bad + bad + bad + '"');    // a surrogate
  EXPECT_EQ(json_string("\xf4\x90\x80\x80").size(), 2 + 4 * bad.size());  // beyond U+10FFFF
  EXPECT_EQ(json_string("\xe2\x82"), '"' + bad + bad + '"');              // cut off
}

TEST(JsonLine, NoNumberIsNull) {
  EXPECT_EQ(json_number(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(json_number(-std::numeric_limits<double>::infinity()), "null");
  JsonObject line;
  line.add("samples", std::vector{1.0, std::nan("")});
  EXPECT_EQ(line.text(), R"({"samples":[1,null]})");
}

RC_GTEST_PROP(JsonLine, NumbersReadBackAsTheSameValue, (double value)) {
  RC_PRE(std::isfinite(value));
  RC_ASSERT(std::stod(json_number(value)) == value);
}

RC_GTEST_PROP(JsonLine, StringsReadBackAsTheyWere, (const std::string& key, std::string text)) {
  RC_PRE(!key.empty());
  for (char& character : text) character = static_cast<char>(character & 0x7f);  // ASCII: every byte is a character
  std::string ascii_key = key;
  for (char& character : ascii_key) character = static_cast<char>(character & 0x7f);
  JsonObject line;
  line.add(ascii_key, text);
  const auto fields = json_fields(line.text());
  RC_ASSERT(fields.has_value());
  RC_ASSERT(fields->at(ascii_key) == text);
}

TEST(JsonFields, FlattensObjectsAndSkipsLists) {
  const auto fields = json_fields(R"( {"a" : {"b":{"c":-1.5e3}}, "list":[1,{"x":2},[]], "t":true, "n":null} )");
  ASSERT_TRUE(fields);
  EXPECT_EQ(*fields, (std::map<std::string, std::string>{{"a.b.c", "-1.5e3"}, {"t", "true"}, {"n", "null"}}));
}

TEST(JsonFields, RefusesWhatIsNotOneObject) {
  for (const char* bad :
       {"", "{", "[]", "{\"a\":1", "{\"a\":1}x", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "{\"a\":tru}",
        "{\"a\":\"b}", "{\"a\":\"\\q\"}", "{\"a\":\"\\u12\"}", "{\"a\":[1,}", "{\"a\":1 2}"}) {
    EXPECT_FALSE(json_fields(bad)) << bad;
  }
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "{\"a\":";
  EXPECT_FALSE(json_fields(deep));
}

}  // namespace
}  // namespace rooftile::kernels::measure
