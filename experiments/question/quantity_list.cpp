// Lists of numbers with units, as --set takes them: the ranges of integer_list for real numbers.
#include <charconv>
#include <cmath>

#include "question/value_list.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/model/parse_quantity.hpp"

namespace rooftile::experiments {
namespace {

[[noreturn]] void refuse_list(std::string_view option, const std::string& message) {
  throw InputError{std::string{option} + ": " + message};
}

std::string in_quotes(std::string_view text) { return "'" + std::string{text} + "'"; }

std::string_view without_spaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Twelve digits: first + i * step of short decimals is a short decimal again.
std::string decimal_text(double value) {
  char text[40];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 12);
  return {text, end};
}

/// "1:4:x2 TB/s" is the numbers "1:4:x2" and the unit "TB/s".
struct Part {
  std::string_view numbers;
  std::string_view unit;
};

Part split_unit(std::string_view text) {
  const std::string_view trimmed = without_spaces(text);
  const std::size_t end = std::min(trimmed.find_first_not_of("0123456789.:x+-eE"), trimmed.size());
  return {without_spaces(trimmed.substr(0, end)), without_spaces(trimmed.substr(end))};
}

double number_of(std::string_view option, std::string_view text) {
  const auto value = parse_number(text);
  if (!value) refuse_list(option, value.error());
  return *value;
}

struct Step {
  double by;
  bool multiply;
};

Step step_of(std::string_view option, std::string_view text) {
  const bool multiply = text.starts_with('x');
  const auto by = parse_number(multiply ? text.substr(1) : text);
  if (!by || !(*by > (multiply ? 1 : 0))) {
    refuse_list(option, in_quotes(text) + " is no step; write a number to add (0.5) or a factor above 1 (x2)");
  }
  return {*by, multiply};
}

/// How many steps lie between first and last; a last value that rounding puts a hair beyond is meant.
double steps_between(double first, double last, Step step) {
  constexpr double hair = 1e-9;
  return std::floor((step.multiply ? std::log(last / first) / std::log(step.by) : (last - first) / step.by) + hair);
}

std::vector<std::string> range(std::string_view option, std::string_view text) {
  const std::size_t one = text.find(':');
  const std::size_t two = text.find(':', one + 1);
  if (two == std::string_view::npos || text.find(':', two + 1) != std::string_view::npos) {
    refuse_list(option, in_quotes(text) +
                            " is no range; write first:last:step or first:last:xfactor and the unit behind it, as in "
                            "1:4:x2 TB/s");
  }
  const double first = number_of(option, text.substr(0, one));
  const double last = number_of(option, text.substr(one + 1, two - one - 1));
  const Step step = step_of(option, text.substr(two + 1));
  if (last < first) refuse_list(option, "the range " + in_quotes(text) + " ends before it begins");
  if (step.multiply && !(first > 0)) refuse_list(option, "the range " + in_quotes(text) + " never leaves zero");
  const double steps = steps_between(first, last, step);
  if (!(steps < static_cast<double>(longest_list))) {
    refuse_list(option, "the list has more than " + std::to_string(longest_list) + " values");
  }
  std::vector<std::string> values;
  for (int i = 0; i <= static_cast<int>(steps); ++i) {
    values.push_back(decimal_text(step.multiply ? first * std::pow(step.by, i) : first + i * step.by));
  }
  return values;
}

}  // namespace

std::vector<std::string> quantity_list(std::string_view option, std::string_view text) {
  if (text.find_first_of(",:") == std::string_view::npos) return {std::string{text}};
  std::vector<Part> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(split_unit(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  for (std::size_t i = parts.size() - 1; i > 0; --i) {
    if (parts[i - 1].unit.empty()) parts[i - 1].unit = parts[i].unit;
  }
  std::vector<std::string> values;
  for (const Part& part : parts) {
    const bool one = part.numbers.find(':') == std::string_view::npos;
    if (one) (void)number_of(option, part.numbers);
    for (const std::string& value : one ? std::vector{std::string{part.numbers}} : range(option, part.numbers)) {
      values.push_back(part.unit.empty() ? value : value + ' ' + std::string{part.unit});
    }
  }
  if (values.size() > longest_list) {
    refuse_list(option, "the list has more than " + std::to_string(longest_list) + " values");
  }
  return values;
}

}  // namespace rooftile::experiments
