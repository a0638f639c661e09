#include "rooftile/model_yaml/calibration_reader.hpp"

#include <sstream>
#include <utility>

#include "profile_text.hpp"
#include "rooftile/model/calibration.hpp"

namespace rooftile::yaml {
namespace {

constexpr std::string_view calibration_schema = "rooftile.calibration/1";

Calibration read_constants(const Node& node) {
  Calibration constants;
  for (const Entry& entry : node.as_entries()) {
    const CalibrationConstant& constant = constant_named(entry.key, entry.where);
    Map map{entry.value};
    constants.*constant.member = read_value(map.required("value"), constant);
    map.allow("spread");
    map.allow("from");
    map.finish();
  }
  return constants;
}

KnownError read_known_error(const Node& node) {
  Map map{node};
  KnownError known{.profile = map.required("gpu").as_text(),
                   .bound = map.required("bound").as_enum<BoundRegime>(),
                   .rows = map.required("rows").as_integer(1, 1 << 30),
                   .mape = map.required("mape").as_percent()};
  map.finish();
  return known;
}

FittedRegime read_regime(const Node& node) {
  Map map{node};
  FittedRegime regime;
  regime.fitted_on = map.required("fitted_on").as_text();
  regime.profiles = map.required("profiles").as_texts();
  map.allow("rows");
  map.allow("fitted");
  map.allow("left_out");
  Map error{map.required("error")};
  regime.expected_error = error.required("mape").as_percent();
  for (const std::string_view key : {"median", "p95", "bias"}) (void)error.required(key).as_percent();
  error.finish();
  if (const Node* errors = map.optional("errors")) {
    for (const Node& one : errors->as_list()) regime.errors.push_back(read_known_error(one));
  }
  regime.constants = read_constants(map.required("constants"));
  map.finish();
  return regime;
}

}  // namespace

const CalibrationConstant& constant_named(const std::string& name, const Location& where) {
  if (const CalibrationConstant* constant = find_calibration_constant(name)) return *constant;
  std::vector<std::string_view> known;
  for (const CalibrationConstant& one : calibration_constants()) known.push_back(one.name);
  throw InputError{where, unknown_name_message("constant", name, known)};
}

double read_value(const Node& node, const CalibrationConstant& constant) {
  const double value = constant.dimension == Count::dimension ? node.as_number() : node.as_quantity(constant.dimension);
  if (value >= constant.least && value <= constant.most) return value;
  std::ostringstream message;
  message << std::string{constant.name} << " '" << node.as_text() << "' is outside " << constant.least << " .. "
          << constant.most;
  node.fail(message.str());
}

SpecCalibration load_calibration(const std::filesystem::path& file) {
  const Node root = load_file(file);
  Map map{root};
  require_schema(map, calibration_schema);
  (void)map.required("spec").as_text();
  (void)map.required("predictor").as_text();
  (void)map.required("date").as_text();
  SpecCalibration calibration;
  for (const Entry& entry : map.required("regimes").as_entries()) {
    const auto regime = from_name<Regime>(entry.key);
    if (!regime) throw InputError{entry.where, unknown_name_message("regime", entry.key, all_names<Regime>())};
    calibration.of(*regime) = read_regime(entry.value);
  }
  map.finish();
  return calibration;
}

Identity identity_of(const Profile& profile, const SpecCalibration& calibration) {
  const std::string constants = canonical_text(calibration);
  if (constants.empty()) return {profile.text, profile.hash};
  std::string text = profile.text + constants;
  std::string hash = hash_of(text);
  return {std::move(text), std::move(hash)};
}

std::filesystem::path calibration_file(const std::filesystem::path& spec_folder, const std::string& name) {
  return spec_folder.parent_path() / "calibrations" / (name + ".yaml");
}

}  // namespace rooftile::yaml
