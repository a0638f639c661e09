// Who may rely on whose memory accesses: a vector clock per warp, kept in stamps of 16 bits so that shared memory can
// carry one per word.
//
// What a warp does between two barriers is a segment; segments of all warps of a CTA are numbered as they begin. A warp
// that arrives at a barrier ends its segment; a warp that leaves one has seen every segment that ended there, and all
// that those warps had seen. An access of segment s by warp q is ordered before what warp w does now if
// s < seen(w, q). floor(w) is the least of these over all q: below it nothing needs a closer look.
//
//   agents: what TMA brings is written by nobody's lanes. Each mbarrier is an agent with a place in the clock behind
//   the warps: a landing is a segment of its own, which those see who wait for the phase that it completes.
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
/// Most warps and mbarriers of a CTA together.
inline constexpr int most_owners = 64;

/// Stamps of words that were never written, or whose asynchronous copy has not landed. Every other stamp is a segment:
/// its number is even; odd for reads that single lanes made in it.
inline constexpr Stamp never_written = 0xffff;
inline constexpr Stamp in_flight = 0xfffe;

/// Per warp: the first of its segments that is not visible.
using Clock = std::array<Stamp, most_owners>;

class Segments {
 public:
  /// A CTA begins; `first` is even and above every stamp still in memory, or 2 where there are none.
  void start(int warps, Stamp first = 2) {
    warps_ = owners_ = warps;
    next_ = first;
    owner_.resize(in_flight / 2 + 1);
    for (int w = 0; w < warps; ++w) segment_[index(w)] = take(w);
    for (int w = 0; w < warps; ++w) {
      seen_[index(w)] = segment_;
      update_floor(w);
    }
  }
  [[nodiscard]] int warps() const { return warps_; }
  [[nodiscard]] int agents() const { return owners_ - warps_; }
  /// No agent more.
  [[nodiscard]] bool full() const { return owners_ == most_owners; }
  /// A new agent, by its place in the clock.
  [[nodiscard]] int add_agent() {
    const int agent = owners_++;
    landed_[index(agent)] = 0;
    for (int w = 0; w < warps_; ++w) seen_[index(w)][index(agent)] = 0;
    return agent;
  }
  /// The next segment's number.
  [[nodiscard]] Stamp next() const { return next_; }
  /// True when numbers are about to run out: stamps must be forgotten and start() called.
  [[nodiscard]] bool exhausted() const { return next_ > in_flight - 4 * most_owners; }

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
  /// What an agent brings lands now, for those who see `joined`: its segment.
  [[nodiscard]] Stamp land(int agent, Clock& joined) {
    const Stamp stamp = take(agent);
    landed_[index(agent)] = stamp;
    joined[index(agent)] = static_cast<Stamp>(stamp + 1);
    return stamp;
  }
  /// The warp arrives at a barrier that holds `joined`.
  void release(int warp, Clock& joined) {
    segment_[index(warp)] = take(warp);
    for (std::size_t q = 0; q < index(owners_); ++q) joined[q] = std::max(joined[q], seen_[index(warp)][q]);
    joined[index(warp)] = segment(warp);
  }
  /// The warp leaves a barrier.
  void acquire(int warp, const Clock& joined) {
    Clock& mine = seen_[index(warp)];
    for (std::size_t q = 0; q < index(owners_); ++q) mine[q] = std::max(mine[q], joined[q]);
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
    Stamp floor = *std::min_element(clock.begin(), clock.begin() + warps_);
    for (std::size_t agent = index(warps_); agent < index(owners_); ++agent) {
      if (landed_[agent] >= clock[agent]) floor = std::min(floor, clock[agent]);
    }
    floor_[index(warp)] = floor;
  }

  int warps_ = 0;
  int owners_ = 0;  ///< warps and agents
  Stamp next_ = 2;
  std::vector<std::uint8_t> owner_;  ///< of each segment, by half its number
  Clock segment_{};
  Clock landed_{};  ///< per agent: its latest segment
  Clock floor_{};
  std::array<Clock, most_warps> seen_{};
};

}  // namespace rooftile::kernels::host
