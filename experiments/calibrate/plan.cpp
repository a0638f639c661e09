#include "calibrate/plan.hpp"

#include <algorithm>

#include "rooftile/model_yaml/calibration_reader.hpp"
#include "rooftile/model_yaml/strict_yaml.hpp"

namespace rooftile::calibrate {
namespace {

Seconds read_time(yaml::Map& map, std::string_view key) {
  const yaml::Node* node = map.optional(key);
  return Seconds{node == nullptr ? 0 : node->as_quantity(Seconds::dimension)};
}

GivenConstant read_given(const yaml::Entry& entry) {
  const CalibrationConstant& constant = yaml::constant_named(entry.key, entry.where);
  yaml::Map map{entry.value};
  GivenConstant given{&constant, yaml::read_value(map.required("value"), constant), map.required("from").as_text()};
  map.finish();
  return given;
}

Family read_family(const yaml::Node& node) {
  yaml::Map map{node};
  Family family;
  family.where = node.where();
  family.spec = map.required("spec").as_text();
  family.regime = map.required("regime").as_enum<Regime>();
  family.tables = map.required("tables").as_texts();
  family.fitted_on = map.required("fitted_on").as_text();
  family.shortest = read_time(map, "shortest");
  family.scored_from = read_time(map, "scored_from");
  if (const yaml::Node* least = map.optional("least_seq_kv")) family.least_seq_kv = least->as_integer(1, 1 << 30);
  const yaml::Node& fit = map.required("fit");
  for (const std::string& name : fit.as_texts()) family.fit.push_back(&yaml::constant_named(name, fit.where()));
  if (family.fit.size() > most_constants) {
    fit.fail(std::to_string(family.fit.size()) + " constants: " + std::to_string(most_constants) + " at most");
  }
  if (const yaml::Node* given = map.optional("given")) {
    for (const yaml::Entry& entry : given->as_entries()) family.given.push_back(read_given(entry));
  }
  map.finish();
  for (std::size_t c = 0; c < family.fit.size(); ++c) {
    const CalibrationConstant* constant = family.fit[c];
    const bool twice = std::find(family.fit.begin(), family.fit.begin() + static_cast<std::ptrdiff_t>(c), constant) !=
                       family.fit.begin() + static_cast<std::ptrdiff_t>(c);
    const bool given = std::any_of(family.given.begin(), family.given.end(),
                                   [&](const GivenConstant& one) { return one.constant == constant; });
    if (twice || given) fit.fail(std::string{constant->name} + (twice ? " twice" : " is given, too"));
  }
  return family;
}

}  // namespace

std::string Family::name() const { return spec + " " + std::string{name_of(regime)}; }

std::vector<Family> load_plan(const std::filesystem::path& file) {
  const yaml::Node root = yaml::load_file(file);
  yaml::Map map{root};
  yaml::require_schema(map, "rooftile.calibration_plan/1");
  std::vector<Family> families;
  for (const yaml::Node& node : map.required("families").as_list()) {
    Family family = read_family(node);
    const bool known = std::any_of(families.begin(), families.end(),
                                   [&](const Family& other) { return other.name() == family.name(); });
    if (known) node.fail("a second family " + family.name());
    families.push_back(std::move(family));
  }
  map.finish();
  std::size_t fitted = 0;
  for (const Family& family : families) fitted += family.fit.size();
  if (fitted > most_constants_in_all) {
    root.fail(std::to_string(fitted) + " constants in all: " + std::to_string(most_constants_in_all) + " at most");
  }
  return families;
}

}  // namespace rooftile::calibrate
