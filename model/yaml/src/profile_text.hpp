// The canonical text of a resolved profile and its hash: what makes two profiles the same hardware.
#pragma once

#include "rooftile/model/profile.hpp"

namespace rooftile::yaml {

/// Writes profile.text and profile.hash from its leaves.
void write_canonical(Profile& profile);

}  // namespace rooftile::yaml
