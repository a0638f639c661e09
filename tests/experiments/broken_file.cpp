#include "broken_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>
#include <vector>

#include "harness.hpp"
#include "scratch.hpp"

namespace rooftile::test {

void PrintTo(const BrokenFile& broken, std::ostream* out) { *out << broken.line; }

void expect_refused(const BrokenFile& broken) {
  const Scratch scratch;
  const std::string file = scratch.write(broken.file, broken.text);
  std::vector<std::string> words = words_of(broken.line);
  for (std::string& word : words) word = word == "FILE" ? file : word.starts_with("new.") ? scratch / word : word;
  const Outcome outcome = run_line(words);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  std::string message = scratch.strip(outcome.err);
  if (const std::size_t at = message.find("allowed: profile, kernel, pass,"); at != std::string::npos) {
    message.replace(at + 9, message.find(';', at) - at - 9, "COLUMNS");
  }
  const std::string expected =
      replaced(replaced(broken.message, "PROFILES", profile_names()), "KERNELS", kernel_names());
  EXPECT_EQ(message, "rooftile: " + expected + "\n");
  for (const auto& entry : std::filesystem::directory_iterator{std::filesystem::path{file}.parent_path()})
    EXPECT_EQ(entry.path(), file) << "left behind";
}

}  // namespace rooftile::test
