// rooftile simulate: what the kernel does, event by event.
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/people.hpp"
#include "cli/question_options.hpp"
#include "question/columns.hpp"
#include "runner/cells.hpp"

namespace rooftile::cli {
namespace {

struct SimulateOptions {
  QuestionOptions question;
  std::string cells;
  OutputOptions output;
};

int simulate(const SimulateOptions& options, Context& context) {
  const QuestionOptions& q = options.question;
  if (!options.cells.empty()) {
    std::vector<yaml::Setting> settings;
    for (const std::string& text : q.settings) settings.push_back(yaml::parse_setting(text));
    write_output(context, options.output,
                 runner::predict_cells(options.cells, {.predictor = q.predictor, .settings = settings, .simulate = true},
                                       context.catalogues));
    return exit_ok;
  }
  std::vector<experiments::Question> questions = questions_of(q);
  std::vector<experiments::Answer> answers;
  experiments::Answerer answerer{context.catalogues, experiments::IncompleteProfile::is_an_answer};
  for (experiments::Question& question : questions) {
    question.simulate = true;
    answers.push_back(answerer.answer(question));
  }
  write_output(context, options.output, people_table(questions, answers));
  for (const auto& a : answers) {
    if (!a.simulation) continue;
    context.err << "events " << a.simulation->tile_events << " stalls";
    for (const double share : a.simulation->share) context.err << ' ' << share;
    context.err << '\n';
  }
  return exit_ok;
}

}  // namespace

void add_simulate(Command& command, Context& context) {
  auto options = std::make_shared<SimulateOptions>();
  add_question_options(command, options->question);
  command.option("--cells", options->cells, "answer every row of a CSV file: profile,kernel,pass,dtype,batch,...")
      .placeholder("FILE")
      .group("Question")
      .files();
  add_output_options(command, options->output);
  command.action([options, &context] { return simulate(*options, context); });
}

}  // namespace rooftile::cli
