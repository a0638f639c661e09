#include "cli/percent.hpp"

#include "cli/command.hpp"
#include "rooftile/model/parse_quantity.hpp"

namespace rooftile::cli {

double percent_limit(std::string_view option, const std::string& text) {
  const bool has_sign = text.ends_with('%');
  const auto limit =
      has_sign ? parse_percent(text) : parse_number(text).map([](double percent) { return percent / 100; });
  if (!limit) refuse(option, limit.error());
  if (*limit >= 0) return *limit;
  refuse(option, "'" + text + "' is below zero; a limit in per cent is expected, as in 10");
}

std::string percent_words(double fraction) { return analysis::show_cell(fraction * 100, analysis::Show::percent); }

}  // namespace rooftile::cli
