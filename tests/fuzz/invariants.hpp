// What every reader promises, whatever it is given, and what a fuzz target needs to ask for it.
//
//   a text is read, or refused with an InputError (any other exception ends the target)
//   a refusal says something, and where: file, a line of the text, a column of that line
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "rooftile/model/error.hpp"

namespace rooftile::fuzz {

/// Ends the target, as a crash does, with `promise` and `seen` on stderr.
void require(bool kept, std::string_view promise, std::string_view seen);

/// The text behind the pointer that libFuzzer hands over.
[[nodiscard]] std::string text_of(const std::uint8_t* data, std::size_t size);

/// A refusal of `text`, read under the name `file`. `of_the_whole` are the messages that have no line; a text that
/// names other files may be refused for what stands in those.
void check_refusal(const InputError& error, std::string_view text, const std::string& file,
                   std::initializer_list<std::string_view> of_the_whole, bool names_others = false);

/// A file in memory where there is such a folder, written anew for every text.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& name);
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  void write(std::string_view text) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string folder_;
  std::string path_;
};

}  // namespace rooftile::fuzz
