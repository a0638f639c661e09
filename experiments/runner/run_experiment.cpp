#include "runner/run_experiment.hpp"

#include <algorithm>
#include <thread>
#include <vector>

#include "rooftile/analysis/result.hpp"
#include "rooftile/model_yaml/calibration_reader.hpp"
#include "runner/executed_result.hpp"
#include "runner/ordered_queue.hpp"
#include "runner/parallel.hpp"
#include "runner/published.hpp"

namespace rooftile::runner {
namespace {

using analysis::ResultKey;
using analysis::ResultRow;
using experiments::Answer;
using experiments::Question;

constexpr std::size_t most_at_once = 16;           // predictions that a worker claims; of longer work, one cell
constexpr std::size_t cells_per_transaction = 32;  // a few milliseconds
constexpr std::size_t window = 1024;               // computed cells that may wait for the writer

ResultRow row_of(const Question& question, const Answer& answer, experiments::Catalogues& catalogues) {
  ResultKey key = key_of(question, catalogues);
  ResultRow row = answer.status == Status::ok
                      ? analysis::make_row(std::move(key), answer.prediction)
                      : analysis::make_row(std::move(key), Refusal{answer.status, answer.reason});
  if (answer.status == Status::ok) row.cta = answer.cta;
  row.expected_error = answer.expected_error;
  row.notes = answer.notes;
  return row;
}

void count(const ResultRow& row, RunSummary& summary) {
  ++summary.computed;
  if (row.status == analysis::Outcome::infeasible) ++summary.infeasible;
  if (row.status == analysis::Outcome::unsupported) ++summary.unsupported;
  if (row.status == analysis::Outcome::failed) ++summary.failed;
}

bool stopped(const RunControl& control) { return control.stop != nullptr && *control.stop; }

void report(const RunControl& control, const RunSummary& summary) {
  if (!control.progress) return;
  control.progress(static_cast<std::size_t>(summary.computed + summary.stored_already),
                   static_cast<std::size_t>(summary.cells));
}

/// The questions that have no stored answer.
std::vector<const Question*> missing(const Experiment& experiment, analysis::Store& store,
                                     experiments::Catalogues& catalogues, const RunControl& control,
                                     RunSummary& summary) {
  std::vector<const Question*> todo;
  for (const Question& question : experiment.questions) {
    if (stopped(control)) break;
    if (store.reuse(key_of(question, catalogues))) {
      ++summary.stored_already;
    } else {
      todo.push_back(&question);
    }
  }
  return todo;
}

std::size_t claimed_at_once(const std::vector<const Question*>& todo) {
  const bool only_predictions =
      std::ranges::all_of(todo, [](const Question* q) { return q->method == analysis::Method::predicted; });
  return only_predictions ? most_at_once : 1;
}

/// Computes on all cores until done, stopped or failed; the results go through the queue.
class Computation {
 public:
  Computation(const std::vector<const Question*>& todo, experiments::Catalogues& catalogues, const RunControl& control)
      : todo_{&todo}, catalogues_{&catalogues}, control_{&control}, queue_{window}, thread_{[this] { compute(); }} {}
  Computation(const Computation&) = delete;
  Computation& operator=(const Computation&) = delete;
  ~Computation() { queue_.close(); }  // then the thread joins

  [[nodiscard]] std::vector<ResultRow> take() { return queue_.take(cells_per_transaction); }
  /// What went wrong, once take() has nothing more to give.
  void rethrow() const {
    if (error_ != nullptr) std::rethrow_exception(error_);
  }

 private:
  ResultRow answer(const Question& question, experiments::Answerer& answerer) {
    if (question.method != analysis::Method::executed) return row_of(question, answerer.answer(question), *catalogues_);
    return runner::row_of(question, {}, experiments::PreparedExecution{question, {}, *catalogues_}.run());
  }

  void compute() {
    const std::size_t block = claimed_at_once(*todo_);
    const std::size_t workers = worker_count(todo_->size(), block);
    std::vector<experiments::Answerer> answerers;
    for (std::size_t worker = 0; worker < workers; ++worker)
      answerers.emplace_back(*catalogues_, experiments::IncompleteProfile::is_an_answer);
    try {
      parallel_blocks(todo_->size(), block, workers, [&](std::size_t worker, std::size_t first, std::size_t last) {
        if (stopped(*control_)) stopping_ = true;
        for (std::size_t i = first; i < last && !stopping_; ++i) {
          const Question& question = *(*todo_)[i];
          if (!queue_.push(i, answer(question, answerers[worker]))) stopping_ = true;
        }
      });
    } catch (...) {
      error_ = std::current_exception();
    }
    queue_.finish();
  }

  const std::vector<const Question*>* todo_;
  experiments::Catalogues* catalogues_;
  const RunControl* control_;
  OrderedQueue<ResultRow> queue_;
  std::atomic<bool> stopping_ = false;
  std::exception_ptr error_;  // written before finish(), read after take() came back empty
  std::jthread thread_;       // last: it uses all of the above
};

}  // namespace

RunSummary run_experiment(const Experiment& experiment, analysis::Store& store, analysis::RunId run,
                          experiments::Catalogues& catalogues, const RunControl& control) {
  RunSummary summary{.cells = static_cast<std::int64_t>(experiment.questions.size())};
  const std::vector<const Question*> todo = missing(experiment, store, catalogues, control, summary);
  report(control, summary);
  Computation computation{todo, catalogues, control};
  for (auto rows = computation.take(); !rows.empty(); rows = computation.take()) {
    store.put_all(run, rows);
    for (const ResultRow& row : rows) count(row, summary);
    report(control, summary);
  }
  computation.rethrow();
  summary.interrupted = summary.computed + summary.stored_already < summary.cells;
  return summary;
}

std::string full_name(const KernelSpec& spec, const Device& device) {
  const bool on_target = spec.from <= device.compute_capability && device.compute_capability <= spec.to;
  return spec.what_if_anywhere && on_target ? "rt_" + spec.name : spec.name;
}

ResultKey key_of(const Question& question, experiments::Catalogues& catalogues) {
  const auto profile = catalogues.profile(question.profile, question.settings);
  const auto spec = catalogues.spec(question.kernel);
  if (question.method == analysis::Method::executed) return executed_key(question, {}, *profile, *spec);
  const experiments::Author author = experiments::author_of(question);
  const yaml::Identity identity = yaml::identity_of(*profile, spec->calibration);
  return {.profile = {profile->name, identity.hash, identity.text},
          .workload = question.workload,
          .kernel = full_name(*spec, profile->device),
          .tile = question.overrides,
          .method = question.method,
          .predictor = author.name,
          .predictor_version = author.version,
          .l2 = question.l2.value_or(spec->l2),
          .timer = {},
          .setting = setting_text(question.settings),
          .source = {}};
}

}  // namespace rooftile::runner
