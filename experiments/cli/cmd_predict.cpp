// rooftile predict: one row per question, or a readable card for a single one.
#include <memory>
#include <ostream>

#include "cli/across_table.hpp"
#include "cli/commands.hpp"
#include "cli/people.hpp"
#include "cli/question_options.hpp"
#include "question/columns.hpp"
#include "runner/cells.hpp"

namespace rooftile::cli {
namespace {

using analysis::Format;
using analysis::Show;
using analysis::Table;
using experiments::Answer;
using experiments::Question;

struct PredictOptions {
  QuestionOptions question;
  std::string cells;
  std::string across;
  OutputOptions output;
};

int predict_cells(const PredictOptions& options, Context& context) {
  const QuestionOptions& q = options.question;
  if (!(q.profile + q.kernel + q.seq + q.seq_q + q.seq_kv + q.head_dim + q.batch + q.heads + q.kv_heads).empty()) {
    refuse("--cells", "the file says what is asked; only --predictor, --set, --format and -o can stand beside it");
  }
  if (!options.across.empty()) refuse("--across", "one answer per row of the file is what --cells gives");
  std::vector<yaml::Setting> settings;
  for (const std::string& text : q.settings) settings.push_back(yaml::parse_setting(text));
  const Table table =
      runner::predict_cells(options.cells, {.predictor = q.predictor, .settings = settings}, context.catalogues);
  write_output(context, options.output, table);
  return exit_ok;
}

/// The columns of the batch interface, in every format.
Table machine_table(const std::vector<Question>& questions, const std::vector<Answer>& answers) {
  Table table{.name = "predict", .columns = experiments::question_columns(questions)};
  const auto asked = table.columns;
  table.columns.insert(table.columns.end(), experiments::answer_columns().begin(), experiments::answer_columns().end());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    auto row = experiments::question_cells(questions[i], asked);
    for (auto& cell : experiments::answer_cells(questions[i], answers[i])) row.push_back(std::move(cell));
    table.rows.push_back(std::move(row));
  }
  return table;
}

void add_commands(Table& table, const std::vector<Question>& questions) {
  table.columns.push_back({"command", "command", Show::text});
  for (std::size_t i = 0; i < questions.size(); ++i) {
    table.rows[i].push_back(experiments::command_line(questions[i]));
  }
}

int predict(const PredictOptions& options, Context& context) {
  const Format format = format_of(options.output);
  if (!options.cells.empty()) return predict_cells(options, context);
  const std::vector<Question> questions = questions_of(options.question);
  std::vector<Answer> answers;
  const bool single = questions.size() == 1;
  experiments::Answerer answerer{context.catalogues, single ? experiments::IncompleteProfile::is_an_error
                                                            : experiments::IncompleteProfile::is_an_answer};
  for (const Question& question : questions) answers.push_back(answerer.answer(question));

  if (!options.across.empty()) {
    const Across across = parse_name<Across>("--across", options.across);
    write_output(context, options.output, across_table(questions, answers, across));
    return exit_ok;
  }
  const bool verbose = context.verbosity > 0;
  if (format == Format::table && single) {
    write_output(context, options.output, [&](std::ostream& out) {
      write_answer_card(out, questions[0], answers[0], style_of(context, options.output));
      if (verbose) out << '\n' << experiments::command_line(questions[0]) << '\n';
    });
  } else {
    Table table = format == Format::table ? people_table(questions, answers) : machine_table(questions, answers);
    if (verbose) add_commands(table, questions);
    write_output(context, options.output, table);
  }
  return single && answers[0].status != Status::ok ? exit_failed : exit_ok;
}

}  // namespace

void add_predict(Command& command, Context& context) {
  auto options = std::make_shared<PredictOptions>();
  add_question_options(command, options->question);
  command.option("--cells", options->cells, "answer every row of a CSV file: profile,kernel,pass,dtype,batch,...")
      .placeholder("FILE")
      .group("Question")
      .files();
  command
      .option("--across", options->across, "side by side in one row, the first against the others: kernel or profile")
      .placeholder("COLUMN")
      .values_of<Across>();
  add_output_options(command, options->output);
  command.examples(
      {"rooftile predict -p a100_sxm4_80gb -k fa2 --batch 8 --heads 16 --seq 4096 --head-dim 128 --mask causal",
       "rooftile predict -p a100_sxm4_80gb,l40s -k fa2,pytorch_eager --heads 16 --seq 512:16384:x2 --head-dim 64 "
       "--format csv",
       "rooftile predict -p a100_sxm4_80gb -k standard,flash2 --heads 16 --seq 128:8192:x2 --head-dim 64 --across "
       "kernel"});
  command.action([options, &context] { return predict(*options, context); });
}

}  // namespace rooftile::cli
