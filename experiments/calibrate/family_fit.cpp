#include "calibrate/family_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <set>

#include "rooftile/analysis/fit.hpp"
#include "rooftile/analysis/validation.hpp"
#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/bound_regime.hpp"
#include "rooftile/model/predictor.hpp"

namespace rooftile::calibrate {
namespace {

/// A constant whose standard error is more than this part of its distance from the default, and nearly what it usually
/// is, is not determined.
constexpr double loosest_spread = 0.5;
constexpr double nearly = 0.95;

/// A row that can be predicted: its program, counted.
struct Row {
  const Observation* observation = nullptr;
  std::shared_ptr<const Profile> profile;
  std::size_t fold = 0;
};
struct Prepared {
  const Row* row = nullptr;
  Program program;
  ProgramCounts counts;
};

/// Rows of one shape family stand in one fold, so that no fold is scored on what another one saw.
std::string group_of(const Workload& workload) {
  const auto* s = std::get_if<AttentionShape>(&workload);
  if (s == nullptr) return describe(workload);
  return std::to_string(s->batch * s->heads) + " x " + std::to_string(s->seq_q) + " x " + std::to_string(s->seq_kv);
}

class FamilyFitter {
 public:
  explicit FamilyFitter(const FitInput& input)
      : in_{input}, spec_{*input.catalogues.spec(input.family.spec)}, predictor_{*find_predictor("hierarchical")} {
    for (const auto& [regime, constants] : input.known) {
      if (!spec_.calibration.of(regime)) spec_.calibration.of(regime).emplace();
      spec_.calibration.of(regime)->constants = constants;
    }
    for (const GivenConstant& given : input.family.given) start_.*given.constant->member = given.value;
    held_ = start_;
    choose_rows();
  }

  FamilyFit run() {
    FamilyFit result;
    result.family = in_.family;
    std::vector<const CalibrationConstant*> free = in_.family.fit;
    const std::vector<const Row*> all = fitted_rows(folds);
    analysis::Fit fitted;
    for (;;) {
      fitted = fit(all, free);
      const std::size_t loosest = loosest_of(free, fitted);
      if (loosest == free.size()) break;
      result.left_out.emplace_back(free[loosest]->name);
      leave_out(*free[loosest], fitted.values[loosest]);
      free.erase(free.begin() + static_cast<std::ptrdiff_t>(loosest));
    }
    result.calibration = with(free, fitted.values);
    for (std::size_t c = 0; c < free.size(); ++c) {
      result.constants.push_back({free[c], fitted.values[c], fitted.spread[c], ""});
    }
    for (const GivenConstant& given : in_.family.given) {
      result.constants.push_back({given.constant, given.value, 0, given.from});
    }
    for (const CalibrationConstant* one : in_.family.fit) {
      const bool left = std::find(free.begin(), free.end(), one) == free.end();
      const double value = held_.*one->member;
      if (!left || value == start_.*one->member) continue;
      result.constants.push_back({one, value, 0, "what kernels usually show; the rows do not tell"});
    }
    result.rows = static_cast<std::int64_t>(rows_.size());
    result.fitted = static_cast<std::int64_t>(all.size());
    std::set<std::string> profiles;
    for (const Row& row : rows_) profiles.insert(row.profile->name);
    result.profiles.assign(profiles.begin(), profiles.end());
    result.before = scored([this](std::size_t /*fold*/) { return start_; });
    std::vector<Calibration> held_back(folds, result.calibration);
    for (std::size_t fold = 0; in_.fitted.empty() && fold < folds; ++fold) {
      held_back[fold] = with(free, fit(fitted_rows(fold), free).values);
    }
    const auto constants_of = [&](std::size_t fold) { return held_back[fold]; };
    result.after = scored(constants_of);
    result.errors = errors_by_bound(constants_of);
    return result;
  }

