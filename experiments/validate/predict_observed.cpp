#include "validate/predict_observed.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "question/question.hpp"
#include "runner/parallel.hpp"

namespace rooftile::validate {
namespace {

using analysis::Comparison;
using analysis::ValidatedRow;
using experiments::Answer;

constexpr std::size_t predictions_at_once = 64;

/// What one thread works with.
struct Worker {
  experiments::Answerer answerer;
  std::unique_ptr<ProgramCounts> counts = std::make_unique<ProgramCounts>();
};

/// One observation beside its prediction, or why there is none.
struct Outcome {
  std::optional<ValidatedRow> row{};
  std::string refusal{};
};

Outcome outcome_of(const Observed& observed, const AskedOf& asked_of, Worker& worker) {
  const Comparison& asked = observed.row;
  const experiments::Question question{.profile = asked.profile,
                                       .kernel = asked.kernel,
                                       .workload = asked.workload,
                                       .overrides = asked.tile,
                                       .l2 = asked.l2,
                                       .predictor = asked_of.predictor,
                                       .settings = observed.settings,
                                       .method = asked_of.method};
  const Answer answer = worker.answerer.answer(question);
  if (answer.status != Status::ok) {
    return {{}, asked.kernel + " on " + asked.profile + ", " + describe(asked.workload) + ": " + answer.reason};
  }
  const Program& program = worker.answerer.program();
  const Device& device = answer.profile->device;
  count(program, *worker.counts);
  ValidatedRow row{asked, bound_regime(device, program, answer.prediction),
                   sustained_floors(device, program, *worker.counts)};
  const experiments::Author author = experiments::author_of(question);
  row.comparison.method = asked_of.method;
  row.comparison.predictor = author.name;
  row.comparison.predictor_version = author.version;
  row.comparison.bound = answer.prediction.bound;
  row.comparison.predicted = answer.prediction.time;
  return {std::move(row), {}};
}

}  // namespace

Validated predict_observed(const std::vector<Observed>& observed, const AskedOf& asked_of,
                           experiments::Catalogues& catalogues) {
  const std::size_t calls_at_once = asked_of.method == analysis::Method::predicted ? predictions_at_once : 1;
  const std::size_t threads = runner::worker_count(observed.size(), calls_at_once);
  std::vector<Worker> workers;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    workers.push_back({experiments::Answerer{catalogues, experiments::IncompleteProfile::is_an_answer}});
  }
  std::vector<Outcome> outcomes(observed.size());
  runner::parallel_blocks(observed.size(), calls_at_once, threads,
                          [&](std::size_t thread, std::size_t first, std::size_t last) {
                            for (std::size_t i = first; i < last; ++i) {
                              outcomes[i] = outcome_of(observed[i], asked_of, workers[thread]);
                            }
                          });
  Validated validated;
  for (Outcome& outcome : outcomes) {
    if (outcome.row) {
      validated.rows.push_back(std::move(*outcome.row));
    } else if (validated.refused++ == 0) {
      validated.first_refusal = std::move(outcome.refusal);
    }
  }
  return validated;
}

}  // namespace rooftile::validate
