// Rounding counts up: sizes and extents that are never negative, of any integer type.
//
//   div_up(70, 64) == 2           tiles of 64 that cover 70 rows
//   round_up(70, 64) == 128       rows that these tiles have
//
// Limits of loops may be negative: bound.hpp has floor_div() and ceil_div() for them, which test the sign as well.
// Standard library only: the kernels build with nvcc alone.
#pragma once

#include <concepts>
#include <type_traits>

namespace rooftile {

/// Units that cover a count; count >= 0, unit > 0.
template <std::integral Count, std::integral Unit>
[[nodiscard]] constexpr std::common_type_t<Count, Unit> div_up(Count count, Unit unit) {
  static_assert(std::is_signed_v<Count> == std::is_signed_v<Unit>);
  return (count + unit - 1) / unit;
}

/// The least multiple of a unit that is not below a count; count >= 0, unit > 0.
template <std::integral Count, std::integral Unit>
[[nodiscard]] constexpr std::common_type_t<Count, Unit> round_up(Count count, Unit unit) {
  return div_up(count, unit) * unit;
}

static_assert(div_up(70, 64) == 2 && div_up(64, 64) == 1 && div_up(0, 64) == 0 && round_up(70, 64) == 128);

}  // namespace rooftile
