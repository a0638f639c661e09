// Bad input is answered once, in one line, with exit code 2: where it stands, what was found, what is allowed.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace rooftile::kernels::measure {

class BadInput : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `'rt_flsh2'; allowed: rt_standard, rt_flash2 (did you mean rt_flash2?)`. The guess is left out where nothing is
/// near.
[[nodiscard]] std::string not_among(std::string_view found, std::span<const std::string> allowed);

}  // namespace rooftile::kernels::measure
