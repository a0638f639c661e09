// Computes the cells of an experiment that the store does not have yet, on all cores, and writes them in order.
//
// A cell is stored already if a result of the same profile text, workload, kernel, predictor version and setting is
// there: an interrupted or repeated run goes on where it ended, a changed profile or predictor computes anew. Results
// are written in transactions of a few cells: whatever ends the program, what was written is whole.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "question/question.hpp"
#include "rooftile/analysis/store.hpp"
#include "runner/experiment.hpp"

namespace rooftile::runner {

/// How a run is watched and ended.
struct RunControl {
  const std::atomic<bool>* stop = nullptr;                              ///< once true, no further cell is begun
  std::function<void(std::size_t done, std::size_t total)> progress{};  ///< called on the caller's thread
};

struct RunSummary {
  std::int64_t cells = 0;
  std::int64_t computed = 0;
  std::int64_t stored_already = 0;
  std::int64_t infeasible = 0;   ///< of those computed
  std::int64_t unsupported = 0;  ///< of those computed
  std::int64_t failed = 0;       ///< of those computed: executions with a fault or too large an error
  bool interrupted = false;
};

/// Runs what is missing. InputError as Answerer::answer; StoreError if the database cannot be written: the cells before
/// are stored.
[[nodiscard]] RunSummary run_experiment(const Experiment& experiment, analysis::Store& store, analysis::RunId run,
                                        experiments::Catalogues& catalogues, const RunControl& control);

/// The key under which the answer to a question is stored.
[[nodiscard]] analysis::ResultKey key_of(const experiments::Question& question, experiments::Catalogues& catalogues);

/// The name under which results of a spec are kept: a bare algorithm name means our own kernel (flash2 is rt_flash2),
/// except on an architecture that the kernel does not target, where it is a what-if of its own.
[[nodiscard]] std::string full_name(const KernelSpec& spec, const Device& device);

}  // namespace rooftile::runner
