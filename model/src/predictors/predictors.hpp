// The predictors, one file each; a new one adds a line here and a line in predictor.cpp's table.
#pragma once

#include "rooftile/model/predictor.hpp"

namespace rooftile {

[[nodiscard]] const Predictor& roofline_predictor();
[[nodiscard]] const Predictor& hierarchical_predictor();

}  // namespace rooftile
