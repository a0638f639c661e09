#include "runner/expected_number.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "rooftile/model/parse_quantity.hpp"

namespace rooftile::runner {
namespace {

constexpr double no_limit = std::numeric_limits<double>::infinity();

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

/// 10 to the number of decimals.
double decimals_of(std::string_view number) {
  const std::size_t point = number.find('.');
  return point == std::string_view::npos ? 1 : std::pow(10.0, static_cast<double>(number.size() - point - 1));
}

/// A message about one unit, as a message about the text that ends with it.
std::string speaking_of(std::string_view text, const std::string& one, std::string message) {
  const std::string quoted = "'" + one + "'";
  const std::size_t at = message.find(quoted);
  return at == std::string::npos ? message : message.replace(at, quoted.size(), "'" + std::string{text} + "'");
}

}  // namespace

tl::expected<ExpectedNumber, std::string> ExpectedNumber::parse(std::string_view text, Dimension unit) {
  std::vector<std::string_view> words = words_of(text);
  ExpectedNumber expected;
  if (unit != Dimension{} && words.size() > 1) {
    const std::string one = "1 " + std::string{words.back()};
    const auto scale = parse_quantity(one, unit);
    if (!scale) return tl::unexpected{speaking_of(text, one, scale.error())};
    expected.scale_ = *scale;
    words.pop_back();
  } else if (unit != Dimension{}) {
    return tl::unexpected{"'" + std::string{text} + "' needs a unit behind the number"};
  }
  const auto number = [&](std::size_t i, double& to) -> tl::expected<void, std::string> {
    return parse_number(words[i]).map([&to](double value) { to = value; });
  };
  tl::expected<void, std::string> good;
  if (words.size() == 1) {
    good = number(0, expected.low_);
    expected.decimals_ = decimals_of(words[0]);
  } else if (words.size() == 3 && words[1] == "to") {
    expected.kind_ = Kind::between;
    good = number(0, expected.low_).and_then([&] { return number(2, expected.high_); });
  } else if (words.size() == 3 && words[0] == "at" && (words[1] == "least" || words[1] == "most")) {
    expected.kind_ = Kind::between;
    const bool least = words[1] == "least";
    expected.low_ = -no_limit;
    expected.high_ = no_limit;
    good = number(2, least ? expected.low_ : expected.high_);
  } else {
    return tl::unexpected{"'" + std::string{text} +
                          "' is no expectation: write 228, 1.65 to 1.9, at least 2 or at most 3"};
  }
  if (!good) return tl::unexpected{good.error()};
  if (expected.kind_ == Kind::between && expected.high_ < expected.low_) {
    return tl::unexpected{"'" + std::string{text} + "' ends before it begins"};
  }
  return expected;
}

bool ExpectedNumber::holds(double value) const {
  const double shown = value / scale_;
  if (kind_ == Kind::between) return low_ <= shown && shown <= high_;
  return std::floor(shown * decimals_ + 0.5) == std::floor(low_ * decimals_ + 0.5);
}

}  // namespace rooftile::runner
