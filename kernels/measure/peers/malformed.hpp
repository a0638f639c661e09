// Calls that no library can be asked for.
#pragma once

#include <string>

#include "rooftile/kernels/call.hpp"

namespace rooftile::kernels::measure {

/// What is wrong with a call whoever takes it: sizes that are not positive, heads that do not share K/V heads evenly,
/// rows that are not whole 16-byte pieces. Empty if nothing.
[[nodiscard]] std::string malformed(const AttentionCall& call);

}  // namespace rooftile::kernels::measure
