// One object of JSON, written field by field in the order of the calls; a line of the program's output is one of them.
//
//   JsonObject line;
//   line.add("kind", "time").add("time_s", 1.25e-3).add("samples_s", samples).add("throttled", false);
//   line.text()        {"kind":"time","time_s":0.00125,"samples_s":[0.00125,0.00126],"throttled":false}
//
// Numbers have the fewest digits that read back as the same value. NaN and infinity, which JSON does not know, become
// null. Text is UTF-8; bytes that are not become U+FFFD.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rooftile::kernels::measure {

/// `text` in quotes, with everything escaped that JSON wants escaped.
[[nodiscard]] std::string json_string(std::string_view text);
/// The shortest number that reads back as `value`; "null" for NaN and infinity.
[[nodiscard]] std::string json_number(double value);

class JsonObject {
 public:
  JsonObject& add(std::string_view key, std::string_view value) { return add_raw(key, json_string(value)); }
  JsonObject& add(std::string_view key, const char* value) { return add(key, std::string_view(value)); }
  JsonObject& add(std::string_view key, const std::string& value) { return add(key, std::string_view(value)); }
  JsonObject& add(std::string_view key, const JsonObject& value) { return add_raw(key, value.text()); }
  JsonObject& add(std::string_view key, std::span<const double> values);
  JsonObject& add(std::string_view key, std::span<const std::string> values);
  JsonObject& add(std::string_view key, const std::vector<double>& values) { return add(key, std::span(values)); }
  JsonObject& add(std::string_view key, const std::vector<std::string>& values) { return add(key, std::span(values)); }

  /// Numbers and booleans. Templates, so that nothing becomes a bool or loses digits by conversion.
  template <std::floating_point T>
  JsonObject& add(std::string_view key, T value) {
    return add_raw(key, json_number(static_cast<double>(value)));
  }
  template <std::integral T>
  JsonObject& add(std::string_view key, T value) {
    if constexpr (std::same_as<T, bool>) return add_raw(key, value ? "true" : "false");
    return add_raw(key, std::to_string(value));
  }

  JsonObject& add_null(std::string_view key) { return add_raw(key, "null"); }

  [[nodiscard]] std::string text() const { return "{" + fields_ + "}"; }

 private:
  JsonObject& add_raw(std::string_view key, std::string_view json);
  std::string fields_;
};

}  // namespace rooftile::kernels::measure
