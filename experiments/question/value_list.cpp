#include "question/value_list.hpp"

#include <charconv>
#include <limits>
#include <optional>

#include "rooftile/model/error.hpp"

namespace rooftile::experiments {
namespace {

constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

[[noreturn]] void refuse(std::string_view option, const std::string& message) {
  throw InputError{std::string{option} + ": " + message};
}

/// One list in the making.
class ListReader {
 public:
  ListReader(std::string_view option, std::int64_t least) : option_{option}, least_{least} {}

  void read(std::string_view part) {
    const auto fields = split(part, ':');
    if (fields.size() == 1) return add(number(part));
    if (fields.size() != 3) {
      refuse(option_, quoted(part) + " is no range; write first:last:step or first:last:xfactor, as in 512:16384:x2");
    }
    range(part, number(fields[0]), number(fields[1]), fields[2]);
  }

  [[nodiscard]] std::vector<std::int64_t> take() { return std::move(values_); }

 private:
  [[nodiscard]] std::int64_t number(std::string_view text) const {
    const auto value = whole_number(text);
    if (!value) refuse(option_, quoted(text) + " is not a whole number");
    if (*value < least_ || *value > largest) {
      refuse(option_, std::string{text} + " is out of range; allowed: " + std::to_string(least_) + " to " +
                          std::to_string(largest));
    }
    return *value;
  }

  void range(std::string_view part, std::int64_t first, std::int64_t last, std::string_view step) {
    const bool multiply = step.starts_with('x');
    const auto by = whole_number(multiply ? step.substr(1) : step);
    const std::int64_t least_step = multiply ? 2 : 1;
    if (!by || *by < least_step || *by > largest || (multiply && first == 0)) {
      refuse(option_, quoted(step) + " is no step; write a number to add (128) or a factor of 2 or more (x2)");
    }
    if (last < first) refuse(option_, "the range " + quoted(part) + " ends before it begins");
    for (std::int64_t value = first; value <= last; value = multiply ? value * *by : value + *by) add(value);
  }

  void add(std::int64_t value) {
    if (values_.size() == longest_list) {
      refuse(option_, "the list has more than " + std::to_string(longest_list) + " values");
    }
    values_.push_back(value);
  }

  std::string_view option_;
  std::int64_t least_;
  std::vector<std::int64_t> values_;
};

}  // namespace

std::vector<std::int64_t> integer_list(std::string_view option, std::string_view text, std::int64_t least) {
  ListReader reader{option, least};
  for (const std::string_view part : split(text, ',')) reader.read(part);
  return reader.take();
}

std::vector<std::string> name_list(std::string_view option, std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view name : split(text, ',')) {
    if (name.empty()) refuse(option, quoted(text) + " has an empty name");
    names.emplace_back(name);
  }
  return names;
}

}  // namespace rooftile::experiments
