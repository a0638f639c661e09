// Who is next of a few who come again and again, mostly at the end: a line in order of time, ties by number, so that a
// simulation is the same each time. Going to the end costs one comparison, going in between as many as one passes;
// Soonest is for those whose times change while they wait.
#pragma once

#include <bit>
#include <cstddef>
#include <limits>
#include <vector>

namespace rooftile::sim {

class Line {
 public:
  /// For numbers 0 .. players-1, each in the line at most once.
  explicit Line(std::size_t players) : place_(std::bit_ceil(players + 1)), mask_{place_.size() - 1} {}

  /// When the first one is due; infinity: nobody waits.
  [[nodiscard]] double time() const {
    return first_ == end_ ? std::numeric_limits<double>::infinity() : place_[first_].time;
  }
  /// The first one, if anybody waits.
  [[nodiscard]] std::size_t player() const { return place_[first_].player; }

  void enter(std::size_t player, double time) {
    const Waiting one{time, player};
    if (first_ != end_ && one.is_before(place_[first_])) {
      first_ = before(first_);
      place_[first_] = one;
      return;
    }
    std::size_t at = end_;
    for (; at != first_ && one.is_before(place_[before(at)]); at = before(at)) place_[at] = place_[before(at)];
    place_[at] = one;
    end_ = (end_ + 1) & mask_;
  }
  /// The first one leaves.
  void leave() { first_ = (first_ + 1) & mask_; }

 private:
  struct Waiting {
    double time = 0;
    std::size_t player = 0;
    [[nodiscard]] bool is_before(const Waiting& other) const {
      return time < other.time || (time == other.time && player < other.player);
    }
  };
  [[nodiscard]] std::size_t before(std::size_t at) const { return (at - 1) & mask_; }

  std::vector<Waiting> place_;  ///< a ring
  std::size_t mask_;
  std::size_t first_ = 0, end_ = 0;
};

}  // namespace rooftile::sim
