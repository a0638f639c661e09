#include "rooftile/analysis/validation.hpp"

#include "compare/groups.hpp"
#include "rooftile/analysis/rank.hpp"

namespace rooftile::analysis {
namespace {

std::string validated_text(const ValidatedRow& row, ValidateBy by) {
  if (by == ValidateBy::bound_regime) return std::string{name_of(row.bound_regime)};
  return group_text(row.comparison, from_name<GroupBy>(name_of(by)).value());
}

ValidatedGroup summarise_validated(const std::vector<std::string>& texts,
                                   const std::vector<const ValidatedRow*>& rows) {
  ValidatedGroup group;
  std::vector<double> errors, predicted, observed;
  for (const ValidatedRow* row : rows) {
    const Comparison& compared = row->comparison;
    errors.push_back(compared.error());
    predicted.push_back(compared.predicted.value());
    observed.push_back(compared.observed.value());
    const std::optional<BoundRegime> shown = shown_bound(compared.observed, row->floors);
    if (!shown) continue;
    ++group.bound_n;
    if (compared.bound && agrees(*compared.bound, *shown)) ++group.bound_agreed;
  }
  group.accuracy = summarise(texts, errors);
  group.rank_correlation = rank_correlation(predicted, observed);
  return group;
}

}  // namespace

std::optional<double> ValidatedGroup::bound_agreement() const {
  if (bound_n == 0) return std::nullopt;
  return static_cast<double>(bound_agreed) / static_cast<double>(bound_n);
}

std::vector<ValidatedGroup> validate(std::span<const ValidatedRow> rows, std::span<const ValidateBy> by) {
  Groups<std::vector<const ValidatedRow*>> groups;
  for (const ValidatedRow& row : rows) {
    std::vector<std::string> texts;
    for (const ValidateBy column : by) texts.push_back(validated_text(row, column));
    groups[std::move(texts)].push_back(&row);
  }
  std::vector<ValidatedGroup> result;
  for (const auto& [texts, of_group] : groups) result.push_back(summarise_validated(texts, of_group));
  return result;
}

}  // namespace rooftile::analysis
