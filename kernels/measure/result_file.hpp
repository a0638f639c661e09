// Where the lines go, and what is there already. A line counts once its newline is written; each is flushed, so that
// an interrupt loses at most the measurement in flight.
//
//   ResultFile file("h100.jsonl", /*resume=*/true);      drops a half-written last line
//   if (!file.done(cell_key("time", cell, "cold", "cuda_event"))) file.append(line);
#pragma once

#include <cstddef>
#include <fstream>
#include <ostream>
#include <set>
#include <string>
#include <string_view>

#include "measure/cells.hpp"
#include "measure/json_line.hpp"

namespace rooftile::kernels::measure {

/// What makes two lines of a kind the same measurement. `variant`: the timer, level or `against`.
[[nodiscard]] std::string cell_key(std::string_view kind, const Cell& cell, std::string_view l2,
                                   std::string_view variant);
/// The same for a micro-benchmark; `parameters`: the text of its object.
[[nodiscard]] std::string micro_key(std::string_view name, std::string_view parameters);

/// What a file held when it was opened.
struct ExistingLines {
  std::set<std::string> done;   ///< keys of lines with status ok
  std::set<std::string> tried;  ///< keys of all lines that have a status
  std::string device;           ///< uuid in the last run line that has one
  std::size_t complete = 0;     ///< bytes up to the last newline of a good line
  std::size_t lines = 0;
};

/// Reads lines; BadInput where one before the last is no JSON object with a "kind" (`name`:line): the file is not ours.
[[nodiscard]] ExistingLines read_lines(std::string_view text, const std::string& name);

/// What the file at `path` holds, without touching it. BadInput where it is not empty and `resume` is false, or where
/// it is not ours.
[[nodiscard]] ExistingLines existing_lines(const std::string& path, bool resume);

class ResultFile {
 public:
  /// Opens a file to go on with or to begin; BadInput as existing_lines(), and where it cannot be written.
  ResultFile(std::string path, bool resume);
  /// Lines go to a stream and are all new.
  explicit ResultFile(std::ostream& out) : name_("standard output"), out_(&out) {}

  /// Whether this measurement has a good line from before, or any line from this time.
  [[nodiscard]] bool done(const std::string& key) const { return existing_.done.contains(key) || now_.contains(key); }
  /// Lines that were there.
  [[nodiscard]] const ExistingLines& existing() const { return existing_; }
  /// Writes one line and flushes it. std::runtime_error where the disk does not take it.
  void append(const JsonObject& line);

 private:
  std::string name_;
  ExistingLines existing_;
  std::set<std::string> now_;
  std::ofstream file_;
  std::ostream* out_;
};

}  // namespace rooftile::kernels::measure
