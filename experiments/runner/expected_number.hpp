// What a number must be, as an experiment writes it:
//
//   228               rounds to it, at the decimals it is written with: [227.5, 228.5)
//   6.577 GB          the same of an outcome with a unit
//   1.65 to 1.9       between them, both included
//   at least 2        or more
//   at most 3 ms      or less
#pragma once

#include <string>
#include <string_view>

#include "rooftile/model/quantity.hpp"
#include "tl/expected.hpp"

namespace rooftile::runner {

class ExpectedNumber {
 public:
  /// Numbers of dimension `unit` (none: plain numbers); otherwise what is wrong with `text`.
  [[nodiscard]] static tl::expected<ExpectedNumber, std::string> parse(std::string_view text, Dimension unit);

  /// True if `value`, in base units, is as expected. NaN never is.
  [[nodiscard]] bool holds(double value) const;

 private:
  enum class Kind { rounded, between };
  Kind kind_ = Kind::rounded;
  double scale_ = 1;  ///< base units in the unit that the text is written in
  double low_ = 0;    ///< rounded: the number itself
  double high_ = 0;
  double decimals_ = 1;  ///< 10^decimals
};

}  // namespace rooftile::runner
