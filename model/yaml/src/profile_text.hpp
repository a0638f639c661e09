// The canonical text of a resolved profile and its hash: what makes two profiles the same hardware.
#pragma once

#include <string>

#include "rooftile/model/profile.hpp"

namespace rooftile::yaml {

/// Name-based UUID (SHA-1, RFC 4122) of a text.
[[nodiscard]] std::string hash_of(const std::string& text);

/// Writes profile.text and profile.hash from its leaves.
void write_canonical(Profile& profile);

}  // namespace rooftile::yaml
