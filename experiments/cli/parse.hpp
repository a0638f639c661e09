// From the words of a command line to what shall run.
#pragma once

#include <string>

#include "cli/command.hpp"

namespace rooftile::cli {

/// Exactly one of help, problem and chosen.action is set.
struct ParsedLine {
  Chosen chosen;
  std::string command;  ///< "rooftile profile show", as far as it was understood
  std::string help;     ///< asked for with --help
  std::string problem;  ///< what cannot be understood
};

/// Parses context.arguments. InputError where an option refuses its value.
[[nodiscard]] ParsedLine parse(Context& context);

}  // namespace rooftile::cli
