#include "runner/expectations.hpp"

#include <algorithm>

#include "runner/outcomes.hpp"

namespace rooftile::runner {
namespace {

/// The cells meant must be of a method that has the outcome.
void check_method(const Outcome& outcome, const std::vector<Condition>& cells, const yaml::Node& node) {
  const auto method = std::find_if(cells.begin(), cells.end(), [](const Condition& c) { return c.column == "method"; });
  const bool execution = method != cells.end() && method->text == name_of(analysis::Method::executed);
  if (outcome.needs == Outcome::Needs::execution && !execution)
    node.fail(std::string{outcome.name} + " needs `method: executed`");
  const bool of_prediction = outcome.needs == Outcome::Needs::prediction || outcome.needs == Outcome::Needs::program;
  if (of_prediction && execution) node.fail("an execution has no " + std::string{outcome.name});
}

/// The outcomes that a map states, in the order of the table of outcomes.
std::vector<Expected> read_outcomes(yaml::Map& map, const Expectation& expectation) {
  std::vector<Expected> outcomes;
  for (const Outcome* outcome : all_outcomes()) {
    const yaml::Node* node = map.optional(outcome->name);
    if (node == nullptr) continue;
    if (outcome->beside == Outcome::Beside::against && expectation.against.empty()) {
      node->fail(std::string{outcome->name} + " needs `against:`");
    }
    check_method(*outcome, expectation.cells, *node);
    outcomes.emplace_back(*outcome, *node);
  }
  return outcomes;
}

Expectation::Share read_share(const yaml::Node& node) {
  const auto number = ExpectedNumber::parse(node.as_text(), Dimension{});
  if (!number) node.fail(number.error());
  return {*number, node.as_text()};
}

}  // namespace

Expectation read_expectation(const yaml::Node& entry) {
  yaml::Map map{entry};
  Expectation expectation;
  expectation.where = entry.where();
  expectation.cells = read_conditions(map);
  if (const yaml::Node* against = map.optional("against")) {
    yaml::Map other{*against};
    expectation.against = read_conditions(other);
    other.finish();
    if (expectation.against.empty()) against->fail("an empty map");
  }
  expectation.outcomes = read_outcomes(map, expectation);
  if (const yaml::Node* any_of = map.optional("any_of")) {
    yaml::Map other{*any_of};
    expectation.any_of = read_outcomes(other, expectation);
    other.finish();
    if (expectation.any_of.empty()) any_of->fail("an empty map");
  }
  if (const yaml::Node* share = map.optional("share")) expectation.share = read_share(*share);
  map.finish();
  if (expectation.outcomes.empty() && expectation.any_of.empty()) {
    std::vector<std::string_view> names;
    for (const Outcome* outcome : all_outcomes()) names.push_back(outcome->name);
    entry.fail("an expectation needs at least one of " + join(names));
  }
  return expectation;
}

bool compares_tiles(const Expectation& expectation) {
  const auto beside_tiles = [](const Expected& expected) {
    return expected.outcome().beside == Outcome::Beside::tiles;
  };
  return std::ranges::any_of(expectation.outcomes, beside_tiles) ||
         std::ranges::any_of(expectation.any_of, beside_tiles);
}

}  // namespace rooftile::runner
