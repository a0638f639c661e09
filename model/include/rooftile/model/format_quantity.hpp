// A number in base units to text for people, with the prefix that suits its size:
//
//   format(BytesPerSecond{1.555e12})  "1.56 TB/s"      format(Bytes{40 * 1048576.0})  "40 MiB" (exact binary sizes)
//   format(Seconds{2.62e-6})          "2.62 us"        format(Bytes{8.39e6})          "8.39 MB"
//
// Three significant digits; parse_quantity reads all of it back. unknown() is "unknown".
#pragma once

#include <string>

#include "rooftile/model/quantity.hpp"

namespace rooftile {

/// `value` (base units) of a dimension, `digits` significant digits; trailing zeros are left out.
[[nodiscard]] std::string format_quantity(double value, Dimension dimension, int digits = 3);

/// `value` in base units with a spelled-out unit and all its digits (%.17g): "1555000000000 B/s". For canonical texts.
[[nodiscard]] std::string format_exact(double value, Dimension dimension);

/// What a dimension measures, for messages: "bytes per second". Powers that no quantity has are spelled as exponents.
[[nodiscard]] std::string describe(Dimension dimension);

template <int B, int F, int S, int C, int J>
[[nodiscard]] std::string format(Quantity<B, F, S, C, J> quantity, int digits = 3) {
  return format_quantity(quantity.value(), quantity.dimension, digits);
}

}  // namespace rooftile
