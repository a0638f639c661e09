#include "measurements/json_line.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rooftile/analysis/csv.hpp"

namespace rooftile::analysis {

using nlohmann::json;

namespace {

constexpr int deepest = 32;  // writing and copying call themselves for each level

/// What JSON allows and a line may not have: the parser would keep the last of two keys.
class Strictness {
 public:
  bool operator()(int depth, json::parse_event_t event, const json& value) {
    if (depth > deepest && problem_.empty()) problem_ = "is nested more than " + std::to_string(deepest) + " deep";
    if (event == json::parse_event_t::object_start) keys_.emplace_back();
    if (event == json::parse_event_t::object_end) keys_.pop_back();
    if (event == json::parse_event_t::key && !keys_.back().insert(value.get<std::string>()).second) {
      if (problem_.empty()) problem_ = "key '" + value.get<std::string>() + "' stands twice";
    }
    return depth <= deepest;  // what is deeper is left out
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  std::vector<std::set<std::string, std::less<>>> keys_;
  std::string problem_;
};

}  // namespace

JsonLine::JsonLine(std::string_view text, Location where) : where_{std::move(where)} {
  Strictness strictness;
  object_ = json::parse(
      text,
      [&strictness](int depth, json::parse_event_t event, const json& value) {
        return strictness(depth, event, value);
      },
      false);
  if (!strictness.problem().empty()) fail(strictness.problem());
  if (object_.is_discarded()) fail("is not JSON");
  if (!object_.is_object()) fail("is not a JSON object");
}

JsonLine::JsonLine(const json& object, std::string prefix, Location where)
    : object_(object), prefix_{std::move(prefix)}, where_{std::move(where)} {}

void JsonLine::fail(const std::string& message) const { throw InputError{where_, message}; }

void JsonLine::fail(const std::string& key, const std::string& message) const { fail(prefix_ + key + ": " + message); }

const json* JsonLine::find(const std::string& key) {
  asked_.insert(key);
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

const json& JsonLine::required(const std::string& key) {
  if (const json* value = find(key)) return *value;
  fail(object_.contains(key) ? prefix_ + key + ": null; a value is expected" : "missing key '" + prefix_ + key + "'");
}

std::string JsonLine::text(const std::string& key) {
  const json& value = required(key);
  if (!value.is_string()) fail(key, value.dump() + " is not a text");
  return value.get<std::string>();
}

std::string JsonLine::required_text(const std::string& key) {
  std::string found = text(key);
  if (found.empty()) fail(key, "is empty");
  return found;
}

std::string JsonLine::text_or(const std::string& key, const std::string& fallback) {
  return find(key) == nullptr ? fallback : text(key);
}

std::int64_t JsonLine::positive_integer(const std::string& key) {
  const json& value = required(key);
  const bool whole = value.is_number_unsigned() && value.get<std::uint64_t>() > 0 &&
                     value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max();
  if (!whole) fail(key, value.dump() + " is not a positive integer");
  return value.get<std::int64_t>();
}

std::optional<std::int64_t> JsonLine::integer_if_stated(const std::string& key) {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  const bool fits = !value->is_number_unsigned() ||
                    value->get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  if (!value->is_number_integer() || !fits) fail(key, value->dump() + " is not a whole number below 2^63");
  return value->get<std::int64_t>();
}

std::optional<std::int64_t> JsonLine::count_if_stated(const std::string& key) {
  const auto value = integer_if_stated(key);
  if (value && *value < 0) fail(key, std::to_string(*value) + " is negative");
  return value;
}

double JsonLine::number_of(const std::string& key, const json& value) const {
  if (!value.is_number() || !std::isfinite(value.get<double>())) fail(key, value.dump() + " is not a finite number");
  return value.get<double>();
}

std::optional<double> JsonLine::number_if_stated(const std::string& key) {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  return number_of(key, *value);
}

double JsonLine::number_or_nan(const std::string& key) {
  return number_if_stated(key).value_or(std::numeric_limits<double>::quiet_NaN());
}

double JsonLine::positive(const std::string& key) {
  const double value = number_of(key, required(key));
  if (!(value > 0)) fail(key, shortest_text(value) + " is not above zero");
  return value;
}

std::optional<double> JsonLine::amount_if_stated(const std::string& key) {
  const std::optional<double> value = number_if_stated(key);
  if (value && *value < 0) fail(key, shortest_text(*value) + " is negative");
  return value;
}

bool JsonLine::yes_or_no(const std::string& key, bool fallback) {
  const json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) fail(key, value->dump() + " is neither true nor false");
  return value->get<bool>();
}

std::vector<double> JsonLine::numbers(const std::string& key) {
  const json* value = find(key);
  if (value == nullptr) return {};
  if (!value->is_array()) fail(key, value->dump() + " is not an array");
  std::vector<double> found;
  for (const json& item : *value) {
    found.push_back(item.is_null() ? std::numeric_limits<double>::quiet_NaN() : number_of(key, item));
  }
  return found;
}

std::vector<std::string> JsonLine::texts(const std::string& key) {
  const json* value = find(key);
  if (value == nullptr) return {};
  if (!value->is_array()) fail(key, value->dump() + " is not an array");
  std::vector<std::string> found;
  for (const json& item : *value) {
    if (!item.is_string()) fail(key, item.dump() + " is not a text");
    found.push_back(item.get<std::string>());
  }
  return found;
}

const json& JsonLine::object(const std::string& key) {
  static const json empty = json::object();
  const json* value = find(key);
  if (value == nullptr) return empty;
  if (!value->is_object()) fail(key, value->dump() + " is not an object");
  return *value;
}

std::string JsonLine::word(const std::string& key, const std::vector<std::string_view>& allowed) {
  std::string found = required_text(key);
  if (std::find(allowed.begin(), allowed.end(), found) == allowed.end())
    fail(unknown_name_message(prefix_ + key, found, allowed));
  return found;
}

void JsonLine::finish() const {
  for (const auto& [key, value] : object_.items()) {
    if (asked_.contains(key)) continue;
    fail(unknown_name_message("key", prefix_ + key, {asked_.begin(), asked_.end()}));
  }
}

}  // namespace rooftile::analysis