 private:
  [[nodiscard]] bool takes_part(const Observation& observation) const {
    const auto* s = std::get_if<AttentionShape>(&observation.workload);
    if (observation.spec != in_.family.spec || fitted_regime(observation.workload) != in_.family.regime) return false;
    if (observation.tile.any()) return false;  // a table that goes through tile shapes says nothing of the spec's own
    return s == nullptr || s->seq_kv >= in_.family.least_seq_kv;
  }
  void choose_rows() {
    Program program;
    for (const Observation& observation : in_.observations) {
      if (!takes_part(observation)) continue;
      Row row{&observation, in_.catalogues.profile(observation.profile, observation.settings),
              analysis::fold_of(group_of(observation.workload), folds)};
      if (!build(program, row.profile->device, observation.workload, spec_)) continue;
      rows_.push_back(std::move(row));
    }
    if (rows_.empty()) throw InputError{in_.family.where, "no row of its tables is of " + in_.family.name()};
  }
  /// Rows that conditions choose for the fit are not scored.
  [[nodiscard]] bool is_scored(const Row& row) const {
    const bool kept_for_the_fit = !in_.fitted.empty() && in_.fitted.chooses(*row.observation);
    return !kept_for_the_fit && in_.scored.chooses(*row.observation);
  }
  /// An even choice of the rows outside `fold` that are long enough.
  [[nodiscard]] std::vector<const Row*> fitted_rows(std::size_t fold) const {
    std::vector<const Row*> chosen;
    for (const Row& row : rows_) {
      const bool takes_part = in_.fitted.chooses(*row.observation) && row.fold != fold;
      if (takes_part && row.observation->time >= in_.family.shortest) chosen.push_back(&row);
    }
    if (chosen.size() <= most_fitted_rows) return chosen;
    std::vector<const Row*> even;
    for (std::size_t i = 0; i < most_fitted_rows; ++i) even.push_back(chosen[i * chosen.size() / most_fitted_rows]);
    return even;
  }
  void prepare(const Row& row, Prepared& prepared) const {
    prepared.row = &row;
    (void)build(prepared.program, row.profile->device, row.observation->workload, spec_);
    count(prepared.program, prepared.counts);
  }
  [[nodiscard]] auto predict(Prepared& prepared, const Calibration& constants) const {
    (in_.family.regime == Regime::backward ? prepared.program.backward : prepared.program.forward) = constants;
    return predictor_.predict(prepared.row->profile->device, prepared.program, prepared.counts);
  }
  /// log(predicted / observed); a call that does not fit is as far off as a factor of 20.
  [[nodiscard]] double residual(Prepared& prepared, const Calibration& constants) const {
    const auto predicted = predict(prepared, constants);
    return std::log(predicted ? predicted->time / prepared.row->observation->time : 20);
  }
  [[nodiscard]] Calibration with(const std::vector<const CalibrationConstant*>& free,
                                 std::span<const double> values) const {
    Calibration constants = held_;
    for (std::size_t c = 0; c < free.size(); ++c) constants.*free[c]->member = values[c];
    return constants;
  }

