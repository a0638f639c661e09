// What is known of whole lines of shared memory, so that an access need not look at each of its words. A line is 512
// bytes: what a warp moves at 16 bytes per lane. A bound is a stamp that none of the line's words exceeds.
//
//   bounds.written_below(span, floor, words)      true: every word was written, and that is ordered before this access
//   bounds.reads_seen(span, warp, segments)       true: so is every read, of all warps
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/segments.hpp"

namespace rooftile::kernels::host {

/// The lines from `first` to `last`.
struct Span {
  std::uint32_t first;
  std::uint32_t last;
};

class LineBounds {
 public:
  static constexpr std::uint32_t line_bytes = 512;
  static constexpr std::uint32_t line_words = line_bytes / 4;

  void start(std::size_t lines, int warps, bool keep_reads) {
    warps_ = static_cast<std::size_t>(warps);
    written_.assign(lines, never_written);
    if (!keep_reads) read_.assign(lines * warps_, 0);
  }
  /// Every stamp counts as ordered.
  void forget_order() {
    for (Stamp& stamp : written_) stamp = stamp < in_flight ? Stamp{0} : stamp;
    std::fill(read_.begin(), read_.end(), Stamp{0});
  }

  void wrote(std::uint32_t line, Stamp stamp) { written_[line] = std::max(written_[line], stamp); }
  void wrote_whole(std::uint32_t line, Stamp stamp) { written_[line] = stamp; }
  void was_read(const Span& span, int warp, Stamp stamp) {
    for (std::uint32_t line = span.first; line <= span.last; ++line) read_[place(line, warp)] = stamp;
  }

  /// True: all words in `span` were written, below `floor`. A bound that says no is first brought up to date from
  /// `words`, the stamps of all words of shared memory.
  [[nodiscard]] bool written_below(const Span& span, Stamp floor, const Stamp* words) {
    for (std::uint32_t line = span.first; line <= span.last; ++line) {
      if (written_[line] < floor) [[likely]]
        continue;
      written_[line] = most<0>(words + std::size_t{line} * line_words);
      if (written_[line] >= floor) return false;
    }
    return true;
  }
  /// The same, but words may as well never have been written.
  [[nodiscard]] bool no_writes_above(const Span& span, Stamp floor, const Stamp* words) const {
    for (std::uint32_t line = span.first; line <= span.last; ++line) {
      if (written_[line] < floor) [[likely]]
        continue;
      // One more than the stamp: never_written becomes 0.
      if (most<1>(words + std::size_t{line} * line_words) > floor) return false;
    }
    return true;
  }
  /// True: each warp's reads in `span` are below what `segments` says that `warp` has seen of it.
  [[nodiscard]] bool reads_seen(const Span& span, int warp, const Segments& segments) const {
    for (std::uint32_t line = span.first; line <= span.last; ++line) {
      for (int other = 0; other < segments.warps(); ++other) {
        if (read_[place(line, other)] >= segments.seen(warp, other)) return false;
      }
    }
    return true;
  }

 private:
  /// The largest of a line's stamps + bias, modulo 2^16.
  template <Stamp bias>
  [[nodiscard]] static Stamp most(const Stamp* words) {
    Stamp result = 0;
    for (std::uint32_t i = 0; i < line_words; ++i) {
      const auto stamp = static_cast<Stamp>(words[i] + bias);
      result = result < stamp ? stamp : result;
    }
    return result;
  }
  [[nodiscard]] std::size_t place(std::uint32_t line, int warp) const {
    return line * warps_ + static_cast<std::size_t>(warp);
  }

  std::size_t warps_ = 0;
  std::vector<Stamp> written_;
  std::vector<Stamp> read_;  ///< by line and warp
};

}  // namespace rooftile::kernels::host
