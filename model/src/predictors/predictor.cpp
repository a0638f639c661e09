#include "rooftile/model/predictor.hpp"

#include <array>
#include <cmath>

#include "predictors.hpp"
#include "rooftile/model/device_leaves.hpp"

namespace rooftile {

tl::expected<Prediction, Refusal> Predictor::predict(const Device& device, const Program& program) const {
  ProgramCounts counts;
  count(program, counts);
  return predict(device, program, counts);
}

std::span<const Predictor* const> predictors() {
  static const std::array<const Predictor*, 2> table{&hierarchical_predictor(), &roofline_predictor()};
  return table;
}

const Predictor* find_predictor(std::string_view name) {
  for (const Predictor* predictor : predictors()) {
    if (predictor->name() == name) return predictor;
  }
  return nullptr;
}

std::vector<std::string_view> missing_leaves(const Predictor& predictor, const Device& device, const Program& program) {
  std::vector<std::string_view> missing;
  for (const std::string_view path : predictor.needs(program)) {
    const DeviceLeaf* leaf = find_leaf(path);
    if (leaf == nullptr || std::isnan(value_of(device, *leaf))) missing.push_back(path);
  }
  return missing;
}

}  // namespace rooftile
