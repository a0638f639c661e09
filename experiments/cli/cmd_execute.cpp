// rooftile execute: our kernels on the CPU, with exact bytes and errors, beside their Programs.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/execute_report.hpp"
#include "cli/progress.hpp"
#include "cli/question_options.hpp"
#include "cli/results_database.hpp"
#include "execute/estimate.hpp"
#include "question/columns.hpp"
#include "rooftile/model/parse_quantity.hpp"
#include "runner/executed_result.hpp"

namespace rooftile::cli {
namespace {

using experiments::Executed;
using experiments::ExecuteOptions;
using experiments::PreparedExecution;
using experiments::Question;

constexpr double most_seconds = 60;  // of work that begins without --force

struct Options {
  QuestionOptions question;
  std::int64_t seed = 0;
  std::int64_t input_seed = 1;
  std::int64_t dropout_seed = 1;
  std::int64_t resident = 0;  ///< 0: not given
  std::string l2_capacity = "profile";
  std::string database;
  bool force = false;
  OutputOptions output;
};

/// Options of a question that a compiled kernel leaves no choice in.
void refuse_what_cannot_be_chosen(const QuestionOptions& question) {
  if (question.op != "attention") refuse("--op", "only whole attention calls are executed");
  for (const auto& [option, text] : {std::pair{"--br", &question.br}, std::pair{"--bc", &question.bc},
                                     std::pair{"--warps", &question.warps}, std::pair{"--stages", &question.stages}}) {
    if (!text->empty()) refuse(option, "the tile is compiled into the kernel");
  }
  if (question.predictor != QuestionOptions{}.predictor) refuse("--predictor", "nothing is predicted here");
}

std::optional<std::int64_t> capacity_of(const std::string& text) {
  if (text == "profile") return std::nullopt;
  if (text == "none") return 0;
  const auto capacity = rooftile::parse<Bytes>(text);
  if (!capacity) refuse("--l2-capacity", capacity.error() + "; or 'profile', or 'none'");
  if (!(capacity->value() > 0 && capacity->value() < 1e12)) refuse("--l2-capacity", text + " is no size of an L2");
  return static_cast<std::int64_t>(capacity->value());
}

ExecuteOptions execute_options(const Options& options) {
  ExecuteOptions wanted;
  if (options.seed < 0) refuse("--seed", std::to_string(options.seed) + " is below zero");
  if (options.input_seed < 0) refuse("--input-seed", std::to_string(options.input_seed) + " is below zero");
  constexpr std::int64_t most_resident = 1'000'000;
  if (options.resident < 0 || options.resident > most_resident)
    refuse("--resident", std::to_string(options.resident) + " is out of range; allowed: 1 to 1000000");
  if (options.dropout_seed < 0) refuse("--dropout-seed", std::to_string(options.dropout_seed) + " is below zero");
  wanted.seed = static_cast<std::uint64_t>(options.seed);
  wanted.input_seed = static_cast<std::uint64_t>(options.input_seed);
  wanted.dropout_seed = static_cast<std::uint64_t>(options.dropout_seed);
  if (options.resident > 0) wanted.resident = options.resident;
  wanted.l2_capacity = capacity_of(options.l2_capacity);
  return wanted;
}

/// "--batch 1 --heads 1 --seq-q 2048 --seq-kv 2048 takes about 20 s": the same question made small enough; empty if
/// nothing of it is.
std::string what_would_fit(Question question, const ExecuteOptions& options, Context& context) {
  auto& shape = std::get<AttentionShape>(question.workload);
  shape.heads = shape.group();
  shape.kv_heads = shape.batch = 1;
  for (; shape.seq_q > 1 || shape.seq_kv > 1;) {
    const double seconds = PreparedExecution{question, options, context.catalogues}.seconds();
    if (seconds <= most_seconds) {
      return "--batch 1 --heads " + std::to_string(shape.heads) + " --kv-heads 1 --seq-q " +
             std::to_string(shape.seq_q) + " --seq-kv " + std::to_string(shape.seq_kv) + " takes about " +
             experiments::duration_text(seconds);
    }
    shape.seq_q = std::max<std::int64_t>(1, shape.seq_q / 2);
    shape.seq_kv = std::max<std::int64_t>(1, shape.seq_kv / 2);
  }
  return {};
}

/// Refuses work that takes long, before any of it begins.
void refuse_long_work(const std::vector<Question>& questions, const ExecuteOptions& options, Context& context) {
  double seconds = 0;
  double longest = 0;
  const Question* slowest = nullptr;
  for (const Question& question : questions) {
    const double one = PreparedExecution{question, options, context.catalogues}.seconds();
    seconds += one;
    if (one <= longest) continue;
    longest = one;
    slowest = &question;
  }
  if (seconds <= most_seconds) return;
  std::string text = "this takes about " + experiments::duration_text(seconds) + " on one core, more than " +
                     experiments::duration_text(most_seconds);
  const std::string fit = longest > most_seconds ? what_would_fit(*slowest, options, context) : "ask for fewer cells";
  if (!fit.empty()) text += "; " + fit;
  throw InputError{text + "; --force runs it as it is"};
}

void store_all(const std::vector<Question>& questions, const std::vector<Executed>& answers,
               const ExecuteOptions& options, const std::string& database, Context& context) {
  analysis::Store store = analysis::Store::open(database, analysis::Access::read_write_create);
  std::vector<analysis::ResultRow> rows;
  for (std::size_t i = 0; i < questions.size(); ++i) rows.push_back(runner::row_of(questions[i], options, answers[i]));
  const analysis::RunId run = store.begin_run(run_info("execute", context));
  store.put_all(run, rows);
  store.end_run(run);
}

/// The command behind each row.
void add_commands(analysis::Table& table, std::vector<Question> questions, const Options& options) {
  table.columns.push_back({"command", "command", analysis::Show::text});
  for (std::size_t i = 0; i < questions.size(); ++i) {
    questions[i].method = analysis::Method::executed;
    std::string line = experiments::command_line(questions[i]);
    if (options.seed != 0) line += " --seed " + std::to_string(options.seed);
    if (options.input_seed != Options{}.input_seed) line += " --input-seed " + std::to_string(options.input_seed);
    if (options.dropout_seed != Options{}.dropout_seed)
      line += " --dropout-seed " + std::to_string(options.dropout_seed);
    if (options.resident != 0) line += " --resident " + std::to_string(options.resident);
    if (options.l2_capacity != Options{}.l2_capacity) line += " --l2-capacity '" + options.l2_capacity + "'";
    table.rows[i].push_back(line);
  }
}

int execute(const Options& options, Context& context) {
  const analysis::Format format = format_of(options.output);
  refuse_what_cannot_be_chosen(options.question);
  const ExecuteOptions wanted = execute_options(options);
  const std::vector<Question> questions = questions_of(options.question);
  if (!options.force) refuse_long_work(questions, wanted, context);
  // A database that cannot take the answers is better refused before minutes of work.
  if (std::filesystem::exists(options.database))
    (void)analysis::Store::open(options.database, analysis::Access::read_write_create);

  std::vector<Executed> answers;
  {
    ProgressBar bar{context.err, context.err_is_terminal, "calls"};
    for (const Question& question : questions) {
      bar.show(answers.size(), questions.size());
      answers.push_back(PreparedExecution{question, wanted, context.catalogues}.run());
    }
  }
  if (!options.database.empty()) store_all(questions, answers, wanted, options.database, context);

  if (format == analysis::Format::table && questions.size() == 1) {
    write_output(context, options.output, [&](std::ostream& out) {
      write_execution_card(out, questions[0], answers[0], style_of(context, options.output));
    });
  } else {
    analysis::Table table = format == analysis::Format::table ? execution_people_table(questions, answers)
                                                              : execution_table(questions, answers);
    if (context.verbosity > 0) add_commands(table, questions, options);
    write_output(context, options.output, table);
  }
  const bool failed = std::any_of(answers.begin(), answers.end(), [&](const Executed& answer) {
    return answer.status == analysis::Outcome::failed ||
           (questions.size() == 1 && answer.status != analysis::Outcome::ok);
  });
  return failed ? exit_failed : exit_ok;
}

}  // namespace

void add_execute(Command& command, Context& context) {
  auto options = std::make_shared<Options>();
  add_question_options(command, options->question);
  command.option("--seed", options->seed, "order in which warps run and copies land; 0 (default): in turn")
      .placeholder("N")
      .group("Execution");
  command
      .option("--input-seed", options->input_seed, "of Q, K and V, standard normal, and of what is padded (default 1)")
      .placeholder("N")
      .group("Execution");
  command.option("--dropout-seed", options->dropout_seed, "of the weights that dropout drops (default 1)")
      .placeholder("N")
      .group("Execution");
  command.option("--resident", options->resident, "CTAs in flight (default: what the GPU holds of its largest GEMM)")
      .placeholder("N")
      .group("Execution");
  command
      .option("--l2-capacity", options->l2_capacity, "of the L2 in front of DRAM: 'profile' (default), 'none', 40 MiB")
      .placeholder("SIZE")
      .group("Execution");
  command.flag("--force", options->force, "run what takes longer than a minute, too").group("Execution");
  command.option("--db", options->database, "keep the results in this database, as method executed")
      .placeholder("FILE")
      .group("Output")
      .files();
  add_output_options(command, options->output);
  command.examples({"rooftile execute -p a100_sxm4_80gb -k flash2 --heads 2 --seq 512 --head-dim 64 --mask causal",
                    "rooftile execute -p a100_sxm4_80gb -k rt_standard,rt_flash2 --seq 100,300 --head-dim 64,128 "
                    "--format csv"});
  command.action([options, &context] { return execute(*options, context); });
}

}  // namespace rooftile::cli
