// Who may rely on whose memory accesses: a vector clock per warp, kept in stamps of 16 bits so that shared memory can
// carry one per word.
//
// What a warp does between two barriers is a segment; segments of all warps of a CTA are numbered as they begin. A warp
// that arrives at a barrier ends its segment; a warp that leaves one has seen every segment that ended there, and all
// that those warps had seen. An access of segment s by warp q is ordered before what warp w does now if
// s < seen(w, q). floor(w) is the least of these over all q: below it nothing needs a closer look.
//
//   a warp's own accesses by other lanes are ordered by sync_warp and by barriers only: seen(w, w) is the segment that
//   began at the last of them
//
// (Lamport, Time, Clocks, and the Ordering of Events in a Distributed System, 1978; the compact form follows Flanagan
// and Freund, FastTrack, 2009.)
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace rooftile::kernels::host {

using Stamp = std::uint16_t;

/// Most warps of a CTA: 1024 threads.
inline constexpr int most_warps = 32;

/// Stamps of words that were never written, or whose asynchronous copy has not landed. Every other stamp is a segment:
/// its number is even; odd for reads that single lanes made in it.
inline constexpr Stamp never_written = 0xffff;
inline constexpr Stamp in_flight = 0xfffe;

/// Per warp: the first of its segments that is not visible.
using Clock = std::array<Stamp, most_warps>;

class Segments {
 public:
  /// A CTA begins; `first` is even and above every stamp still in memory, or 2 where there are none.
  void start(int warps, Stamp first = 2) {
    warps_ = warps;
    next_ = first;
    owner_.resize(in_flight / 2 + 1);
    for (int w = 0; w < warps; ++w) segment_[index(w)] = take(w);
    for (int w = 0; w < warps; ++w) {
      seen_[index(w)] = segment_;
      update_floor(w);
    }
  }
  [[nodiscard]] int warps() const { return warps_; }
  /// The next segment's number.
  [[nodiscard]] Stamp next() const { return next_; }
  /// True when numbers are about to run out: stamps must be forgotten and start() called.
  [[nodiscard]] bool exhausted() const { return next_ > in_flight - 2 * most_warps; }

  [[nodiscard]] Stamp segment(int warp) const { return segment_[index(warp)]; }
  [[nodiscard]] Stamp floor(int warp) const { return floor_[index(warp)]; }
  [[nodiscard]] Stamp seen(int warp, int other) const { return seen_[index(warp)][index(other)]; }
  /// The warp that a segment belongs to.
  [[nodiscard]] int owner(Stamp segment) const { return owner_[segment / 2u]; }

  /// sync_warp: what lanes did is visible to the other lanes of their warp.
  void sync_lanes(int warp) {
    segment_[index(warp)] = take(warp);
    seen_[index(warp)][index(warp)] = segment(warp);
    update_floor(warp);
  }
  /// The warp arrives at a barrier that holds `joined`.
  void release(int warp, Clock& joined) {
    segment_[index(warp)] = take(warp);
    for (std::size_t q = 0; q < index(warps_); ++q) joined[q] = std::max(joined[q], seen_[index(warp)][q]);
    joined[index(warp)] = segment(warp);
  }
  /// The warp leaves a barrier.
  void acquire(int warp, const Clock& joined) {
    Clock& mine = seen_[index(warp)];
    for (std::size_t q = 0; q < index(warps_); ++q) mine[q] = std::max(mine[q], joined[q]);
    mine[index(warp)] = segment(warp);
    update_floor(warp);
  }

 private:
  [[nodiscard]] static std::size_t index(int warp) { return static_cast<std::size_t>(warp); }
  Stamp take(int warp) {
    const Stamp taken = next_;
    owner_[taken / 2u] = static_cast<std::uint8_t>(warp);
    next_ = static_cast<Stamp>(next_ + 2);
    return taken;
  }
  void update_floor(int warp) {
    const Clock& clock = seen_[index(warp)];
    floor_[index(warp)] = *std::min_element(clock.begin(), clock.begin() + warps_);
  }

  int warps_ = 0;
  Stamp next_ = 2;
  std::vector<std::uint8_t> owner_;  ///< of each segment, by half its number
  Clock segment_{};
  Clock floor_{};
  std::array<Clock, most_warps> seen_{};
};

}  // namespace rooftile::kernels::host
