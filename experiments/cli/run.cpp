// One command line, in-process: parse, run, and turn every way of failing into an exit code.
#include <exception>
#include <filesystem>
#include <ostream>

#include "cli/parse.hpp"

namespace rooftile::cli {
namespace {

enum class ColorWish : std::uint8_t { automatic, always, never };

}  // namespace
}  // namespace rooftile::cli

template <>
struct rooftile::EnumNames<rooftile::cli::ColorWish> {
  using enum cli::ColorWish;
  static constexpr std::string_view kind = "colour setting";
  static constexpr Named<cli::ColorWish> table[] = {{automatic, "auto"}, {always, "always"}, {never, "never"}};
};

namespace rooftile::cli {
namespace {

bool color_wanted(const std::string& text, const Surroundings& surroundings) {
  switch (parse_name<ColorWish>("--color", text)) {
    case ColorWish::always: return true;
    case ColorWish::never: return false;
    case ColorWish::automatic: return surroundings.out_is_terminal && !surroundings.no_color;
  }
  return false;
}

int run_line(Context& context, const Surroundings& surroundings) {
  const ParsedLine line = parse(context);
  if (!line.problem.empty()) {
    context.err << "rooftile: " << line.problem << "\nsee: " << line.command << " --help\n";
    return exit_bad_input;
  }
  if (!line.help.empty()) {
    context.out << line.help;
    return exit_ok;
  }
  context.verbosity = line.chosen.verbosity;
  context.color = color_wanted(line.chosen.color, surroundings);
  return line.chosen.action();
}

int run_and_report(Context& context, const Surroundings& surroundings) {
  const int code = run_line(context, surroundings);
  context.out.flush();
  if (context.out.good()) return code;
  context.err << "rooftile: cannot write to standard output\n";
  return exit_failed;
}

}  // namespace

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  return run(arguments, out, err, Surroundings{});
}

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
        const Surroundings& surroundings) try {
  Context context{.out = out,
                  .err = err,
                  .data = experiments::find_data(surroundings.data_directory),
                  .out_is_terminal = surroundings.out_is_terminal,
                  .err_is_terminal = surroundings.err_is_terminal,
                  .arguments = arguments};
  return run_and_report(context, surroundings);
} catch (const InputError& error) {
  out.flush();
  err << "rooftile: " << error.what() << '\n';
  return exit_bad_input;
} catch (const std::filesystem::filesystem_error& error) {  // a name too long, a folder that may not be entered
  out.flush();
  err << "rooftile: " << error.path1().string() << ": " << error.code().message() << '\n';
  return exit_bad_input;
} catch (const std::exception& error) {
  out.flush();
  err << "rooftile: internal error: " << error.what() << '\n';
  return exit_failed;
}

}  // namespace rooftile::cli
