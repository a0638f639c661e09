#include "scratch.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "harness.hpp"

namespace rooftile::test {

Scratch::Scratch() {
  std::string name = (std::filesystem::temp_directory_path() / "rooftile-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"cannot make a folder like " + name};
  folder_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Scratch::write(const std::string& name, const std::string& text) const {
  const std::filesystem::path file = folder_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream{file, std::ios::binary} << text;
  return file.string();
}

std::string Scratch::strip(std::string text) const { return replaced(std::move(text), folder_.string() + "/", ""); }

}  // namespace rooftile::test
