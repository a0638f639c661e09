// How a command joins the program: one line in the table of commands.cpp and one function that declares its options.
//
//   void add_query(Command& command, Context& context) {
//     auto options = std::make_shared<QueryOptions>();
//     command.option("--db", options->database, "database file").required();
//     add_output_options(command, options->output);
//     command.examples({"rooftile query --db results.db --canned worst", "..."});
//     command.action([options, &context] { return query(*options, context); });
//   }
//
// This is all that a command sees of the command line library: one translation unit includes it (command.cpp).
// Bad input is thrown as InputError (exit code 2); an action returns the exit code.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "question/catalogues.hpp"
#include "question/data_directories.hpp"
#include "rooftile/analysis/report.hpp"
#include "rooftile/model/error.hpp"
#include "rooftile/model/names.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace rooftile::cli {

/// Exit codes of the program.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_bad_input = 2;
inline constexpr int exit_threshold = 3;
inline constexpr int exit_needs_gpu = 77;

/// What every command can reach. Data goes to `out`, progress and warnings to `err`.
struct Context {
  std::ostream& out;
  std::ostream& err;
  experiments::DataDirectories data;
  experiments::Catalogues catalogues{data};
  bool out_is_terminal = false;
  bool err_is_terminal = false;        ///< a progress bar is drawn only then
  bool color = false;                  ///< decided from --color, NO_COLOR and the terminal
  int verbosity = 0;                   ///< number of -v
  std::vector<std::string> arguments;  ///< as typed, program name left out
};

/// What may stand behind an option, for completion in a shell.
struct Completion {
  enum class Kind : std::uint8_t { anything, words, files, profiles, kernels };
  Kind kind = Kind::anything;
  std::vector<std::string> words{};  ///< of kind words
};
using Completions = std::map<const CLI::Option*, Completion>;

/// One option, for what a declaration says beyond its name.
class OptionHandle {
 public:
  OptionHandle(CLI::Option* option, Completions& completions) : option_{option}, completions_{&completions} {}
  OptionHandle& required();
  /// The values that a shell offers; the command checks what it is given. The placeholders FILE and PROFILE say as much
  /// by themselves.
  OptionHandle& values(std::vector<std::string> words);
  template <class E>
  OptionHandle& values_of() {
    const auto names = all_names<E>();
    return values({names.begin(), names.end()});
  }
  OptionHandle& files();
  /// Names of profiles and of kernels, and files.
  OptionHandle& profiles();
  OptionHandle& kernels();
  /// The word in the help: "--seq LIST".
  OptionHandle& placeholder(const std::string& word);
  /// Heading under which the help lists it.
  OptionHandle& group(const std::string& heading);

 private:
  OptionHandle& completion(Completion completion);

  CLI::Option* option_;
  Completions* completions_;
};

/// What a parsed line asks for.
struct Chosen {
  std::function<int()> action;
  std::string color = "auto";
  int verbosity = 0;
  Completions completions;
};

/// A command under construction. Names are given as "-p,--profile"; a name without dashes is a positional argument.
class Command {
 public:
  /// `chosen` receives the action of the command that the line names, and what every command can be told.
  Command(CLI::App& app, Chosen& chosen) : app_{&app}, chosen_{&chosen} {}

  OptionHandle option(const std::string& names, std::string& value, const std::string& help);
  OptionHandle option(const std::string& names, std::int64_t& value, const std::string& help);
  /// Nothing until the user gives it.
  OptionHandle option(const std::string& names, std::optional<std::int64_t>& value, const std::string& help);
  OptionHandle option(const std::string& names, double& value, const std::string& help);
  /// Repeatable; a positional one takes all remaining words.
  OptionHandle option(const std::string& names, std::vector<std::string>& values, const std::string& help);
  OptionHandle flag(const std::string& names, bool& value, const std::string& help);
  /// Shown at the end of the help, one a line; the first word is "rooftile". At least two, each runnable.
  void examples(const std::vector<std::string>& lines);
  /// A command below this one ("db import").
  Command subcommand(const std::string& name, const std::string& summary);
  /// What runs when this command was chosen; returns the exit code.
  void action(std::function<int()> run);

 private:
  CLI::App* app_;
  Chosen* chosen_;
};

/// One row of the table of commands.
struct CommandEntry {
  std::string_view name;
  std::string_view summary;  ///< one line of the help
  void (*add)(Command& command, Context& context);
};
/// All commands, in the order of the help (commands.cpp).
[[nodiscard]] std::span<const CommandEntry> commands();

/// An option as it was declared; positional ones have no names.
struct DescribedOption {
  std::vector<std::string> names{};  ///< "-p", "--profile"
  bool takes_value = false;
  std::string help{};
  Completion completion{};
};
/// A command as it was declared, for what is generated from all of them.
struct DescribedCommand {
  std::string path{};     ///< "profile show"; "" for the program itself
  std::string summary{};  ///< one line
  std::vector<DescribedOption> options{};
};
/// The program and every command below it, each before its own sub-commands.
[[nodiscard]] std::vector<DescribedCommand> described_commands(Context& context);

/// --format and -o: where a command's Table goes.
struct OutputOptions {
  std::string format = "table";
  std::string file;           ///< empty: standard output
  std::string option = "-o";  ///< that named the file
};
void add_output_options(Command& command, OutputOptions& options);
/// The format asked for. Throws InputError for an unknown one.
[[nodiscard]] analysis::Format format_of(const OutputOptions& options);
/// Hands `write` the stream that -o names, or context.out. A file appears only when `write` returned and every byte
/// was accepted: it is written beside its place and renamed. Throws InputError if it cannot be written.
void write_output(Context& context, const OutputOptions& options, const std::function<void(std::ostream&)>& write);
/// Colour where the data goes to standard output and colour is wanted.
[[nodiscard]] analysis::Style style_of(const Context& context, const OutputOptions& options);
/// write_output of a table in the format asked for; colour only on a terminal's standard output.
void write_output(Context& context, const OutputOptions& options, const analysis::Table& table);

/// A value from a table of names. Throws InputError "--mask: unknown mask 'casual'; allowed: ...; did you mean
/// 'causal'?".
template <class E>
[[nodiscard]] E parse_name(std::string_view option, std::string_view text);

/// "--mask: message".
[[noreturn]] void refuse(std::string_view option, const std::string& message);

/// Runs one command line (without the program's name) in this process; never throws. Returns the exit code.
[[nodiscard]] int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

/// The same with the terminal's properties and the environment's wishes given.
struct Surroundings {
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool no_color = false;                      ///< NO_COLOR is set
  std::optional<std::string> data_directory;  ///< ROOFTILE_DATA_DIR
};
[[nodiscard]] int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                      const Surroundings& surroundings);

template <class E>
E parse_name(std::string_view option, std::string_view text) {
  if (const auto value = from_name<E>(text)) return *value;
  refuse(option, unknown_name_message(EnumNames<E>::kind, text, all_names<E>()));
}

}  // namespace rooftile::cli
