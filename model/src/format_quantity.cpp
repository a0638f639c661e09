#include "rooftile/model/format_quantity.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "dimension_words.hpp"

namespace rooftile {
namespace {

/// Significant digits and the decimal exponent of the first of them: 1555e9 is {"1555", 12}.
struct Decimal {
  std::string digits;
  int exponent = 0;
};

/// `value` > 0 rounded to `count` digits, trailing zeros removed. The decimal point, which follows the global locale,
/// is skipped rather than read.
Decimal round_to(double value, int count) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*e", std::clamp(count, 1, 17) - 1, value);
  Decimal decimal;
  const char* at = text;
  for (; *at != 'e' && *at != '\0'; ++at) {
    if (*at >= '0' && *at <= '9') decimal.digits += *at;
  }
  if (*at == 'e') decimal.exponent = std::atoi(at + 1);
  decimal.digits.erase(std::max<std::size_t>(1, decimal.digits.find_last_not_of('0') + 1));
  return decimal;
}

/// digits x 10^(exponent - shift) written out: {"262", -6} shifted by -6 is "2.62". Far from 1, with an exponent.
std::string write(const Decimal& decimal, int shift) {
  int point = decimal.exponent - shift;  // place of the first digit
  std::string suffix;
  if (point < -5 || point > 16) {
    suffix = "e" + std::to_string(point);
    point = 0;
  }
  std::string text = decimal.digits;
  if (point < 0) return "0." + std::string(static_cast<std::size_t>(-point - 1), '0') + text + suffix;
  const auto whole = static_cast<std::size_t>(point) + 1;
  if (text.size() < whole) text.append(whole - text.size(), '0');
  if (text.size() > whole) text.insert(whole, ".");
  return text + suffix;
}

struct Range {
  int least = 0;
  int most = 0;
};
Range exponents(Prefixes prefixes) {
  switch (prefixes) {
    case Prefixes::none: return {0, 0};
    case Prefixes::small: return {-12, 0};
    case Prefixes::large: return {0, 15};
    case Prefixes::both: return {-12, 15};
  }
  return {0, 0};
}

/// The prefix of 10^exponent, a multiple of 3 from -12 to 15.
std::string_view prefix(int exponent) {
  constexpr std::string_view names[] = {"p", "n", "u", "m", "", "k", "M", "G", "T", "P"};
  return names[(exponent + 12) / 3];
}

int floor_to_3(int exponent) { return (exponent >= 0 ? exponent / 3 : -((2 - exponent) / 3)) * 3; }

/// "40 MiB" for sizes that are a whole number below 1024 of KiB, MiB, ...; empty for all others.
std::string binary_size(double bytes) {
  constexpr std::string_view names[] = {" KiB", " MiB", " GiB", " TiB"};
  double unit = 1024;
  for (const std::string_view name : names) {
    const double mantissa = bytes / unit;
    if (mantissa >= 1 && mantissa < 1024 && mantissa == std::floor(mantissa)) {
      return std::to_string(static_cast<int>(mantissa)) + std::string{name};
    }
    unit *= 1024;
  }
  return {};
}

std::string with_unit(const std::string& number, std::string_view unit) {
  return unit.empty() ? number : number + ' ' + std::string{unit};
}

void add_power(std::string& text, std::string_view unit, int power) {
  if (power == 0) return;
  if (!text.empty()) text += ' ';
  text += unit;
  if (power != 1) text += '^' + std::to_string(power);
}

/// "B^2 s^-1": for dimensions that no quantity of the model has.
std::string powers(Dimension dimension) {
  std::string text;
  add_power(text, "B", dimension.byte);
  add_power(text, "FLOP", dimension.flop);
  add_power(text, "s", dimension.second);
  add_power(text, "cycle", dimension.cycle);
  add_power(text, "J", dimension.joule);
  return text;
}

std::string format_positive(double value, const DimensionWords& words, int digits) {
  if (words.dimension == Bytes::dimension) {
    if (std::string binary = binary_size(value); !binary.empty()) return binary;
  }
  const bool whole = words.prefixes == Prefixes::none && value == std::floor(value) && value < 1e15;
  const Decimal decimal = round_to(value / words.unit_size, whole ? 17 : digits);
  const Range range = exponents(words.prefixes);
  const int shift = std::clamp(floor_to_3(decimal.exponent), range.least, range.most);
  return with_unit(write(decimal, shift), std::string{prefix(shift)} + std::string{words.unit});
}

}  // namespace

std::string describe(Dimension dimension) {
  if (const DimensionWords* words = words_for(dimension)) return std::string{words->found};
  return "a quantity in " + powers(dimension);
}

std::string format_quantity(double value, Dimension dimension, int digits) {
  if (std::isnan(value)) return "unknown";
  if (std::isinf(value)) return value > 0 ? "infinite" : "-infinite";
  const DimensionWords* words = words_for(dimension);
  if (words == nullptr) return value == 0 ? "0 " + powers(dimension) : format_exact(value, dimension);
  if (value == 0) return with_unit("0", words->unit);
  return (value < 0 ? "-" : "") + format_positive(std::fabs(value), *words, digits);
}

std::string format_exact(double value, Dimension dimension) {
  char text[64];
  std::snprintf(text, sizeof text, "%.17g", value);
  std::string number{text};
  const std::size_t comma = number.find(',');  // the decimal point of many locales
  if (comma != std::string::npos) number[comma] = '.';
  const DimensionWords* words = words_for(dimension);
  return with_unit(number, words != nullptr ? std::string{words->base_unit} : powers(dimension));
}

}  // namespace rooftile
