// Text with a unit to a number in base units: what people write in profiles and after --set.
//
//   text      number [unit]            "1555 GB/s"  "164 KiB"  "13.11 pJ/bit"  "1410 MHz"  "2048"
//   unit      atom ["/" atom]          "B/cycle"  "FLOP/cycle"  "/cycle"
//   atom      [prefix] base            base: B bit FLOP s cycle Hz W J; prefix: n u µ m k M G T P, for bytes Ki Mi Gi
//   Ti Pi
//
// GB = 1e9 byte, GiB = 2^30 byte, bit = 1/8 byte, Hz = cycle/s, W = J/s. "KB" is refused: it means 1000 or 1024.
// Rates per cycle (results or FLOP) may leave their unit out, as in `ex2: 16`; counts have none.
#pragma once

#include <string>
#include <string_view>

#include "rooftile/model/quantity.hpp"
#include "tl/expected.hpp"

namespace rooftile {

/// The number that `text` states, in base units, if it has the expected dimension; otherwise what is wrong with it:
/// "'3 GB' is an amount of bytes; bytes per second are expected, as in '1555 GB/s'".
/// Refuses what is not a finite decimal number: hexadecimal, inf, nan, a leading '+', out of range of a double.
[[nodiscard]] tl::expected<double, std::string> parse_quantity(std::string_view text, Dimension expected);

/// parse<BytesPerSecond>("1555 GB/s").
template <class Q>
[[nodiscard]] tl::expected<Q, std::string> parse(std::string_view text) {
  return parse_quantity(text, Q::dimension).map([](double value) { return Q{value}; });
}

/// A plain decimal number without unit, the whole of `text`; independent of the locale. Refuses as parse_quantity does.
[[nodiscard]] tl::expected<double, std::string> parse_number(std::string_view text);

/// A share in per cent as a fraction: "2.3 %" and "2.3%" are 0.023.
[[nodiscard]] tl::expected<double, std::string> parse_percent(std::string_view text);

}  // namespace rooftile
