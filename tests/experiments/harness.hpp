// Command lines run in-process, and their output held against files in golden/.
//
//   golden/predict_card.txt      $ rooftile predict -p a100_sxm4_80gb -k fa2 --seq 4096 --head-dim 128
//                                fa2 on a100_sxm4_80gb: ...
//                                exit 0
//
// UPDATE_GOLDEN=1 rewrites the files; the difference is then read in review.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace rooftile::test {

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

/// A line whose output stands in golden/<name>.txt.
struct GoldenLine {
  const char* name;
  const char* line;
};
void PrintTo(const GoldenLine& golden, std::ostream* out);

/// A line that is refused with this message.
struct BrokenLine {
  const char* line;
  const char* message;
};
void PrintTo(const BrokenLine& broken, std::ostream* out);

/// Runs the words behind "rooftile" on the data of the source tree; no terminal, no environment.
[[nodiscard]] Outcome run_line(const std::vector<std::string>& words);

/// The rows that `rooftile query` finds, as CSV without the header.
[[nodiscard]] std::string answer(const std::string& db, const std::string& sql);

/// The names of the shipped profiles as messages list them: "a10, a100_flashattention_paper, ...".
[[nodiscard]] std::string profile_names();
/// The same for kernels: bare algorithm names, then the specs.
[[nodiscard]] std::string kernel_names();

/// A line split at spaces; single and double quotes hold words together, as in a shell.
[[nodiscard]] std::vector<std::string> words_of(const std::string& line);

/// The first difference of two texts ("line 3: expected ..., got ..."); empty if they are equal.
[[nodiscard]] std::string first_difference(const std::string& expected, const std::string& actual);

/// Expects `text` to equal golden/<name>.txt.
void expect_golden(const std::string& name, const std::string& text);

/// Every occurrence of `from` replaced.
[[nodiscard]] std::string replaced(std::string text, const std::string& from, const std::string& to);

}  // namespace rooftile::test
