#pragma once

#include "rooftile/model/explanation.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/profile.hpp"

namespace rooftile::explain {

/// What Hierarchical::predict() did, line by line.
[[nodiscard]] Explanation hierarchical(const Profile& profile, const Program& program, const Prediction& prediction);

}  // namespace rooftile::explain
