#include "harness.hpp"

#include <gtest/gtest.h>
#include <algorithm>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/command.hpp"

namespace rooftile::test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

Outcome run_line(const std::vector<std::string>& words) {
  // Messages name files relative to the working directory.
  std::filesystem::current_path(ROOFTILE_SOURCE_DIR);
  std::ostringstream out;
  std::ostringstream err;
  cli::Surroundings surroundings;
  surroundings.data_directory = ROOFTILE_SOURCE_DIR;
  Outcome outcome;
  outcome.code = cli::run(words, out, err, surroundings);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

void PrintTo(const GoldenLine& golden, std::ostream* out) { *out << golden.line; }

void PrintTo(const BrokenLine& broken, std::ostream* out) { *out << broken.line; }

std::string answer(const std::string& db, const std::string& sql) {
  const Outcome outcome = run_line({"query", "--db", db, "--format", "csv", sql});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return outcome.out.substr(outcome.out.find('\n') + 1);
}

std::string profile_names() {
  std::istringstream list{run_line({"profile", "list", "--format", "csv"}).out};
  std::string names;
  std::string line;
  std::getline(list, line);  // the header
  while (std::getline(list, line)) names += (names.empty() ? "" : ", ") + line.substr(0, line.find(','));
  return names;
}

std::string kernel_names() {
  std::vector<std::string> specs;
  for (const auto& file : std::filesystem::directory_iterator{"kernels/specs"}) {
    if (file.path().extension() == ".yaml") specs.push_back(file.path().stem());
  }
  std::sort(specs.begin(), specs.end());
  std::string names = "flash1, flash2, flash3, split_kv, standard";
  for (const std::string& spec : specs) names += ", " + spec;
  return names;
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  bool in_word = false;
  for (const char c : line) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c != ' ') {
      word += c;
      in_word = true;
    } else if (in_word) {
      words.push_back(std::exchange(word, {}));
      in_word = false;
    }
  }
  if (in_word) words.push_back(word);
  return words;
}

std::string first_difference(const std::string& expected, const std::string& actual) {
  if (expected == actual) return {};
  const auto want = lines_of(expected);
  const auto have = lines_of(actual);
  for (std::size_t i = 0; i < std::max(want.size(), have.size()); ++i) {
    const std::string expected_line = i < want.size() ? '"' + want[i] + '"' : "the end";
    const std::string actual_line = i < have.size() ? '"' + have[i] + '"' : "the end";
    if (expected_line == actual_line) continue;
    return "line " + std::to_string(i + 1) + ":\n  expected " + expected_line + "\n  got      " + actual_line;
  }
  return "the texts differ in their last line break";
}

void expect_golden(const std::string& name, const std::string& text) {
  const std::filesystem::path file =
      std::filesystem::path{ROOFTILE_SOURCE_DIR} / "tests/experiments/golden" / (name + ".txt");
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream{file, std::ios::binary} << text;
    return;
  }
  std::ifstream stream{file, std::ios::binary};
  ASSERT_TRUE(stream) << file << " is missing; UPDATE_GOLDEN=1 writes it";
  std::ostringstream expected;
  expected << stream.rdbuf();
  const std::string difference = first_difference(expected.str(), text);
  EXPECT_TRUE(difference.empty()) << file << ", " << difference << "\nUPDATE_GOLDEN=1 rewrites it";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace rooftile::test
