// The one question that predict, simulate, --cells, run and whatif all ask, and its answer.
//
//   Question {a100_sxm4_80gb, fa2, batch 8, heads 16/16, seq 4096, d 128, fp16, causal, fwd}
//   Answer   {ok, 1.21 ms, bound tensor, ..., notes "uncalibrated"}
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "question/catalogues.hpp"
#include "rooftile/analysis/result.hpp"
#include "rooftile/model/counter.hpp"
#include "rooftile/model/kernel_spec.hpp"
#include "rooftile/model/prediction.hpp"
#include "rooftile/model/predictor.hpp"
#include "rooftile/model/profile.hpp"
#include "rooftile/model/workload.hpp"
#include "rooftile/sim/listener.hpp"
#include "rooftile/sim/simulation.hpp"

namespace rooftile::experiments {

struct Question {
  std::string profile;  ///< name in hw_profiles/, or a path to a YAML file
  std::string kernel;   ///< name in kernels/specs/, or a path
  Workload workload;
  SpecOverrides overrides;
  std::optional<L2State> l2;  ///< nothing: the spec's
  std::string predictor = "hierarchical";
  std::vector<Setting> settings;  ///< --set, applied in order
  std::string variant{};          ///< what an experiment calls these settings; no part of what is asked
  bool own_tile = false;          ///< the overrides say the kernel's own tile; no part of what is asked either
  /// Who answers: predicted in closed form, simulated event by event, or executed on the CPU.
  analysis::Method method = analysis::Method::predicted;
};

struct Answer {
  std::shared_ptr<const Profile> profile;
  std::shared_ptr<const KernelSpec> spec;
  const Predictor* predictor = nullptr;  ///< of a simulation, the one that needs the same numbers of a profile
  L2State l2 = L2State::cold;            ///< what was assumed
  Status status = Status::ok;
  std::string reason;     ///< empty if ok
  bool built = false;     ///< the program could be written: the kernel covers the call, whether or not it fits
  Prediction prediction;  ///< meaningful only if ok; of a simulation, what it answers in the same terms
  analysis::CtaUse cta;   ///< likewise
  std::shared_ptr<const sim::Simulation> simulation;  ///< of a simulation that is ok
  /// Mean of |error| on the nearest measurements of the same implementation and regime that were not fitted: those with
  /// the same bound regime, of this GPU if there are any (known_error.hpp); nothing: none exist.
  std::optional<double> expected_error;
  std::string notes;  ///< "uncalibrated; flash2 does not target compute capability 7.0: a what-if"
};

/// Who computed an answer, as the store and the reports name it: {"hierarchical", 9}, {"simulator", 1}.
struct Author {
  std::string name;
  int version = 0;
};
/// Of a prediction or a simulation. Throws InputError for an unknown predictor.
[[nodiscard]] Author author_of(const Question& question);

/// What a profile without a number that the predictor needs leads to: one question cannot be answered at all; a table
/// goes on and says so in its row (status unsupported).
enum class IncompleteProfile { is_an_error, is_an_answer };

/// Answers questions one after the other, by prediction or simulation. Reuses its storage: give each thread its own;
/// the catalogues are shared.
class Answerer {
 public:
  explicit Answerer(Catalogues& catalogues, IncompleteProfile incomplete = IncompleteProfile::is_an_error)
      : catalogues_{&catalogues}, program_{std::make_unique<Program>()}, incomplete_{incomplete} {}

  /// Throws InputError for what no model can answer: an unknown profile, kernel or predictor, numbers that make no
  /// workload, a setting that cannot be read, an incomplete profile unless that is an answer. `profile`, if given,
  /// stands in for the one that the question names, settings included.
  [[nodiscard]] Answer answer(const Question& question, std::shared_ptr<const Profile> profile = nullptr);

  /// Shows the simulations to come to a listener, which must outlive them.
  void listen(sim::Listener* listener) { listener_ = listener; }

  /// The program that the last answer was computed from.
  [[nodiscard]] const Program& program() const { return *program_; }

 private:
  Catalogues* catalogues_;
  std::unique_ptr<Program> program_;
  Counter counter_;
  sim::Listener* listener_ = nullptr;
  IncompleteProfile incomplete_;
};

/// The same for a single question.
[[nodiscard]] Answer answer(const Question& question, Catalogues& catalogues);

}  // namespace rooftile::experiments
