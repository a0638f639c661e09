// One line of a measurement file: an object whose keys are asked for by name and type, and none is left over.
//
//   JsonLine line{text, {"visit.jsonl", 31}};
//   const double time = line.positive("time_s");             "visit.jsonl:31: time_s: -1 is not above zero"
//   line.finish();                                           "visit.jsonl:31: unknown key 'tims_s'; allowed: ..."
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rooftile/model/error.hpp"
#include "rooftile/model/names.hpp"

namespace rooftile::analysis {

class JsonLine {
 public:
  /// InputError if the text is no JSON object, has a key twice or is nested more than 32 deep.
  JsonLine(std::string_view text, Location where);
  JsonLine(const nlohmann::json& object, std::string prefix, Location where);

  [[nodiscard]] const Location& where() const { return where_; }

  [[nodiscard]] std::string text(const std::string& key);
  [[nodiscard]] std::string required_text(const std::string& key);  ///< not empty
  [[nodiscard]] std::string text_or(const std::string& key, const std::string& fallback);
  [[nodiscard]] std::int64_t positive_integer(const std::string& key);
  /// Nothing where the key is absent or null.
  [[nodiscard]] std::optional<std::int64_t> integer_if_stated(const std::string& key);
  [[nodiscard]] std::optional<std::int64_t> count_if_stated(const std::string& key);  ///< not negative
  [[nodiscard]] std::optional<double> number_if_stated(const std::string& key);
  /// The number; NaN where the key is absent or null.
  [[nodiscard]] double number_or_nan(const std::string& key);
  [[nodiscard]] double positive(const std::string& key);
  [[nodiscard]] std::optional<double> amount_if_stated(const std::string& key);  ///< not negative
  [[nodiscard]] bool yes_or_no(const std::string& key, bool fallback);
  /// Numbers of an array, null as NaN; empty where the key is absent or null.
  [[nodiscard]] std::vector<double> numbers(const std::string& key);
  [[nodiscard]] std::vector<std::string> texts(const std::string& key);
  /// An object, or an empty one where the key is absent or null.
  [[nodiscard]] const nlohmann::json& object(const std::string& key);

  template <class E>
  [[nodiscard]] E name(const std::string& key) {
    const std::string found = required_text(key);
    if (const auto value = from_name<E>(found)) return *value;
    fail(key, unknown_name_message(EnumNames<E>::kind, found, all_names<E>()));
  }
  /// One of a few words.
  [[nodiscard]] std::string word(const std::string& key, const std::vector<std::string_view>& allowed);

  /// InputError for a key that nobody has asked for.
  void finish() const;

  [[noreturn]] void fail(const std::string& key, const std::string& message) const;
  [[noreturn]] void fail(const std::string& message) const;

 private:
  /// The value, or nullptr where it is absent or null.
  [[nodiscard]] const nlohmann::json* find(const std::string& key);
  [[nodiscard]] const nlohmann::json& required(const std::string& key);
  [[nodiscard]] double number_of(const std::string& key, const nlohmann::json& value) const;

  nlohmann::json object_;
  std::string prefix_;  // of keys in messages: "device."
  Location where_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace rooftile::analysis
