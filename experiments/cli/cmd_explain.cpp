// rooftile explain: the arithmetic behind a prediction.
#include "rooftile/model/explanation.hpp"

#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/people.hpp"
#include "cli/question_options.hpp"
#include "question/columns.hpp"

namespace rooftile::cli {
namespace {

using analysis::Format;
using analysis::Show;
using analysis::Table;
using analysis::Value;
using experiments::Answer;
using experiments::Question;

struct ExplainOptions {
  QuestionOptions question;
  OutputOptions output;
};

struct Explained {
  Question question;
  Answer answer;
  Explanation explanation;  ///< empty unless the status is ok
};

std::vector<Value> line_cells(const ExplanationSection& section, const ExplanationLine& line) {
  return {section.title, line.what, line.formula, line.value, line.source};
}

/// The question's columns, then section, what, formula, value, source: one row per line.
Table machine_table(const std::vector<Explained>& all) {
  std::vector<Question> questions;
  for (const Explained& one : all) questions.push_back(one.question);
  Table table{.name = "explain", .columns = experiments::question_columns(questions)};
  const auto asked = table.columns;
  for (const char* name : {"section", "what", "formula", "value", "source"})
    table.columns.push_back({name, name, Show::text});
  for (const Explained& one : all) {
    const auto question = experiments::question_cells(one.question, asked);
    const auto add = [&](const ExplanationSection& section, const ExplanationLine& line) {
      auto row = question;
      for (Value& cell : line_cells(section, line)) row.push_back(std::move(cell));
      table.rows.push_back(std::move(row));
    };
    for (const ExplanationSection& section : one.explanation.sections) {
      for (const ExplanationLine& line : section.lines) add(section, line);
    }
    if (one.answer.status != Status::ok) {
      add({"answer", {}}, {std::string{name_of(one.answer.status)}, one.answer.reason, "", ""});
    }
  }
  return table;
}

/// Sections one below the other, aligned alike.
void write_for_people(std::ostream& out, const Explained& one, analysis::Style style) {
  write_answer_card(out, one.question, one.answer, style);
  for (const ExplanationSection& section : one.explanation.sections) {
    Table table{.title = section.title};
    for (const char* name : {"what", "how", "value", "source"}) table.columns.push_back({name, name, Show::text});
    for (const ExplanationLine& line : section.lines) {
      table.rows.push_back({line.what, line.formula, line.value, line.source});
    }
    out << '\n';
    analysis::write_table(out, table, style);
  }
}

int explain_all(const ExplainOptions& options, Context& context) {
  const Format format = format_of(options.output);
  std::vector<Explained> all;
  experiments::Answerer answerer{context.catalogues};
  for (const Question& question : questions_of(options.question)) {
    Explained one{question, answerer.answer(question), {}};
    const Answer& answer = one.answer;
    if (answer.status == Status::ok) {
      one.explanation = answer.predictor->explain(*answer.profile, answerer.program(), answer.prediction);
    }
    all.push_back(std::move(one));
  }
  if (format == Format::table) {
    write_output(context, options.output, [&](std::ostream& out) {
      for (const Explained& one : all) {
        if (&one != &all.front()) out << '\n';
        write_for_people(out, one, style_of(context, options.output));
      }
    });
  } else {
    write_output(context, options.output, machine_table(all));
  }
  return all.size() == 1 && all[0].answer.status != Status::ok ? exit_failed : exit_ok;
}

}  // namespace

void add_explain(Command& command, Context& context) {
  auto options = std::make_shared<ExplainOptions>();
  add_question_options(command, options->question);
  add_output_options(command, options->output);
  command.examples(
      {"rooftile explain -p a100_sxm4_80gb -k fa2 --batch 8 --heads 16 --seq 4096 --head-dim 128 --mask causal",
       "rooftile explain -p v100_sxm2_16gb -k standard --heads 16 --seq 1024 --head-dim 64 --format "
       "md"});
  command.action([options, &context] { return explain_all(*options, context); });
}

}  // namespace rooftile::cli
