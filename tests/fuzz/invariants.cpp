#include "invariants.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace rooftile::fuzz {
namespace {

/// The lines of a text; what follows the last line break is one, too.
std::size_t count_lines(std::string_view text) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string_view line_of(std::string_view text, std::size_t number) {
  for (std::size_t i = 1; i < number; ++i) text.remove_prefix(text.find('\n') + 1);
  return text.substr(0, text.find('\n'));
}

}  // namespace

void require(bool kept, std::string_view promise, std::string_view seen) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %.*s\nseen: %.*s\n", static_cast<int>(promise.size()), promise.data(),
               static_cast<int>(seen.size()), seen.data());
  std::abort();
}

std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};  // NOLINT: bytes are what libFuzzer has
}

void check_refusal(const InputError& error, std::string_view text, const std::string& file,
                   std::initializer_list<std::string_view> of_the_whole, bool names_others) {
  const std::string message = error.what();
  const Location& where = error.where();
  const std::string place = to_string(where) + ": ";
  require(message.starts_with(place) && message.size() > place.size(), "a message follows its place", message);
  if (where.file != file) {  // another file that this one names
    require(!where.file.empty() && names_others, "a refusal names its file", message);
    return;
  }
  const std::string said = message.substr(place.size());
  const bool whole = std::any_of(of_the_whole.begin(), of_the_whole.end(),
                                 [&](std::string_view start) { return said.starts_with(start); });
  if (whole) return;
  const auto line = static_cast<std::size_t>(where.line);
  require(where.line >= 1 && line <= count_lines(text), "a refusal names a line of the text", message);
  const auto column = static_cast<std::size_t>(where.column);
  require(where.column >= 0 && column <= line_of(text, line).size() + 1, "a refusal names a column of the line",
          message);
}

ScratchFile::ScratchFile(const std::string& name) {
  namespace fs = std::filesystem;
  const fs::path memory = "/dev/shm";
  folder_ = ((fs::is_directory(memory) ? memory : fs::temp_directory_path()) / "rooftile-fuzz-XXXXXX").string();
  require(::mkdtemp(folder_.data()) != nullptr, "a folder can be made", folder_);
  path_ = folder_ + '/' + name;
}

ScratchFile::~ScratchFile() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void ScratchFile::write(std::string_view text) const {
  std::ofstream out{path_, std::ios::binary | std::ios::trunc};
  out << text;
  require(out.flush().good(), "the file can be written", path_);
}

}  // namespace rooftile::fuzz
