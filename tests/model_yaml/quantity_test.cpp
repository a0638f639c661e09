// Text to quantities and back: every prefix with every base, every refusal with its message.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <clocale>
#include <cmath>
#include <cstdlib>
#include <locale>
#include <string>
#include <vector>

#include "rooftile/model/format_quantity.hpp"
#include "rooftile/model/parse_quantity.hpp"

namespace rooftile {
namespace {

constexpr Dimension joules{0, 0, 0, 0, 1};

struct PrefixCase {
  const char* text;
  double factor;
  bool small;   // for times, powers, energies
  bool large;   // for amounts, rates, powers, energies
  bool binary;  // for bytes
};
constexpr PrefixCase prefixes[] = {
    {"", 1, true, true, true},
    {"p", 1e-12, true, false, false},
    {"n", 1e-9, true, false, false},
    {"u", 1e-6, true, false, false},
    {"µ", 1e-6, true, false, false},
    {"m", 1e-3, true, false, false},
    {"k", 1e3, false, true, false},
    {"M", 1e6, false, true, false},
    {"G", 1e9, false, true, false},
    {"T", 1e12, false, true, false},
    {"P", 1e15, false, true, false},
    {"Ki", 1024.0, false, false, true},
    {"Mi", 1024.0 * 1024, false, false, true},
    {"Gi", 1024.0 * 1024 * 1024, false, false, true},
    {"Ti", 1024.0 * 1024 * 1024 * 1024, false, false, true},
    {"Pi", 1024.0 * 1024 * 1024 * 1024 * 1024, false, false, true},
    {"K", 1e3, false, false, false},
    {"E", 1e18, false, false, false},
    {"c", 1e-2, false, false, false},
};

struct BaseCase {
  const char* text;
  Dimension dimension;
  double size;
  bool small;
  bool large;
  bool binary;
};
const BaseCase bases[] = {
    {"B", Bytes::dimension, 1, false, true, true},
    {"bit", Bytes::dimension, 0.125, false, true, false},
    {"FLOP", Flops::dimension, 1, false, true, false},
    {"s", Seconds::dimension, 1, true, false, false},
    {"cycle", Cycles::dimension, 1, false, false, false},
    {"cycles", Cycles::dimension, 1, false, false, false},
    {"Hz", Hertz::dimension, 1, false, true, false},
    {"W", Watts::dimension, 1, true, true, false},
    {"J", joules, 1, true, true, false},
};

bool is_allowed(const PrefixCase& prefix, const BaseCase& base) {
  if (*prefix.text == '\0') return true;
  return (prefix.small && base.small) || (prefix.large && base.large) || (prefix.binary && base.binary);
}

TEST(ParseQuantity, EveryPrefixWithEveryBase) {
  for (const BaseCase& base : bases) {
    for (const PrefixCase& prefix : prefixes) {
      const std::string text = "3 " + std::string{prefix.text} + base.text;
      const auto value = parse_quantity(text, base.dimension);
      ASSERT_EQ(value.has_value(), is_allowed(prefix, base)) << text;
      EXPECT_DOUBLE_EQ(value.value_or(0), is_allowed(prefix, base) ? 3 * prefix.factor * base.size : 0) << text;
    }
  }
}

TEST(ParseQuantity, EveryPrefixedBasePerEveryBase) {
  for (const BaseCase& above : bases) {
    for (const BaseCase& below : bases) {
      for (const PrefixCase& prefix : prefixes) {
        if (!is_allowed(prefix, above)) continue;
        const std::string text = "3 " + std::string{prefix.text} + above.text + "/" + below.text;
        const Dimension a = above.dimension;
        const Dimension b = below.dimension;
        const Dimension ratio{a.byte - b.byte, a.flop - b.flop, a.second - b.second, a.cycle - b.cycle,
                              a.joule - b.joule};
        const auto value = parse_quantity(text, ratio);
        ASSERT_TRUE(value) << text << ": " << value.error();
        EXPECT_DOUBLE_EQ(*value, 3 * prefix.factor * above.size / below.size) << text;
      }
    }
  }
}

/// What the compiler makes of the same decimal number: its literals are the nearest doubles.
struct Nearest {
  const char* text;
  Dimension dimension;
  double value;
};

TEST(ParseQuantity, IsTheNearestDoubleForEveryPrefix) {
  const Nearest cases[] = {
      {"20 us", Seconds::dimension, 20e-6},
      {"20 µs", Seconds::dimension, 20e-6},
      {"2.62 us", Seconds::dimension, 2.62e-6},
      {"4.35 ms", Seconds::dimension, 4.35e-3},
      {"0.3 ns", Seconds::dimension, 0.3e-9},
      {"7.1 ps", Seconds::dimension, 7.1e-12},
      {"1.1e3 us", Seconds::dimension, 1.1e-3},
      {"1.1E+3 us", Seconds::dimension, 1.1e-3},
      {"1.1e-3 s", Seconds::dimension, 1.1e-3},
      {"1.005 kHz", Hertz::dimension, 1.005e3},
      {"1410.3 MHz", Hertz::dimension, 1410.3e6},
      {"1.98 GHz", Hertz::dimension, 1.98e9},
      {"4.814 TB/s", BytesPerSecond::dimension, 4.814e12},
      {"1555.2 GB/s", BytesPerSecond::dimension, 1555.2e9},
      {"0.07 PFLOP", Flops::dimension, 0.07e15},
      {"1.1 B/us", BytesPerSecond::dimension, 1.1e6},
      {"3.9 GB/ms", BytesPerSecond::dimension, 3.9e12},
      {"13.11 pJ/bit", JoulesPerByte::dimension, 13.11e-12 * 8},
      {"0.7 mJ", joules, 0.7e-3},
      {"1.7 KiB", Bytes::dimension, 1.7 * 1024},
      {"0.3 Gbit", Bytes::dimension, 0.3e9 / 8},
  };
  for (const Nearest& nearest : cases) {
    const auto value = parse_quantity(nearest.text, nearest.dimension);
    ASSERT_TRUE(value) << value.error();
    EXPECT_EQ(*value, nearest.value) << nearest.text;
  }
}

/// The same for every prefix and numbers of one to four digits: a double's text with the prefix's power of ten as
/// exponent, read by strtod, is the same double.
TEST(ParseQuantity, AgreesWithStrtodOnEveryDecimalPrefix) {
  struct Power {
    const char* unit;
    Dimension dimension;
    const char* exponent;
  };
  const Power powers[] = {
      {"ps", Seconds::dimension, "e-12"}, {"ns", Seconds::dimension, "e-9"}, {"us", Seconds::dimension, "e-6"},
      {"µs", Seconds::dimension, "e-6"},  {"ms", Seconds::dimension, "e-3"}, {"kB", Bytes::dimension, "e3"},
      {"MB", Bytes::dimension, "e6"},     {"GB", Bytes::dimension, "e9"},    {"TB", Bytes::dimension, "e12"},
      {"PB", Bytes::dimension, "e15"},
  };
  for (const Power& power : powers) {
    for (int digits = 1; digits < 10'000; digits += 7) {
      const std::string number = std::to_string(digits / 100) + '.' + std::to_string(digits % 100);
      EXPECT_EQ(parse_quantity(number + ' ' + power.unit, power.dimension).value_or(0),
                std::strtod((number + power.exponent).c_str(), nullptr))
          << number << power.unit;
    }
  }
}

struct Reading {
  const char* text;
  Dimension dimension;
  double value;
};

TEST(ParseQuantity, ReadsWhatProfilesSay) {
  const Reading readings[] = {
      {"1555 GB/s", BytesPerSecond::dimension, 1.555e12},
      {"1.5 TB/s", BytesPerSecond::dimension, 1.5e12},
      {"1e3GB/s", BytesPerSecond::dimension, 1e12},
      {"  2 TB/s  ", BytesPerSecond::dimension, 2e12},
      {"1 B/ms", BytesPerSecond::dimension, 1000},
      {"164 KiB", Bytes::dimension, 164.0 * 1024},
      {"5120 bit", Bytes::dimension, 640},
      {"-3 B", Bytes::dimension, -3},
      {"1410 MHz", Hertz::dimension, 1.41e9},
      {"3 cycle/s", Hertz::dimension, 3},
      {"13.11 pJ/bit", JoulesPerByte::dimension, 13.11e-12 * 8},
      {"0.7 pJ/FLOP", JoulesPerFlop::dimension, 0.7e-12},
      {"400 J/s", Watts::dimension, 400},
      {"128 B/cycle", BytesPerCycle::dimension, 128},
      {"2048 FLOP/cycle", FlopsPerCycle::dimension, 2048},
      {"2048", FlopsPerCycle::dimension, 2048},
      {"16 /cycle", PerCycle::dimension, 16},
      {"16", PerCycle::dimension, 16},
      {"108", Count::dimension, 108},
      {"0.95", Count::dimension, 0.95},
      {"200.6 FLOP/B", FlopsPerByte::dimension, 200.6},
      {"2.62 µs", Seconds::dimension, 2.62e-6},
  };
  for (const Reading& reading : readings) {
    const auto value = parse_quantity(reading.text, reading.dimension);
    ASSERT_TRUE(value) << value.error();
    EXPECT_DOUBLE_EQ(*value, reading.value) << reading.text;
  }
  EXPECT_DOUBLE_EQ(parse<BytesPerSecond>("1555 GB/s")->value(), 1.555e12);
}

struct RefusedText {
  const char* text;
  Dimension expected;
  const char* message;
};

TEST(ParseQuantity, RefusesWithTheReason) {
  const Dimension rate = BytesPerSecond::dimension;
  const RefusedText refused[] = {
      {"3 GB", rate, "'3 GB' is an amount of bytes; bytes per second are expected, as in '1555 GB/s'"},
      {"3", rate, "'3' has no unit; bytes per second are expected, as in '1555 GB/s'"},
      {"3 GBps", rate,
       "'3 GBps': unknown unit 'GBps'; bytes per second are expected, as in '1555 GB/s'; did you mean 'GB/s'?"},
      {"3 TFLOPS", FlopsPerSecond::dimension,
       "'3 TFLOPS': unknown unit 'TFLOPS'; FLOP per second are expected, as in '312 TFLOP/s'; did you mean 'TFLOP/s'?"},
      {"164 KB", Bytes::dimension, "'164 KB': K is ambiguous; write kB for 1000 bytes or KiB for 1024 bytes"},
      {"164 KB/s", rate, "'164 KB/s': K is ambiguous; write kB for 1000 bytes or KiB for 1024 bytes"},
      {"5 %", Count::dimension, "'5 %': unknown unit '%'; a plain number is expected, as in '108'"},
      {"108 B", Count::dimension, "'108 B' is an amount of bytes; a plain number is expected, as in '108'"},
      {"", rate, "'' is no number; bytes per second are expected, as in '1555 GB/s'"},
      {"fast", rate, "'fast' is no number; bytes per second are expected, as in '1555 GB/s'"},
      {"+3 GB/s", rate, "'+3 GB/s' is no number; bytes per second are expected, as in '1555 GB/s'"},
      {"inf", Count::dimension, "'inf' is no number; a plain number is expected, as in '108'"},
      {"nan", Count::dimension, "'nan' is no number; a plain number is expected, as in '108'"},
      {"0x10", Count::dimension, "'0x10': unknown unit 'x10'; a plain number is expected, as in '108'"},
      {"1e999 B", Bytes::dimension, "'1e999 B' is out of range"},
      {"1e300 PB", Bytes::dimension, "'1e300 PB' is out of range"},
      {"1e99999999999999999999 ps", Seconds::dimension, "'1e99999999999999999999 ps' is out of range"},
      {"1,5 GB", Bytes::dimension, "'1,5 GB': unknown unit ',5 GB'; an amount of bytes is expected, as in '40 MiB'"},
      {"3 GB/s/s", rate,
       "'3 GB/s/s': unknown unit 'GB/s/s'; bytes per second are expected, as in '1555 GB/s'; did you mean 'GB/s'?"},
      {"16 FLOP/cycle", PerCycle::dimension,
       "'16 FLOP/cycle' is FLOP per cycle; a rate per cycle is expected, as in '16 /cycle'"},
      {"3 /s", rate, "'3 /s' is a quantity in s^-1; bytes per second are expected, as in '1555 GB/s'"},
  };
  for (const RefusedText& row : refused) {
    const auto value = parse_quantity(row.text, row.expected);
    ASSERT_FALSE(value) << row.text;
    EXPECT_EQ(value.error(), row.message);
  }
}

TEST(ParseNumber, ReadsAllOfTheTextOrNothing) {
  EXPECT_DOUBLE_EQ(*parse_number("-1.5e-3"), -1.5e-3);
  for (const char* text : {"", ".5", "1.", "1 2", "1e", "--1", "0x1", "1_000", "Infinity"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(ParsePercent, GivesTheNearestDoubleOfTheFraction) {
  EXPECT_EQ(*parse_percent("2.3 %"), 0.023);
  EXPECT_EQ(*parse_percent("5.6%"), 0.056);
  EXPECT_EQ(*parse_percent("-0.2 %"), -0.002);
  EXPECT_EQ(*parse_percent("1e2 %"), 1);
  for (const char* text : {"2.3", "%", " %", "two %", "2.3 %%", "2.3 % x", "", "nan %", "1 2 %"}) {
    EXPECT_FALSE(parse_percent(text)) << text;
  }
  EXPECT_EQ(parse_percent("2.3").error(), "'2.3': a share is expected, as in 2.3 %");
}

/// A decimal comma, as in most of Europe; machines that build rarely have such a locale installed.
class DecimalComma : public std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

TEST(ParseQuantity, DoesNotDependOnTheLocale) {
  const auto expect_points = [](const std::string& where) {
    EXPECT_DOUBLE_EQ(parse_quantity("2.62 us", Seconds::dimension).value_or(0), 2.62e-6) << where;
    EXPECT_EQ(format(Seconds{2.62e-6}), "2.62 us") << where;
    EXPECT_EQ(format(Bytes{1234567}, 7), "1.234567 MB") << where;
    EXPECT_EQ(format_exact(0.5, Count::dimension), "0.5") << where;
  };
  const std::locale before = std::locale::global(std::locale{std::locale::classic(), new DecimalComma});
  expect_points("C++ locale with a decimal comma");
  std::locale::global(before);
  const std::string c_before = std::setlocale(LC_ALL, nullptr);
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, name) != nullptr) expect_points(name);
  }
  std::setlocale(LC_ALL, c_before.c_str());
}

TEST(FormatQuantity, PicksThePrefix) {
  EXPECT_EQ(format(BytesPerSecond{1.555e12}), "1.56 TB/s");
  EXPECT_EQ(format(BytesPerSecond{1.555e12}, 4), "1.555 TB/s");
  EXPECT_EQ(format(Bytes{40.0 * 1024 * 1024}), "40 MiB");
  EXPECT_EQ(format(Bytes{164.0 * 1024}), "164 KiB");
  EXPECT_EQ(format(Bytes{40e9}), "40 GB");
  EXPECT_EQ(format(Bytes{8.39e6}), "8.39 MB");
  EXPECT_EQ(format(Bytes{999.9e9}), "1 TB");
  EXPECT_EQ(format(Bytes{0}), "0 B");
  EXPECT_EQ(format(Bytes{-5e3}), "-5 kB");
  EXPECT_EQ(format(Bytes{1e20}), "100000 PB");
  EXPECT_EQ(format(Seconds{2.62e-6}), "2.62 us");
  EXPECT_EQ(format(Seconds{100}), "100 s");
  EXPECT_EQ(format(Seconds{9.999e-4}), "1 ms");
  EXPECT_EQ(format(Hertz{1.41e9}), "1.41 GHz");
  EXPECT_EQ(format(Count{65536}), "65536");
  EXPECT_EQ(format(Count{0.95}), "0.95");
  EXPECT_EQ(format(PerCycle{16}), "16 /cycle");
  EXPECT_EQ(format(BytesPerCycle{5120}), "5120 B/cycle");
  EXPECT_EQ(format(JoulesPerByte{13.11e-12 * 8}, 4), "13.11 pJ/bit");
  EXPECT_EQ(format(FlopsPerByte{200.64}, 4), "200.6 FLOP/B");
  EXPECT_EQ(format(Watts::unknown()), "unknown");
  EXPECT_EQ(format(Seconds{INFINITY}), "infinite");
  EXPECT_EQ(format_quantity(3, {.byte = 1, .second = 1}), "3 B s");
  EXPECT_EQ(describe(BytesPerSecond::dimension), "bytes per second");
}

TEST(FormatQuantity, WritesAllDigitsInBaseUnits) {
  EXPECT_EQ(format_exact(1.555e12, BytesPerSecond::dimension), "1555000000000 B/s");
  EXPECT_EQ(format_exact(0.9, Count::dimension), "0.90000000000000002");
  EXPECT_EQ(format_exact(0.5, JoulesPerByte::dimension), "0.5 J/B");
}

TEST(FormatQuantity, WhatIsPrintedReadsBack) {
  const std::vector<Dimension> dimensions{
      Count::dimension,         Bytes::dimension,          Flops::dimension,         Seconds::dimension,
      Cycles::dimension,        Hertz::dimension,          PerCycle::dimension,      BytesPerSecond::dimension,
      BytesPerCycle::dimension, FlopsPerSecond::dimension, FlopsPerCycle::dimension, FlopsPerByte::dimension,
      Watts::dimension,         JoulesPerByte::dimension,  JoulesPerFlop::dimension, joules};
  const bool held = rc::check("parse(format(x)) is x to the printed digits", [&] {
    const Dimension dimension = *rc::gen::elementOf(dimensions);
    const int digits = *rc::gen::inRange(1, 18);
    const int exponent = *rc::gen::inRange(-30, 30);
    const int mantissa = *rc::gen::inRange(-999999999, 999999999);
    const double value = mantissa * std::pow(10, exponent - 8);
    const std::string text = format_quantity(value, dimension, digits);
    const auto back = parse_quantity(text, dimension);
    RC_ASSERT(back.has_value());
    const double allowed = std::fabs(value) * (0.5000001 * std::pow(10, 1 - digits) + 1e-15);
    RC_ASSERT(std::fabs(*back - value) <= allowed);
    const auto exact = parse_quantity(format_exact(value, dimension), dimension);
    RC_ASSERT(exact.has_value());
    RC_ASSERT(*exact == value);
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace rooftile
