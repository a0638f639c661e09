#include "cli/ask.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>
#include <sstream>

#include "cli/across_table.hpp"
#include "cli/people.hpp"
#include "cli/progress.hpp"
#include "cli/simulation_progress.hpp"
#include "cli/simulation_view.hpp"
#include "cli/trace_writer.hpp"
#include "question/columns.hpp"
#include "rooftile/model/format_quantity.hpp"
#include "runner/cells.hpp"

namespace rooftile::cli {
namespace {

using analysis::Format;
using analysis::Method;
using analysis::Show;
using analysis::Table;
using experiments::Answer;
using experiments::Question;

/// The option that gives each simulation rows of its own; nothing: none does.
const char* view_option(const AskOptions& options) {
  return options.tensors ? "--tensors" : options.utilisation ? "--utilisation" : nullptr;
}

int ask_file(const AskOptions& options, Method method, Context& context) {
  if (!options.trace.empty()) refuse("--trace", "shows one call; leave --cells away");
  if (const char* view = view_option(options)) refuse(view, "has rows of its own; leave --cells away");
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
  if (const char* view = view_option(options)) refuse("--across", "shows times; leave " + std::string{view} + " away");
  return parse_name<Across>("--across", options.across);
}

std::unique_ptr<SimulationView> view_of(const AskOptions& options) {
  const char* option = view_option(options);
  if (option == nullptr) return nullptr;
  if (options.stalls) refuse(option, "has rows of its own; leave --stalls away");
  if (options.tensors && options.utilisation) refuse(option, "has rows of its own; leave --utilisation away");
  if (options.tensors) return tensor_view();
  constexpr std::int64_t most = 10'000;
  const std::int64_t slices = options.utilisation.value_or(0);
  if (slices < 1 || slices > most) {
    refuse(option, std::to_string(slices) + " is out of range; allowed: 1 to " + std::to_string(most));
  }
  return utilisation_view(static_cast<std::size_t>(slices));
}

/// Answers, and of simulations what a view showed of each.
struct Answered {
  std::vector<Answer> answers;
  std::vector<TableRows> rows;
};

/// How much longer than the device itself it took.
void say_slowdown(const Answered& answered, Seconds wall, Context& context) {
  if (context.verbosity == 0 && !context.err_is_terminal) return;
  Seconds simulated;
  for (const Answer& answer : answered.answers) {
    if (answer.simulation) simulated += answer.prediction.time;
  }
  if (simulated.value() == 0) return;
  context.err << "rooftile: " << rooftile::format(simulated, 4) << " simulated in " << rooftile::format(wall, 3) << ", "
              << rooftile::format(Count{wall / simulated}, 3) << " times as long\n";
}

Answered answers_to(const std::vector<Question>& questions, Method method, SimulationView* view, sim::Listener* trace,
                    Context& context) {
  const bool single = questions.size() == 1;
  const bool simulates = method == Method::simulated;
  const auto began = std::chrono::steady_clock::now();
  experiments::Answerer answerer{context.catalogues, single ? experiments::IncompleteProfile::is_an_error
                                                            : experiments::IncompleteProfile::is_an_answer};
  Answered answered;
  {
    constexpr std::chrono::seconds patience{1};
    ProgressBar calls{context.err, context.err_is_terminal && simulates && !single, "calls"};
    ProgressBar ctas{context.err, context.err_is_terminal && simulates && single, "CTAs", patience};
    constexpr double announced = 10;  // seconds
    SimulationProgress progress{context.err, announced, single ? &ctas : nullptr};
    sim::Listeners listeners;
    if (simulates) listeners.add(progress);
    if (view != nullptr) listeners.add(view->listener());
    if (trace != nullptr) listeners.add(*trace);
    answerer.listen(&listeners);
    for (const Question& question : questions) {
      calls.show(answered.answers.size(), questions.size());
      answered.answers.push_back(answerer.answer(question));
      answered.rows.push_back(view != nullptr && answered.answers.back().status == Status::ok
                                  ? view->rows(answerer.program())
                                  : TableRows{});
    }
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - began;
  if (simulates) say_slowdown(answered, Seconds{wall.count()}, context);
  return answered;
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

Table table_of_answers(const std::vector<Question>& questions, const Answered& answered, const SimulationView* view,
                       bool people, bool stalls) {
  if (view != nullptr) return view_table(*view, questions, answered.answers, answered.rows, people);
  if (!people) return machine_table(questions, answered.answers, stalls);
  return stalls ? stall_table(questions, answered.answers) : people_table(questions, answered.answers);
}

void add_commands(Table& table, const std::vector<Question>& questions) {
  table.columns.push_back({"command", "command", Show::text});
  for (std::size_t i = 0; i < questions.size(); ++i) {
    table.rows[i].push_back(experiments::command_line(questions[i]));
  }
}

void write_card(const AskOptions& options, const Question& question, const Answer& answer, const Table* view,
                Context& context) {
  write_output(context, options.output, [&](std::ostream& out) {
    const analysis::Style style = style_of(context, options.output);
    if (view != nullptr) {
      write_view_card(out, question, answer, *view, style);
    } else {
      const auto write = options.stalls ? write_stall_card : write_answer_card;
      write(out, question, answer, style);
    }
    if (context.verbosity > 0) out << '\n' << experiments::command_line(question) << '\n';
  });
}

/// One simulation and its timeline, which stands in its file before anything is printed.
Answered traced_answer(const AskOptions& options, const Question& question, SimulationView* view, Context& context) {
  std::ostringstream timeline;
  TraceWriter writer{timeline, experiments::command_line(question)};
  Answered answered = answers_to({question}, Method::simulated, view, &writer, context);
  if (answered.answers[0].status != Status::ok) return answered;
  writer.finish();
  write_output(context, {.format = {}, .file = options.trace, .option = "--trace"},
               [&](std::ostream& out) { out << timeline.str(); });
  if (writer.left_out() > 0) {
    context.err << "rooftile: the timeline shows the first " << writer.written() << " events of SMs 0 to 3; "
                << writer.left_out() << " have no room\n";
  }
  return answered;
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
  const std::unique_ptr<SimulationView> view = view_of(options);
  const Answered answered = options.trace.empty() ? answers_to(questions, method, view.get(), nullptr, context)
                                                  : traced_answer(options, questions[0], view.get(), context);
  const std::vector<Answer>& answers = answered.answers;

  if (across) {
    write_output(context, options.output, across_table(questions, answers, *across));
    return exit_ok;
  }
  const bool single = questions.size() == 1;
  const bool people = format == Format::table;
  Table table = table_of_answers(questions, answered, view.get(), people, options.stalls);
  if (people && single) {
    write_card(options, questions[0], answers[0], view ? &table : nullptr, context);
  } else {
    if (context.verbosity > 0 && !view) add_commands(table, questions);
    write_output(context, options.output, table);
  }
  return single && answers[0].status != Status::ok ? exit_failed : exit_ok;
}

}  // namespace rooftile::cli
