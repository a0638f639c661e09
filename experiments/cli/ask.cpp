#include "cli/ask.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <ostream>
#include <sstream>

#include "cli/across_table.hpp"
#include "cli/people.hpp"
#include "cli/progress.hpp"
#include "cli/trace_writer.hpp"
#include "question/columns.hpp"
#include "runner/cells.hpp"

namespace rooftile::cli {
namespace {

using analysis::Format;
using analysis::Method;
using analysis::Show;
using analysis::Table;
using experiments::Answer;
using experiments::Question;

int ask_file(const AskOptions& options, Method method, Context& context) {
  if (!options.trace.empty()) refuse("--trace", "shows one call; leave --cells away");
  if (says_what_is_asked(options.question)) {
    const char* others = method == Method::simulated ? "--stalls" : "--predictor";
    refuse("--cells",
           "the file says what is asked; only " + std::string{others} + ", --set, --format and -o can stand beside it");
  }
  std::vector<yaml::Setting> settings;
  for (const std::string& text : options.question.settings) settings.push_back(yaml::parse_setting(text));
  const runner::CellOptions cells{
      .predictor = options.question.predictor, .settings = settings, .method = method, .stalls = options.stalls};
  write_output(context, options.output, runner::answer_file(options.cells, cells, context.catalogues));
  return exit_ok;
}

std::optional<Across> across_of(const AskOptions& options) {
  if (options.across.empty()) return std::nullopt;
  if (!options.cells.empty()) refuse("--across", "one answer per row of the file is what --cells gives");
  if (options.stalls) refuse("--across", "shows times; leave --stalls away");
  return parse_name<Across>("--across", options.across);
}

std::vector<Answer> answers_to(const std::vector<Question>& questions, Method method, Context& context) {
  const bool single = questions.size() == 1;
  experiments::Answerer answerer{context.catalogues, single ? experiments::IncompleteProfile::is_an_error
                                                            : experiments::IncompleteProfile::is_an_answer};
  ProgressBar bar{context.err, context.err_is_terminal && method == Method::simulated, "calls"};
  std::vector<Answer> answers;
  answers.reserve(questions.size());
  for (const Question& question : questions) {
    bar.show(answers.size(), questions.size());
    answers.push_back(answerer.answer(question));
  }
  return answers;
}

/// The columns of the batch interface, in every format; behind them the stalls, if asked for.
Table machine_table(const std::vector<Question>& questions, const std::vector<Answer>& answers, bool stalls) {
  Table table{.name = experiments::command_of(questions[0].method),
              .columns = experiments::question_columns(questions)};
  const auto asked = table.columns;
  std::ranges::copy(experiments::answer_columns(), std::back_inserter(table.columns));
  if (stalls) std::ranges::copy(experiments::stall_columns(), std::back_inserter(table.columns));
  for (std::size_t i = 0; i < questions.size(); ++i) {
    auto row = experiments::question_cells(questions[i], asked);
    std::ranges::move(experiments::answer_cells(questions[i], answers[i]), std::back_inserter(row));
    if (stalls) std::ranges::move(experiments::stall_cells(answers[i]), std::back_inserter(row));
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

void write_card(const AskOptions& options, const Question& question, const Answer& answer, Context& context) {
  write_output(context, options.output, [&](std::ostream& out) {
    const auto write = options.stalls ? write_stall_card : write_answer_card;
    write(out, question, answer, style_of(context, options.output));
    if (context.verbosity > 0) out << '\n' << experiments::command_line(question) << '\n';
  });
}

/// One simulation and its timeline, which stands in its file before anything is printed.
Answer traced_answer(const AskOptions& options, const Question& question, Context& context) {
  std::ostringstream timeline;
  TraceWriter writer{timeline, experiments::command_line(question)};
  experiments::Answerer answerer{context.catalogues};
  answerer.listen(&writer);
  Answer answer = answerer.answer(question);
  if (answer.status != Status::ok) return answer;
  writer.finish();
  write_output(context, {.format = {}, .file = options.trace, .option = "--trace"},
               [&](std::ostream& out) { out << timeline.str(); });
  if (writer.left_out() > 0) {
    context.err << "rooftile: the timeline shows the first " << writer.written() << " events of SMs 0 to 3; "
                << writer.left_out() << " have no room\n";
  }
  return answer;
}

}  // namespace

void add_ask_options(Command& command, AskOptions& options, Method method) {
  add_question_options(command, options.question, method == Method::predicted ? Predictors::offered : Predictors::none);
  command.option("--cells", options.cells, "answer every row of a CSV file: profile,kernel,pass,dtype,batch,...")
      .placeholder("FILE")
      .group("Question")
      .files();
  command.option("--across", options.across, "side by side in one row, the first against the others: kernel or profile")
      .placeholder("COLUMN")
      .values_of<Across>();
  add_output_options(command, options.output);
}

int ask(const AskOptions& options, Method method, Context& context) {
  const Format format = format_of(options.output);
  const std::optional<Across> across = across_of(options);
  if (!options.cells.empty()) return ask_file(options, method, context);
  std::vector<Question> questions = questions_of(options.question);
  for (Question& question : questions) question.method = method;
  if (!options.trace.empty() && questions.size() != 1) refuse("--trace", "shows one call; ask a single question");
  const std::vector<Answer> answers = options.trace.empty()
                                          ? answers_to(questions, method, context)
                                          : std::vector{traced_answer(options, questions[0], context)};

  if (across) {
    write_output(context, options.output, across_table(questions, answers, *across));
    return exit_ok;
  }
  const bool single = questions.size() == 1;
  if (format == Format::table && single) {
    write_card(options, questions[0], answers[0], context);
  } else {
    const bool people = format == Format::table;
    Table table = !people          ? machine_table(questions, answers, options.stalls)
                  : options.stalls ? stall_table(questions, answers)
                                   : people_table(questions, answers);
    if (context.verbosity > 0) add_commands(table, questions);
    write_output(context, options.output, table);
  }
  return single && answers[0].status != Status::ok ? exit_failed : exit_ok;
}

}  // namespace rooftile::cli
