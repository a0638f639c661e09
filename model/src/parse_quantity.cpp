#include "rooftile/model/parse_quantity.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <locale>
#include <optional>
#include <sstream>
#include <vector>

#include "dimension_words.hpp"
#include "rooftile/model/format_quantity.hpp"
#include "rooftile/model/names.hpp"

namespace rooftile {
namespace {

/// Decimal prefixes are powers of ten and are added to the exponent of the number's text: "20 us" is read as "20e-6",
/// the double nearest to it, where 20 * 1e-6 would round twice. Powers of two multiply without rounding.
struct Prefix {
  std::string_view text;
  int decimal;    ///< power of ten
  double factor;  ///< power of two
};
constexpr Prefix no_prefix[] = {{"", 0, 1}};
constexpr Prefix small_prefixes[] = {{"p", -12, 1}, {"n", -9, 1}, {"u", -6, 1}, {"µ", -6, 1}, {"m", -3, 1}};
constexpr Prefix large_prefixes[] = {{"k", 3, 1}, {"M", 6, 1}, {"G", 9, 1}, {"T", 12, 1}, {"P", 15, 1}};
constexpr Prefix binary_prefixes[] = {
    {"Ki", 0, 0x1p10}, {"Mi", 0, 0x1p20}, {"Gi", 0, 0x1p30}, {"Ti", 0, 0x1p40}, {"Pi", 0, 0x1p50}};

/// A unit without prefix, and the groups of prefixes that it takes: millibytes and kiloseconds are typos.
struct Base {
  std::string_view text;
  Dimension dimension;
  double size;  ///< power of two
  bool takes_small;
  bool takes_large;
  bool takes_binary;
};
constexpr Base bases[] = {
    {"B", {.byte = 1}, 1, false, true, true},
    {"bit", {.byte = 1}, 0.125, false, true, false},
    {"FLOP", {.flop = 1}, 1, false, true, false},
    {"s", {.second = 1}, 1, true, false, false},
    {"cycle", {.cycle = 1}, 1, false, false, false},
    {"cycles", {.cycle = 1}, 1, false, false, false},
    {"Hz", {.second = -1, .cycle = 1}, 1, false, true, false},
    {"W", {.second = -1, .joule = 1}, 1, true, true, false},
    {"J", {.joule = 1}, 1, true, true, false},
};

/// 10^decimal * size base units.
struct Unit {
  int decimal = 0;
  double size = 1;
  Dimension dimension;
};

/// Calls `visit(text, unit)` for every prefix that the base takes, until it returns true.
template <class Visit>
bool any_atom(const Base& base, const Visit& visit) {
  const auto among = [&](const auto& prefixes) {
    for (const Prefix& prefix : prefixes) {
      if (visit(prefix.text, base.text, Unit{prefix.decimal, prefix.factor * base.size, base.dimension})) return true;
    }
    return false;
  };
  return among(no_prefix) || (base.takes_small && among(small_prefixes)) ||
         (base.takes_large && among(large_prefixes)) || (base.takes_binary && among(binary_prefixes));
}

std::optional<Unit> find_atom(std::string_view text) {
  std::optional<Unit> found;
  for (const Base& base : bases) {
    any_atom(base, [&](std::string_view prefix, std::string_view name, const Unit& unit) {
      const bool same = text.size() == prefix.size() + name.size() && text.starts_with(prefix) && text.ends_with(name);
      if (same) found = unit;
      return same;
    });
  }
  return found;
}

Dimension divide(Dimension a, Dimension b) {
  return {a.byte - b.byte, a.flop - b.flop, a.second - b.second, a.cycle - b.cycle, a.joule - b.joule};
}

/// "GB/s", "/cycle", "KiB"; the empty text is the unit of plain numbers.
std::optional<Unit> find_unit(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view above = text.substr(0, slash);
  const std::optional<Unit> numerator = above.empty() ? Unit{} : find_atom(above);
  if (slash == std::string_view::npos) return numerator;
  const std::optional<Unit> denominator = find_atom(text.substr(slash + 1));
  if (!numerator || !denominator) return std::nullopt;
  return Unit{numerator->decimal - denominator->decimal, numerator->size / denominator->size,
              divide(numerator->dimension, denominator->dimension)};
}

/// All units of a dimension, as far as people use them: what a typo may have meant.
std::vector<std::string> units_of(Dimension dimension) {
  std::vector<std::string> units;
  for (const Base& base : bases) {
    any_atom(base, [&](std::string_view prefix, std::string_view name, const Unit& unit) {
      const std::string atom = std::string{prefix} + std::string{name};
      if (unit.dimension == dimension) units.push_back(atom);
      for (const Base& below : bases) {
        if (divide(unit.dimension, below.dimension) == dimension) units.push_back(atom + '/' + std::string{below.text});
      }
      return false;
    });
  }
  return units;
}

/// Far beyond what doubles reach, far from what int does.
constexpr int largest_exponent = 100'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t count_digits(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - from;
}

/// Length of the decimal number that `text` starts with: -? digits [. digits] [e [+-] digits]; 0 if there is none.
std::size_t number_length(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = count_digits(text, at);
  if (whole == 0) return 0;
  at += whole;
  if (at < text.size() && text[at] == '.' && count_digits(text, at + 1) > 0) at += 1 + count_digits(text, at + 1);
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const bool has_sign = at + 1 < text.size() && (text[at + 1] == '+' || text[at + 1] == '-');
    const std::size_t sign = has_sign ? 1 : 0;
    const std::size_t digits = count_digits(text, at + 1 + sign);
    if (digits > 0) at += 1 + sign + digits;
  }
  return at;
}

