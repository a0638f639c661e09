#include "measure/json_fields.hpp"

#include <algorithm>
#include <charconv>

namespace rooftile::kernels::measure {
namespace {

constexpr int deepest = 32;  // our own lines nest two deep

/// A recursive-descent reader; each function returns whether what it reads is well formed.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool whole_object() {
    const bool good = object("", true, 0);
    skip_space();
    return good && text_.empty();
  }
  [[nodiscard]] std::map<std::string, std::string>& fields() { return fields_; }

 private:
  void skip_space() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size())); }
  bool take(char character) {
    skip_space();
    if (text_.empty() || text_.front() != character) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool object(const std::string& prefix, bool keep, int depth) {
    if (depth > deepest || !take('{')) return false;
    if (take('}')) return true;
    do {
      std::string key;
      if (!string(key) || !take(':') || !value(prefix + key, keep, depth)) return false;
    } while (take(','));
    return take('}');
  }

  bool list(int depth) {
    if (depth > deepest || !take('[')) return false;
    if (take(']')) return true;
    do {
      if (!value("", false, depth)) return false;
    } while (take(','));
    return take(']');
  }

  /// Anything; a scalar is kept under `key` unless it is inside a list.
  bool value(const std::string& key, bool keep, int depth) {
    skip_space();
    if (text_.empty()) return false;
    if (text_.front() == '{') return object(key + ".", keep, depth + 1);
    if (text_.front() == '[') return list(depth + 1);
    std::string scalar;
    if (text_.front() == '"' ? !string(scalar) : !word(scalar)) return false;
    if (keep) fields_[key] = scalar;
    return true;
  }

  bool word(std::string& out) {
    const std::size_t end = std::min(text_.find_first_of(",]} \t\r\n"), text_.size());
    out = text_.substr(0, end);
    text_.remove_prefix(end);
    double number = 0;
    const auto [stop, error] = std::from_chars(out.data(), out.data() + out.size(), number);
    const bool is_number = error == std::errc{} && stop == out.data() + out.size();
    return is_number || out == "true" || out == "false" || out == "null";
  }

  bool string(std::string& out) {
    if (!take('"')) return false;
    while (!text_.empty() && text_.front() != '"') {
      const char character = text_.front();
      text_.remove_prefix(1);
      if (character != '\\') {
        out += character;
      } else if (!escape(out)) {
        return false;
      }
    }
    return take('"');
  }

  /// What follows a backslash. Beyond ASCII, \u stays as it is: our own lines hold those characters as UTF-8.
  bool escape(std::string& out) {
    if (text_.empty()) return false;
    const char kind = text_.front();
    text_.remove_prefix(1);
    constexpr std::string_view from = "\"\\/nrtbf";
    constexpr std::string_view to = "\"\\/\n\r\t\b\f";
    if (const std::size_t at = from.find(kind); at != std::string_view::npos) {
      out += to[at];
      return true;
    }
    unsigned code = 0;
    if (kind != 'u' || text_.size() < 4) return false;
    if (std::from_chars(text_.data(), text_.data() + 4, code, 16).ptr != text_.data() + 4) return false;
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else {
      out.append("\\u").append(text_.substr(0, 4));
    }
    text_.remove_prefix(4);
    return true;
  }

  std::string_view text_;
  std::map<std::string, std::string> fields_;
};

}  // namespace

std::optional<std::map<std::string, std::string>> json_fields(std::string_view line) {
  Reader reader(line);
  if (!reader.whole_object()) return std::nullopt;
  return std::move(reader.fields());
}

}  // namespace rooftile::kernels::measure
