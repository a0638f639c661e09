// The declarations of command.hpp in terms of CLI11, and the parsing of one command line. No other file includes CLI11.
#include "cli/command.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "rooftile/model/parse_quantity.hpp"

namespace rooftile::cli {
namespace {

/// "--profile" of "-p,--profile": the name that messages use.
std::string long_name(const std::string& names) { return names.substr(names.rfind(',') + 1); }

std::int64_t to_integer(const std::string& name, const std::string& text) {
  std::int64_t value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc{} || end != last) refuse(name, "'" + text + "' is not a whole number");
  return value;
}

double to_number(const std::string& name, const std::string& text) {
  const auto value = parse_number(text);
  if (!value) refuse(name, value.error());
  return *value;
}

/// An option with one value, given at most once; `store` gets its text.
CLI::Option* single(CLI::App& app, const std::string& names, const std::string& help,
                    std::function<void(const std::string& name, const std::string& text)> store) {
  const std::string name = long_name(names);
  CLI::Option* option = app.add_option(
      names,
      [name, store = std::move(store)](const CLI::results_t& texts) {
        store(name, texts.front());
        return true;
      },
      help);
  return option->type_name("TEXT");
}

}  // namespace

OptionHandle& OptionHandle::required() {
  option_->required();
  return *this;
}

OptionHandle& OptionHandle::placeholder(const std::string& word) {
  option_->type_name(word);
  return *this;
}

OptionHandle& OptionHandle::group(const std::string& heading) {
  option_->group(heading);
  return *this;
}

OptionHandle& OptionHandle::completion(Completion completion) {
  (*completions_)[option_] = std::move(completion);
  return *this;
}

OptionHandle& OptionHandle::values(std::vector<std::string> words) {
  return completion({Completion::Kind::words, std::move(words)});
}

OptionHandle& OptionHandle::files() { return completion({Completion::Kind::files, {}}); }

OptionHandle& OptionHandle::profiles() { return completion({Completion::Kind::profiles}); }

OptionHandle& OptionHandle::kernels() { return completion({Completion::Kind::kernels}); }

OptionHandle Command::option(const std::string& names, std::string& value, const std::string& help) {
  return {single(*app_, names, help, [&value](const std::string&, const std::string& text) { value = text; }),
          chosen_->completions};
}

OptionHandle Command::option(const std::string& names, std::int64_t& value, const std::string& help) {
  return {single(*app_, names, help,
                 [&value](const std::string& name, const std::string& text) { value = to_integer(name, text); }),
          chosen_->completions};
}

OptionHandle Command::option(const std::string& names, std::optional<std::int64_t>& value, const std::string& help) {
  return {single(*app_, names, help,
                 [&value](const std::string& name, const std::string& text) { value = to_integer(name, text); }),
          chosen_->completions};
}

OptionHandle Command::option(const std::string& names, double& value, const std::string& help) {
  return {single(*app_, names, help,
                 [&value](const std::string& name, const std::string& text) { value = to_number(name, text); }),
          chosen_->completions};
}

OptionHandle Command::option(const std::string& names, std::vector<std::string>& values, const std::string& help) {
  CLI::Option* option = app_->add_option(
      names,
      [&values](const CLI::results_t& texts) {
        values = texts;
        return true;
      },
      help);
  option->expected(1, CLI::detail::expected_max_vector_size)->type_name("TEXT");
  option->allow_extra_args(!names.starts_with('-'));
  return {option, chosen_->completions};
}

OptionHandle Command::flag(const std::string& names, bool& value, const std::string& help) {
  return {app_->add_flag(names, value, help), chosen_->completions};
}

void Command::examples(const std::vector<std::string>& lines) {
  std::string text = "Examples:";
  for (const std::string& line : lines) text += "\n  " + line;
  app_->footer(text);
}

Command Command::subcommand(const std::string& name, const std::string& summary) {
  app_->require_subcommand(1);
  app_->set_help_flag("-h,--help", "this help");
  return {*app_->add_subcommand(name, summary), *chosen_};
}

void Command::action(std::function<int()> run) {
  option("--color", chosen_->color, "auto, always or never")
      .placeholder("WHEN")
      .group("Output")
      .values({"auto", "always", "never"});
  app_->add_flag("-v,--verbose", chosen_->verbosity, "say more")->group("Output");
  app_->set_help_flag("-h,--help", "this help")->group("Output");
  app_->callback([chosen = chosen_, run = std::move(run)] { chosen->action = run; });
}

