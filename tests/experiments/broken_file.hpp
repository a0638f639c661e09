// A file that a command cannot use, and what it says of it.
#pragma once

#include <iosfwd>
#include <string>

namespace rooftile::test {

struct BrokenFile {
  const char* name;
  const char* file;  ///< what it is called
  std::string text;
  const char* line;     ///< FILE stands for its path; new.* are files that do not exist
  const char* message;  ///< behind "rooftile: "; PROFILES, KERNELS, COLUMNS stand for what is known
};
void PrintTo(const BrokenFile& broken, std::ostream* out);

/// Runs the line: exactly this message, exit code 2, nothing on standard output, and no other file afterwards.
void expect_refused(const BrokenFile& broken);

}  // namespace rooftile::test
