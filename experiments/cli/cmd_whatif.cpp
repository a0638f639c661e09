// rooftile whatif: the same question on the profile as it is and on changed ones.
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/question_options.hpp"
#include "cli/whatif_tables.hpp"
#include "question/value_list.hpp"

namespace rooftile::cli {
namespace {

using analysis::Format;
using experiments::Question;
using Settings = std::vector<yaml::Setting>;

/// More changed profiles than this are a slip in a range.
constexpr std::size_t most_changes = 100'000;

struct WhatifOptions {
  QuestionOptions question;
  bool sensitivity = false;
  OutputOptions output;
};

/// The combinations that --set asks for: the product of its lists, the first outermost.
std::vector<Settings> combinations_of(const std::vector<std::string>& texts) {
  std::vector<Settings> combinations(1);
  for (const std::string& text : texts) {
    const yaml::Setting list = yaml::parse_setting(text);
    const auto values = experiments::quantity_list("--set " + list.path, list.text);
    std::vector<Settings> more;
    for (const Settings& settings : combinations) {
      for (const std::string& value : values) {
        more.push_back(settings);
        more.back().push_back({list.path, value});
      }
    }
    if (more.size() > most_changes) {
      throw InputError{"--set: the lists ask for more than " + std::to_string(most_changes) + " changed profiles"};
    }
    combinations = std::move(more);
  }
  return combinations;
}

std::vector<Question> unchanged_questions(const QuestionOptions& options) {
  QuestionOptions unchanged = options;
  unchanged.settings.clear();
  return questions_of(unchanged);
}

int write_sensitivity(const WhatifOptions& options, Context& context) {
  const Format format = format_of(options.output);
  const std::vector<Settings> combinations = combinations_of(options.question.settings);
  if (combinations.size() > 1) refuse("--sensitivity", "takes one value for each --set: the profile it starts from");
  experiments::Answerer answerer{context.catalogues};
  std::vector<experiments::Sensitivity> found;
  bool all_ok = true;
  for (Question& question : unchanged_questions(options.question)) {
    question.settings = combinations.front();
    found.push_back(experiments::sensitivity(question, answerer));
    all_ok = all_ok && found.back().base.status == Status::ok;
  }
  write_output(context, options.output, sensitivity_table(found, format == Format::table || format == Format::md));
  return found.size() == 1 && !all_ok ? exit_failed : exit_ok;
}

int whatif(const WhatifOptions& options, Context& context) {
  if (options.sensitivity) return write_sensitivity(options, context);
  const Format format = format_of(options.output);
  if (options.question.settings.empty()) {
    throw InputError{
        "--set is required: say what changes, as in --set memory.dram.bandwidth=\"3 TB/s\"; or --sensitivity"};
  }
  const std::vector<Settings> combinations = combinations_of(options.question.settings);
  experiments::Answerer answerer{context.catalogues};
  std::vector<Whatif> whatifs;
  for (const Question& question : unchanged_questions(options.question)) {
    whatifs.push_back({question, answerer.answer(question), {}});
    for (const Settings& settings : combinations) {
      Question changed = question;
      changed.settings = settings;
      whatifs.back().changed.push_back({changed, answerer.answer(changed)});
    }
  }
  const bool single = whatifs.size() == 1 && combinations.size() == 1;
  if (format == Format::table && single) {
    write_output(context, options.output,
                 [&](std::ostream& out) { write_comparison(out, whatifs[0], style_of(context, options.output)); });
  } else if (format == Format::table) {
    write_output(context, options.output,
                 combinations.size() == 1 ? people_questions(whatifs) : people_changes(whatifs));
  } else {
    write_output(context, options.output, machine_table(whatifs));
  }
  const bool ok = whatifs[0].base.status == Status::ok && whatifs[0].changed.front().answer.status == Status::ok;
  return single && !ok ? exit_failed : exit_ok;
}

}  // namespace

void add_whatif(Command& command, Context& context) {
  auto options = std::make_shared<WhatifOptions>();
  add_question_options(command, options->question);
  command
      .flag("--sensitivity", options->sensitivity,
            "which numbers of the profile decide the time: each 10 % lower and higher")
      .group("Model");
  add_output_options(command, options->output);
  command.examples(
      {"rooftile whatif -p a100_sxm4_80gb -k fa2 --heads 16 --seq 4096 --head-dim 128 --set "
       "memory.dram.bandwidth=\"3 TB/s\"",
       "rooftile whatif -p h100_sxm5_80gb -k standard --heads 16 --seq 1024:8192:x2 --head-dim 64 --set "
       "memory.l2.capacity=\"100 MiB\"",
       "rooftile whatif -p a100_sxm4_80gb -k standard --heads 16 --seq 4096 --head-dim 64 --set "
       "memory.dram.bandwidth=\"1:4:x2 TB/s\" --set sm.count=54,108",
       "rooftile whatif -p a100_sxm4_80gb -k fa2 --heads 16 --seq 4096 --head-dim 128 --sensitivity"});
  command.action([options, &context] { return whatif(*options, context); });
}

}  // namespace rooftile::cli