namespace {

using Names = std::vector<std::string>;

std::vector<std::string_view> views(const Names& names) { return {names.begin(), names.end()}; }

Names subcommand_names(const CLI::App& app) {
  Names names;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  return names;
}

Names option_names(const CLI::App& app) {
  Names names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

const CLI::App& deepest(const CLI::App& app) {
  const CLI::App* found = &app;
  while (!found->get_subcommands().empty()) found = found->get_subcommands().back();
  return *found;
}

/// What is wrong with the first word that nothing took; empty if every word was taken.
std::string stray_word(const CLI::App& root) {
  const CLI::App& app = deepest(root);
  const Names words = app.remaining();
  if (words.empty()) return {};
  const std::string& word = words.front();
  const Names commands = subcommand_names(app);
  if (word.starts_with('-')) {
    const std::string name = word.substr(0, word.find('='));
    std::string text = "unknown option '" + name + "'";
    const Names known = option_names(app);
    if (const auto near = nearest_name(name, views(known))) text += "; did you mean '" + std::string{*near} + "'?";
    return text;
  }
  if (!commands.empty()) return unknown_name_message("command", word, views(commands));
  return "unexpected argument '" + word + "'";
}

std::string message_of(const CLI::App& root, const CLI::ParseError& error) {
  if (std::string text = stray_word(root); !text.empty()) return text;
  const CLI::App& app = deepest(root);
  std::string what = error.what();
  if (error.get_name() == "ArgumentMismatch") {
    const bool repeated = what.find("At Most") != std::string::npos;
    return what.substr(0, what.find(':')) + (repeated ? ": given more than once" : ": a value is missing");
  }
  if (error.get_name() == "RequiredError" && what == "A subcommand is required") {
    const Names commands = subcommand_names(app);
    return "a command is expected; allowed: " + join(views(commands));
  }
  return what;
}

/// Groups of options are set apart by one empty line.
std::string without_double_gaps(std::string text) {
  for (std::size_t at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n", at)) text.erase(at, 1);
  return text;
}

std::string full_name(const CLI::App& root) {
  std::string name = root.get_name();
  for (const CLI::App* app = &root; !app->get_subcommands().empty();) {
    app = app->get_subcommands().back();
    name += ' ' + app->get_name();
  }
  return name;
}

/// Declares the options of the command `first`; of all, if there is none of this name.
void declare(CLI::App& app, Chosen& chosen, Context& context, const std::string& first) {
  const auto all = commands();
  const bool named =
      std::any_of(all.begin(), all.end(), [&](const CommandEntry& entry) { return entry.name == first; });
  for (const CommandEntry& entry : all) {
    CLI::App* sub = app.add_subcommand(std::string{entry.name}, std::string{entry.summary});
    if (named && entry.name != first) continue;
    Command command{*sub, chosen};
    entry.add(command, context);
  }
}

}  // namespace

namespace {

constexpr const char* program_summary =
    "Predicts what an attention kernel does on a GPU: bytes per memory level, time, and what bounds it.";

/// What the word in the help says of an option that says nothing itself.
Completion by_placeholder(const CLI::Option& option) {
  const std::string word = option.get_positional() ? option.get_name(true) : option.get_type_name();
  for (const std::string& said : {word, option.get_type_name()}) {
    if (said == "FILE") return {Completion::Kind::files, {}};
    if (said == "PROFILE") return {Completion::Kind::profiles, {}};
  }
  return {};
}

DescribedOption described(const CLI::Option& option, const Completions& completions) {
  DescribedOption described{.takes_value = option.get_expected_max() > 0, .help = option.get_description()};
  for (const std::string& name : option.get_snames()) described.names.push_back('-' + name);
  for (const std::string& name : option.get_lnames()) described.names.push_back("--" + name);
  const auto found = completions.find(&option);
  described.completion = found != completions.end() ? found->second : by_placeholder(option);
  return described;
}

void describe_into(std::vector<DescribedCommand>& commands, const CLI::App& app, const std::string& path,
                   const Completions& completions) {
  DescribedCommand command{.path = path, .summary = app.get_description()};
  for (const CLI::Option* option : app.get_options()) command.options.push_back(described(*option, completions));
  commands.push_back(std::move(command));
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    describe_into(commands, *sub, path.empty() ? sub->get_name() : path + ' ' + sub->get_name(), completions);
}

}  // namespace

std::vector<DescribedCommand> described_commands(Context& context) {
  CLI::App app{program_summary, "rooftile"};
  Chosen chosen;
  declare(app, chosen, context, "");
  std::vector<DescribedCommand> commands;
  describe_into(commands, app, "", chosen.completions);
  return commands;
}

ParsedLine parse(Context& context) {
  CLI::App app{program_summary, "rooftile"};
  app.footer(
      "rooftile COMMAND --help tells more. Exit codes: 0 fine, 1 failed, 2 bad input, 3 threshold exceeded,\n"
      "77 needs a GPU.");
  app.set_help_flag("-h,--help", "this help");
  app.require_subcommand(1);
  app.allow_extras();
  ParsedLine line;
  declare(app, line.chosen, context, context.arguments.empty() ? "" : context.arguments.front());
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) {
    sub->allow_extras();
    for (CLI::App* below : sub->get_subcommands([](CLI::App*) { return true; })) below->allow_extras();
  }
  std::vector<std::string> reversed{context.arguments.rbegin(), context.arguments.rend()};
  try {
    app.parse(reversed);
    line.problem = stray_word(app);
  } catch (const CLI::CallForHelp&) {
    line.help = without_double_gaps(app.help());
  } catch (const CLI::ParseError& error) {
    line.problem = message_of(app, error);
  }
  line.command = full_name(app);
  return line;
}

}  // namespace rooftile::cli
