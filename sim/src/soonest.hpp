// Which of many is next: a tournament over their times. Setting one costs log2(n) comparisons; ties go to the lowest
// number, so that a simulation is the same each time.
#pragma once

#include <bit>
#include <cstddef>
#include <limits>
#include <vector>

namespace rooftile::sim {

class Soonest {
 public:
  explicit Soonest(std::size_t players)
      : first_{std::bit_ceil(players)},
        time_(2 * first_, std::numeric_limits<double>::infinity()),
        winner_(2 * first_) {
    for (std::size_t n = 0; n < first_; ++n) winner_[first_ + n] = n;
    for (std::size_t n = first_ - 1; n > 0; --n) play(n);
  }

  void set(std::size_t player, double time) {
    std::size_t n = first_ + player;
    time_[n] = time;
    for (n /= 2; n > 0; n /= 2) play(n);
  }
  [[nodiscard]] double time() const { return time_[1]; }
  [[nodiscard]] std::size_t player() const { return winner_[1]; }

 private:
  void play(std::size_t n) {
    const std::size_t best = time_[2 * n + 1] < time_[2 * n] ? 2 * n + 1 : 2 * n;
    time_[n] = time_[best];
    winner_[n] = winner_[best];
  }

  std::size_t first_;
  std::vector<double> time_;
  std::vector<std::size_t> winner_;
};

}  // namespace rooftile::sim
