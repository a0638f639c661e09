// rooftile run: computes the cells of an experiment file and keeps the answers.
#include <atomic>
#include <csignal>
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/results_database.hpp"
#include "runner/campaign.hpp"
#include "runner/expectations.hpp"
#include "runner/experiment.hpp"
#include "runner/run_experiment.hpp"

namespace rooftile::cli {
namespace {

using analysis::Show;

constexpr int exit_interrupted = 130;  // 128 + SIGINT, what shells expect

/// While it lives, Ctrl-C sets a flag instead of ending the program. A signal handler can reach nothing but a global.
class InterruptFlag {
 public:
  InterruptFlag() {
    raised = false;
    struct sigaction action {};
    action.sa_handler = [](int) { raised = true; };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &before_);
  }
  ~InterruptFlag() { sigaction(SIGINT, &before_, nullptr); }
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;
  [[nodiscard]] const std::atomic<bool>& flag() const { return raised; }

 private:
  static inline std::atomic<bool> raised = false;
  static_assert(std::atomic<bool>::is_always_lock_free);
  struct sigaction before_ {};
};

struct RunOptions {
  std::string experiment;
  std::string database;
  std::string cells_file;
  OutputOptions output;
};

std::string words(const runner::RunSummary& summary) {
  return std::to_string(summary.cells) + " cells: " + std::to_string(summary.computed) + " computed, " +
         std::to_string(summary.stored_already) + " stored already, " + std::to_string(summary.infeasible) +
         " infeasible, " + std::to_string(summary.unsupported) + " unsupported";
}

analysis::Table summary_table(const runner::Experiment& experiment, const runner::RunSummary& summary) {
  return {.name = "run",
          .title = experiment.description,
          .columns = {{"experiment", "experiment", Show::text},
                      {"cells", "cells", Show::count},
                      {"computed", "computed", Show::count},
                      {"stored_already", "stored already", Show::count},
                      {"infeasible", "infeasible", Show::count},
                      {"unsupported", "unsupported", Show::count}},
          .rows = {{experiment.name, summary.cells, summary.computed, summary.stored_already, summary.infeasible,
                    summary.unsupported}},
          .notes = {}};
}

int report(const runner::Experiment& experiment, const runner::RunSummary& summary, const RunOptions& options,
           Context& context) {
  if (experiment.expectations.empty()) {
    write_output(context, options.output, summary_table(experiment, summary));
    return exit_ok;
  }
  runner::ExpectationReport expected = runner::check_expectations(experiment, context.catalogues);
  expected.table.title = experiment.description;
  expected.table.notes.push_back(experiment.name + ", " + words(summary));
  if (expected.failed > 0) {
    expected.table.notes.push_back(std::to_string(expected.failed) + " of " + std::to_string(expected.judged) +
                                   " rows are not as expected");
  }
  write_output(context, options.output, expected.table);
  return expected.failed == 0 ? exit_ok : exit_threshold;
}

/// Writes what a visit to a GPU measures; nothing is computed.
int write_cells_file(const runner::Experiment& experiment, const RunOptions& options, Context& context) {
  if (!options.database.empty()) refuse("--cells-out", "nothing is computed, so nothing is stored; leave --db away");
  if (experiment.campaign.empty())
    refuse("--cells-out", "no entry of '" + options.experiment + "' has `phases:` or `peers:`");
  const OutputOptions file{.format = "csv", .file = options.cells_file, .option = "--cells-out"};
  write_output(context, file, [&](std::ostream& out) { runner::write_cells(out, experiment.campaign); });
  return exit_ok;
}

int run_file(const RunOptions& options, Context& context) {
  (void)format_of(options.output);
  if (options.database.empty() && options.cells_file.empty()) throw InputError{"--db is required"};
  const runner::Experiment experiment = runner::load_experiment(options.experiment, context.catalogues);
  if (!options.cells_file.empty()) return write_cells_file(experiment, options, context);
  analysis::Store store = analysis::Store::open(options.database, analysis::Access::read_write_create);
  const InterruptFlag interrupt;
  runner::RunSummary summary;
  {
    analysis::RunInfo info = run_info("run", context);
    info.source = options.experiment;
    info.note = experiment.name;
    const analysis::RunId run = store.begin_run(info);
    ProgressBar bar{context.err, context.err_is_terminal, "cells"};
    summary = runner::run_experiment(
        experiment, store, run, context.catalogues,
        {.stop = &interrupt.flag(), .progress = [&](std::size_t done, std::size_t total) { bar.show(done, total); }});
    if (!summary.interrupted) store.end_run(run);
  }
  if (summary.interrupted) {
    context.err << "rooftile: interrupted; " << words(summary) << "; the same command goes on from here\n";
    return exit_interrupted;
  }
  const int code = report(experiment, summary, options, context);
  if (summary.failed == 0) return code;
  context.err << "rooftile: " << summary.failed
              << " executions failed; rooftile query --db FILE \"select * from v_latest where status = 'failed'\"\n";
  return exit_failed;
}

}  // namespace

void add_run(Command& command, Context& context) {
  auto options = std::make_shared<RunOptions>();
  command.option("FILE", options->experiment, "experiment file (experiments/README.md describes it)")
      .required()
      .files();
  command.option("--db", options->database, "results database (one SQLite file)").placeholder("FILE").files();
  command
      .option("--cells-out", options->cells_file,
              "write the cells that a campaign measures on a GPU to this file, compute nothing")
      .placeholder("FILE");
  add_output_options(command, options->output);
  command.examples(
      {"rooftile run experiments/seq_sweep.yaml --db results.db",
       "rooftile run experiments/qk_roofline_table.yaml --db results.db --format md",
       "rooftile run experiments/gpu/campaign.yaml --cells-out experiments/gpu/cells.csv",
       "Cells that the database has already are skipped; Ctrl-C ends after the cells in flight (exit code 130)."});
  command.action([options, &context] { return run_file(*options, context); });
}

}  // namespace rooftile::cli