/// The value of a text that number_length() accepted. A stream with the classic locale: std::strtod follows the global
/// locale's decimal point, and libc++ 14 has no std::from_chars for double.
std::optional<double> decimal_value(const std::string& text) {
  std::istringstream stream{text};
  stream.imbue(std::locale::classic());
  double value = 0;
  if (!(stream >> value) || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// The nearest double to the text's number * 10^decimal: the power is added to the exponent before the text is read.
std::optional<double> decimal_value(std::string_view text, int decimal) {
  const std::size_t sign = text.find_first_of("eE");
  if (sign == std::string_view::npos) return decimal_value(std::string{text} + 'e' + std::to_string(decimal));
  std::string_view digits = text.substr(sign + 1);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  int exponent = 0;
  // An exponent beyond int is beyond every double, whatever is added to it.
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (error != std::errc{} || std::abs(exponent) > largest_exponent) return decimal_value(std::string{text});
  return decimal_value(std::string{text.substr(0, sign)} + 'e' + std::to_string(exponent + decimal));
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

/// "bytes per second are expected, as in '1555 GB/s'".
std::string expectation(Dimension expected) {
  const DimensionWords* words = words_for(expected);
  if (words == nullptr) return describe(expected) + " is expected";
  return std::string{words->expected} + ", as in " + quoted(words->example);
}

bool is_ambiguous(std::string_view unit) {
  const std::string_view atom = unit.substr(0, unit.find('/'));
  return atom == "KB" || atom == "Kb" || atom == "Kbit";
}

std::string unknown_unit(std::string_view text, std::string_view unit, Dimension expected) {
  if (is_ambiguous(unit)) {
    return quoted(text) + ": K is ambiguous; write kB for 1000 bytes or KiB for 1024 bytes";
  }
  const std::vector<std::string> units = units_of(expected);
  const std::vector<std::string_view> candidates{units.begin(), units.end()};
  std::string message = quoted(text) + ": unknown unit " + quoted(unit) + "; " + expectation(expected);
  if (const auto near = nearest_name(unit, candidates)) message += "; did you mean " + quoted(*near) + "?";
  return message;
}

/// Rates per cycle are written without a unit in profiles (`ex2: 16`, `fp16_fp32: 2048`).
bool may_be_plain(Dimension expected) {
  return expected == Count::dimension || expected == PerCycle::dimension || expected == FlopsPerCycle::dimension;
}

}  // namespace

tl::expected<double, std::string> parse_number(std::string_view text) {
  const std::string_view trimmed = trim(text);
  if (trimmed.empty() || number_length(trimmed) != trimmed.size()) {
    return tl::make_unexpected(quoted(trimmed) + " is no number; " + expectation(Count::dimension));
  }
  if (const auto value = decimal_value(trimmed, 0)) return *value;
  return tl::make_unexpected(quoted(trimmed) + " is out of range");
}

tl::expected<double, std::string> parse_quantity(std::string_view text, Dimension expected) {
  const std::string_view trimmed = trim(text);
  const std::size_t length = number_length(trimmed);
  if (length == 0) return tl::make_unexpected(quoted(trimmed) + " is no number; " + expectation(expected));
  const std::string_view number_text = trimmed.substr(0, length);
  const std::optional<double> number = decimal_value(number_text, 0);
  if (!number) return tl::make_unexpected(quoted(trimmed) + " is out of range");

  const std::string_view unit_text = trim(trimmed.substr(length));
  if (unit_text.empty()) {
    if (may_be_plain(expected)) return *number;
    return tl::make_unexpected(quoted(trimmed) + " has no unit; " + expectation(expected));
  }
  const std::optional<Unit> unit = find_unit(unit_text);
  if (!unit) return tl::make_unexpected(unknown_unit(trimmed, unit_text, expected));
  if (unit->dimension != expected) {
    return tl::make_unexpected(quoted(trimmed) + " is " + describe(unit->dimension) + "; " + expectation(expected));
  }
  const std::optional<double> scaled = decimal_value(number_text, unit->decimal);
  if (!scaled || !std::isfinite(*scaled * unit->size)) return tl::make_unexpected(quoted(trimmed) + " is out of range");
  return *scaled * unit->size;
}

tl::expected<double, std::string> parse_percent(std::string_view text) {
  const std::string_view trimmed = trim(text);
  if (trimmed.ends_with('%')) {
    const std::string_view number = trim(trimmed.substr(0, trimmed.size() - 1));
    const auto share =
        parse_number(number) ? decimal_value(number, -2) : std::nullopt;  // 5.6 % is 0.056 to the last bit
    if (share) return *share;
  }
  return tl::make_unexpected(quoted(text) + ": a share is expected, as in 2.3 %");
}

}  // namespace rooftile
