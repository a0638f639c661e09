// DRAM: channels, each with its share of the bandwidth, first come, first served.
//
// A tile is cut into pieces of 2 KiB which the address hash spreads over 40 channels (as many as five stacks of HBM2
// have, eight of 128 bit each: JEDEC JESD235); it is there a latency L after its last piece had its turn. One small
// request takes L. Kept at F bytes in flight the memory delivers F/L per cycle (Little's law) until its bandwidth B is
// reached; near it some channels have more to do than others and requests queue: the closed form of the model says F /
// (L·(1 + (F/(B·L))³)^(1/3)), its sources in model/README.md, section 4.
//
// Sizes and number are assumed, not fitted: NVIDIA does not publish the hash. Pieces of 1 to 4 KiB and 16 to 80
// channels move the errors of memory-bound calls by 1 to 3 points (sim/README.md).
//
//   Dram dram{1555e9 / 1.41e9, 570};
//   const double ready = dram.request(now, 16384);
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>

#include "watch.hpp"

namespace rooftile::sim {

class Dram {
 public:
  static constexpr std::size_t channels = 40;
  static constexpr double piece = 2048;  ///< bytes

  /// Bytes per cycle that the memory sustains, cycles from a request to its answer.
  Dram(double bytes_per_cycle, double latency)
      : latency_{latency}, full_{bytes_per_cycle * latency}, cycles_per_byte_{channels / bytes_per_cycle} {}

  /// Tells it of the bytes asked for from now on; null: nobody.
  void show_to(const Watch* watch) { watch_ = watch; }
  /// Asks for bytes, or sends them; `now` never goes back. Returns when they are there.
  double request(double now, double bytes) {
    drain(now);
    double last = now;
    for (double left = bytes; left > 0; left -= piece) {
      double& free = free_[next_channel()];
      const double begin = std::max(free, now), bytes_here = std::min(left, piece);
      free = begin + bytes_here * cycles_per_byte_;
      last = std::max(last, free);
      if (watch_ != nullptr) watch_->listener().dram({watch_->at(begin), watch_->at(free), Bytes{bytes_here}});
    }
    moved_ += bytes;
    in_flight_ += bytes;
    const double ready = last + latency_;
    latest_ = std::max(latest_, ready);
    queue_.push_back({latest_, bytes});
    return ready;
  }
  /// More is in flight than full bandwidth needs: who sends bytes has to wait.
  [[nodiscard]] bool saturated() const { return in_flight_ > 2 * full_; }
  /// Bytes asked for or sent so far.
  [[nodiscard]] double moved() const { return moved_; }

 private:
  struct Request {
    double over;  ///< this one and all before it are answered
    double bytes;
  };
  void drain(double now) {
    while (!queue_.empty() && queue_.front().over <= now) {
      in_flight_ -= queue_.front().bytes;
      queue_.pop_front();
    }
  }
  /// Where the next piece lies: at random, and the same each time (Knuth's MMIX generator).
  std::size_t next_channel() {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(random_ >> 33U) % channels;
  }

  double latency_;
  double full_;  ///< bytes in flight that fill the bandwidth
  double cycles_per_byte_;
  std::array<double, channels> free_{};  ///< when each channel is
  std::uint64_t random_ = 1;
  double in_flight_ = 0;
  double latest_ = 0;
  double moved_ = 0;
  std::deque<Request> queue_;
  const Watch* watch_ = nullptr;
};

}  // namespace rooftile::sim
