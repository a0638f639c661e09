// What predict and simulate share: questions on the command line or in a file, and their answers as a card, a table for
// people, or the columns of the batch interface.
#pragma once

#include <optional>
#include <string>

#include "cli/question_options.hpp"

namespace rooftile::cli {

struct AskOptions {
  QuestionOptions question;
  std::string cells;
  std::string across;
  bool stalls = false;                      ///< of simulations: where the time went
  bool tensors = false;                     ///< bytes of each tensor
  std::optional<std::int64_t> utilisation;  ///< how busy everything was in so many slices of each launch
  std::string trace;                        ///< of one simulation: file for its timeline
  OutputOptions output;
};

/// All but --stalls, --tensors, --utilisation, --trace and, of simulations, --predictor.
void add_ask_options(Command& command, AskOptions& options, analysis::Method method);

/// Answers by this method and writes; returns the exit code.
int ask(const AskOptions& options, analysis::Method method, Context& context);

}  // namespace rooftile::cli