  [[nodiscard]] analysis::Fit fit(const std::vector<const Row*>& rows,
                                  const std::vector<const CalibrationConstant*>& free) const {
    std::vector<std::unique_ptr<Prepared>> prepared;
    for (const Row* row : rows) {
      prepared.push_back(std::make_unique<Prepared>());
      prepare(*row, *prepared.back());
    }
    std::vector<analysis::FitConstant> constants;
    for (const CalibrationConstant* one : free) {
      constants.push_back({std::string{one->name}, one->start, one->least, one->most, one->usual.spread});
    }
    if (prepared.size() <= constants.size()) {
      throw InputError{in_.family.where, std::to_string(prepared.size()) + " rows of " + in_.family.name() +
                                             " cannot determine " + std::to_string(constants.size()) + " constants"};
    }
    const std::size_t all = prepared.size() + free.size();
    const analysis::Residuals residuals = [&](std::span<const double> values, std::span<double> found) {
      const Calibration tried = with(free, values);
      for (std::size_t r = 0; r < prepared.size(); ++r) found[r] = residual(*prepared[r], tried);
      for (std::size_t c = 0; c < free.size(); ++c) {
        found[prepared.size() + c] = analysis::fit_scale * from_usual(*free[c], values[c]);
      }
    };
    analysis::Fit found = analysis::fit(constants, all, residuals);
    for (std::size_t c = 0; c < free.size(); ++c) {
      if (!moves_a_row(found.values, c, *free[c], prepared.size(), residuals)) {
        found.spread[c] = std::numeric_limits<double>::infinity();
      }
    }
    return found;
  }
  /// What is usual must not stand for what no row tells.
  [[nodiscard]] static bool moves_a_row(const std::vector<double>& values, std::size_t constant,
                                        const CalibrationConstant& moved, std::size_t rows,
                                        const analysis::Residuals& residuals) {
    std::vector<double> before(rows + values.size()), after(rows + values.size()), changed = values;
    changed[constant] += values[constant] + moved.usual.spread <= moved.most ? moved.usual.spread : -moved.usual.spread;
    residuals(values, before);
    residuals(changed, after);
    return !std::equal(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(rows), after.begin());
  }
  /// Each constant counts like one row that is off by its distance from what kernels usually show (ridge regression,
  /// Hoerl and Kennard 1970): of explanations that the rows cannot tell apart, such as what tiles cost one after the
  /// other and what a call costs, the fit takes the usual one.
  [[nodiscard]] static double from_usual(const CalibrationConstant& constant, double value) {
    return (value - constant.usual.value) / constant.usual.spread;
  }
  /// The rows would want it beyond what is allowed: something else is missing.
  [[nodiscard]] static bool is_at_a_bound(const CalibrationConstant& constant, double value) {
    const double near = 1e-3 * (constant.most - constant.least);
    return value < constant.least + near || value > constant.most - near;
  }
  /// What the rows do not tell is taken to be as usual; what they want beyond what is allowed stays there.
  void leave_out(const CalibrationConstant& constant, double fitted) {
    held_.*constant.member = is_at_a_bound(constant, fitted) ? fitted : constant.usual.value;
  }
  /// The constant that the rows determine least, if they do not determine it; else the number of constants.
  [[nodiscard]] std::size_t loosest_of(const std::vector<const CalibrationConstant*>& free,
                                       const analysis::Fit& fitted) const {
    std::size_t loosest = free.size();
    double most = loosest_spread;
    for (std::size_t c = 0; c < free.size(); ++c) {
      const double distance = std::abs(fitted.values[c] - Calibration{}.*free[c]->member);
      const bool found = distance > 0 && !is_at_a_bound(*free[c], fitted.values[c]);
      const bool told = fitted.spread[c] < nearly * free[c]->usual.spread;
      const double spread = !found ? std::numeric_limits<double>::infinity() : told ? 0 : fitted.spread[c] / distance;
      if (spread <= most) continue;
      most = spread;
      loosest = c;
    }
    return loosest;
  }
  template <class ConstantsOfFold>
  [[nodiscard]] analysis::Accuracy scored(ConstantsOfFold constants) const {
    const auto prepared = std::make_unique<Prepared>();
    std::vector<analysis::Comparison> compared;
    for (const Row& row : rows_) {
      if (row.observation->time < in_.family.scored_from || !is_scored(row)) continue;
      prepare(row, *prepared);
      analysis::Comparison one;
      one.observed = row.observation->time;
      one.predicted = one.observed * std::exp(residual(*prepared, constants(row.fold)));
      compared.push_back(std::move(one));
    }
    const std::vector<analysis::Accuracy> all = analysis::accuracy(compared, {});
    return all.empty() ? analysis::Accuracy{} : all.front();
  }

  /// Of all rows that are not fitted, by GPU and bound regime.
  template <class ConstantsOfFold>
  [[nodiscard]] std::vector<KnownError> errors_by_bound(ConstantsOfFold constants) const {
    const auto prepared = std::make_unique<Prepared>();
    std::vector<analysis::ValidatedRow> rows;
    for (const Row& row : rows_) {
      if (!is_scored(row)) continue;
      prepare(row, *prepared);
      const auto predicted = predict(*prepared, constants(row.fold));
      if (!predicted) continue;
      analysis::ValidatedRow one;
      one.comparison.profile = row.profile->name;
      one.comparison.observed = row.observation->time;
      one.comparison.predicted = predicted->time;
      one.bound_regime = bound_regime(row.profile->device, prepared->program, *predicted);
      rows.push_back(std::move(one));
    }
    std::vector<KnownError> errors;
    const std::array by{analysis::ValidateBy::gpu, analysis::ValidateBy::bound_regime};
    for (const analysis::ValidatedGroup& group : analysis::validate(rows, by)) {
      const analysis::Accuracy& accuracy = group.accuracy;
      errors.push_back(
          {accuracy.group[0], from_name<BoundRegime>(accuracy.group[1]).value(), accuracy.n, accuracy.mape});
    }
    return errors;
  }

  const FitInput& in_;
  KernelSpec spec_;
  const Predictor& predictor_;
  Calibration start_;
  Calibration held_;  ///< what is not fitted: given, or left out
  std::vector<Row> rows_;
};

}  // namespace

FamilyFit fit_family(const FitInput& input) { return FamilyFitter{input}.run(); }

}  // namespace rooftile::calibrate
