#include "question/question.hpp"

#include <algorithm>
#include <utility>

#include "rooftile/model/algorithm.hpp"
#include "rooftile/model/bound_regime.hpp"
#include "rooftile/sim/simulate.hpp"

namespace rooftile::experiments {
namespace {

const Predictor& predictor_of(const std::string& name) {
  if (const Predictor* predictor = find_predictor(name)) return *predictor;
  std::vector<std::string_view> known;
  for (const Predictor* predictor : predictors()) known.push_back(predictor->name());
  throw InputError{unknown_name_message("predictor", name, known)};
}

/// Empty if the profile states what is needed to answer; else what is missing.
std::string incompleteness(const Profile& profile, const Predictor& predictor, const Program& program, bool simulated) {
  const auto missing = missing_leaves(predictor, profile.device, program);
  if (missing.empty()) return {};
  const std::string who = simulated ? "the simulator" : "the predictor '" + std::string{predictor.name()} + "'";
  std::string text = who + " needs what this profile does not state: " + join(missing);
  if (simulated) return text;
  const Predictor* simpler = find_predictor("roofline");
  const bool helps =
      simpler != nullptr && simpler != &predictor && missing_leaves(*simpler, profile.device, program).empty();
  if (helps) text += "; --predictor roofline needs less";
  return text;
}

analysis::CtaUse longest_cta(const Program& program, const Prediction& prediction) {
  std::size_t longest = 0;
  for (std::size_t l = 1; l < prediction.launches.size(); ++l) {
    if (prediction.launches[l].time > prediction.launches[longest].time) longest = l;
  }
  const Launch& launch = program.launches[longest];
  return {launch.registers, Bytes{static_cast<double>(launch.smem)}, prediction.launches[longest].resident};
}

/// The measurements that the answer's constants were fitted to, or nothing: the bare model's time.
const FittedRegime* fitted_for(const Answer& answer, const Workload& workload) {
  if (answer.predictor->name() != "hierarchical") return nullptr;
  const std::optional<FittedRegime>& fitted = answer.spec->calibration.of(fitted_regime(workload));
  return fitted ? &*fitted : nullptr;
}

std::string_view words_of(BoundRegime bound) {
  switch (bound) {
    case BoundRegime::launch: return "launch-bound";
    case BoundRegime::underfilled: return "underfilled";
    case BoundRegime::memory: return "memory-bound";
    case BoundRegime::compute: break;
  }
  return "compute-bound";
}

/// What the measurements of a regime say of one prediction.
struct Checked {
  const FittedRegime* fitted = nullptr;  ///< nothing: none exist
  BoundRegime bound = BoundRegime::compute;
  NearestError nearest{};
};

Checked checked(const FittedRegime* fitted, const Answer& answer, const Program& program) {
  if (fitted == nullptr) return {};
  const BoundRegime bound = bound_regime(answer.profile->device, program, answer.prediction);
  return {fitted, bound, nearest_error(fitted->errors, answer.profile->name, bound, fitted->expected_error)};
}

/// Whose constants.
std::string constants_note(const Answer& answer, const FittedRegime* fitted) {
  if (fitted == nullptr) return "uncalibrated";
  const std::string& lender = answer.spec->calibration.borrowed_from;
  std::string note = fitted->constants == Calibration{} ? "uncalibrated" : "calibrated";
  if (!lender.empty()) note += note == "calibrated" ? " with the constants of " + lender : ", as " + lender;
  return note;
}

/// Whose constants, and from which measurements the error is known.
std::string calibration_note(const Answer& answer, const Checked& checked) {
  std::string note = constants_note(answer, checked.fitted);
  if (checked.fitted == nullptr) return note + "; no error known";
  const bool is_nearest = !checked.nearest.profiles.empty();
  const auto& profiles = is_nearest ? checked.nearest.profiles : checked.fitted->profiles;
  const std::string bound{words_of(checked.bound)};
  note += "; error known from " + (is_nearest ? bound + " calls on " : std::string{}) +
          join({profiles.begin(), profiles.end()});
  if (!is_nearest && !checked.fitted->errors.empty()) note += ", hardly any of them " + bound;
  const bool here = std::find(profiles.begin(), profiles.end(), answer.profile->name) != profiles.end();
  return here ? note : note + ", not from this GPU";
}

/// Empty unless the kernel was written for other GPUs.
std::string what_if_note(const Answer& answer, const Program& program) {
  if (!program.off_target) return {};
  return "; " + answer.spec->name + " does not target compute capability " +
         to_string(answer.profile->device.compute_capability) + ": a what-if";
}

}  // namespace

Author author_of(const Question& question) {
  if (question.method == analysis::Method::simulated) return {"simulator", sim::version};
  const Predictor& predictor = predictor_of(question.predictor);
  return {std::string{predictor.name()}, predictor.version()};
}

Answer Answerer::answer(const Question& question, std::shared_ptr<const Profile> profile) {
  Answer answer;
  answer.predictor = &predictor_of(question.predictor);
  if (const auto sound = check(question.workload); !sound) throw InputError{sound.error()};
  answer.profile = profile ? std::move(profile) : catalogues_->profile(question.profile, question.settings);
  answer.spec = catalogues_->spec(question.kernel);
  answer.l2 = question.l2.value_or(answer.spec->l2);

  const auto refuse = [&answer](const Refusal& refusal) {
    answer.status = refusal.status;
    answer.reason = refusal.reason;
    return answer;
  };
  const Device& device = answer.profile->device;
  const auto built = build(*program_, device, question.workload, *answer.spec, question.overrides);
  if (!built) return refuse(built.error());
  answer.built = true;
  program_->l2 = answer.l2;
  const bool simulated = question.method == analysis::Method::simulated;
  if (const std::string lack = incompleteness(*answer.profile, *answer.predictor, *program_, simulated);
      !lack.empty()) {
    if (incomplete_ == IncompleteProfile::is_an_answer) return refuse({Status::unsupported, lack});
    throw InputError{Location{answer.profile->where.file}, lack};
  }
  if (simulated) {
    auto simulation = sim::simulate(device, *program_, counter_.count(*program_), listener_);
    if (!simulation) return refuse(simulation.error());
    answer.prediction = simulation->answer;
    answer.cta = longest_cta(*program_, answer.prediction);
    answer.notes = "simulated; " + constants_note(answer, fitted_for(answer, question.workload)) + "; no error known" +
                   what_if_note(answer, *program_);
    answer.simulation = std::make_shared<sim::Simulation>(*std::move(simulation));
    return answer;
  }
  const auto prediction = answer.predictor->predict(device, *program_, counter_.count(*program_));
  if (!prediction) return refuse(prediction.error());
  answer.prediction = *prediction;
  answer.cta = longest_cta(*program_, answer.prediction);
  const Checked known = checked(fitted_for(answer, question.workload), answer, *program_);
  if (known.fitted != nullptr) answer.expected_error = known.nearest.mape;
  answer.notes = calibration_note(answer, known) + what_if_note(answer, *program_);
  return answer;
}

Answer answer(const Question& question, Catalogues& catalogues) { return Answerer{catalogues}.answer(question); }

}  // namespace rooftile::experiments
