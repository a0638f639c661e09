// A folder for one test: files to read, databases to write, gone afterwards.
#pragma once

#include <filesystem>
#include <string>

namespace rooftile::test {

class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// The path of a name inside.
  [[nodiscard]] std::string operator/(const std::string& name) const { return (folder_ / name).string(); }
  /// Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& text) const;
  /// The text without this folder in paths: messages are compared by file name.
  [[nodiscard]] std::string strip(std::string text) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace rooftile::test
