// The options that say what is asked: predict, simulate, explain, whatif and execute share them.
//
//   -p a100_sxm4_80gb,l40s -k fa2 --seq 512:16384:x2 --head-dim 128      12 questions: the cartesian product
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "question/question.hpp"

namespace rooftile::cli {

/// As typed; lists unparsed. An empty text was not given.
struct QuestionOptions {
  std::string profile, kernel, op = "attention";
  std::string batch, heads, kv_heads, seq, seq_q, seq_kv, head_dim;
  std::string m, n, k, rows, cols;
  std::string dtype, mask, pass, dropout, br, bc, warps, stages, l2;
  std::string predictor = "hierarchical";
  std::vector<std::string> settings;
};

/// Whether --predictor is among the options.
enum class Predictors { offered, none };
void add_question_options(Command& command, QuestionOptions& options, Predictors predictors = Predictors::offered);

/// True if an option says what is asked, and not only how it is answered (--predictor, --set).
[[nodiscard]] bool says_what_is_asked(const QuestionOptions& options);

/// The questions asked, in the order of a nested loop over the lists: profile outermost, then kernel, shape, dtype,
/// mask, pass. Throws InputError for what is missing, malformed or does not belong to the op.
[[nodiscard]] std::vector<experiments::Question> questions_of(const QuestionOptions& options);

}  // namespace rooftile::cli
