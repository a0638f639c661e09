// Every observed call asked again, of the predictor or the simulator as it is now.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rooftile/analysis/validation.hpp"
#include "validate/observed.hpp"

namespace rooftile::validate {

struct Validated {
  std::vector<analysis::ValidatedRow> rows{};  ///< in the order of the observations
  std::int64_t refused = 0;                    ///< observations that the model has no time for
  std::string first_refusal{};                 ///< what was asked first of these, and the reason
};

/// Who answers.
struct AskedOf {
  std::string predictor = "hierarchical";
  analysis::Method method = analysis::Method::predicted;  ///< or simulated, whatever the predictor
};

/// Predicts or simulates on all cores. InputError for an unknown predictor, profile or kernel and for settings that
/// cannot be read.
[[nodiscard]] Validated predict_observed(const std::vector<Observed>& observed, const AskedOf& asked_of,
                                         experiments::Catalogues& catalogues);

}  // namespace rooftile::validate
