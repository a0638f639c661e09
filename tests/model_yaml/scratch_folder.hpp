// A folder of its own for the files that one test writes; gone when the test ends.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace rooftile::yaml {

class ScratchFolder {
 public:
  ScratchFolder() {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::path{testing::TempDir()} /
            ("rooftile_" + std::string{test->test_suite_name()} + "_" + test->name());
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file, std::ios::binary} << text;
    return file;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// A message without the folder: "<folder>/x.yaml:1:1: ..." to "x.yaml:1:1: ...".
  [[nodiscard]] std::string without_folder(std::string message) const {
    const std::string folder = path_.string() + "/";
    for (std::size_t at = message.find(folder); at != std::string::npos; at = message.find(folder)) {
      message.erase(at, folder.size());
    }
    const std::string bare = path_.string();
    for (std::size_t at = message.find(bare); at != std::string::npos; at = message.find(bare)) {
      message.replace(at, bare.size(), "<folder>");
    }
    return message;
  }

 private:
  std::filesystem::path path_;
};

/// what() of the InputError that `action` throws; "" if it throws none.
template <class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace rooftile::yaml
