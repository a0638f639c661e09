// DRAM: a memory whose rate is a matter of bytes in flight.
//
// Little's law: with F bytes in flight and a latency of L, F/L bytes arrive per cycle, until the bandwidth B is reached;
// near it requests queue. A request that finds F bytes in flight, its own included, is answered after
//
//   L·(1 + (F / (B·L))³)^(1/3)
//
// and not before those that came earlier. Kept at F bytes in flight the memory delivers F per that time, which is the
// closed form of the model (time³ = latency-bound³ + bandwidth-bound³; its sources in model/README.md, section 4) said
// of every moment: one request takes L, a burst of many is delivered at B, first come, first served.
//
//   Dram dram{1555e9 / 1.41e9, 570};
//   const double ready = dram.request(now, 16384);
#pragma once

#include <algorithm>
#include <cmath>
#include <deque>

namespace rooftile::sim {

class Dram {
 public:
  /// Bytes per cycle that the memory sustains, cycles from a request to its answer.
  Dram(double bytes_per_cycle, double latency) : latency_{latency}, full_{bytes_per_cycle * latency} {}

  /// Asks for bytes, or sends them; `now` never goes back. Returns when they are there.
  double request(double now, double bytes) {
    drain(now);
    in_flight_ += bytes;
    moved_ += bytes;
    const double fill = in_flight_ / full_;
    const double due = std::max(latest_, now + latency_ * std::cbrt(1 + fill * fill * fill));
    busy_ += due - std::max(latest_, now);
    latest_ = due;
    queue_.push_back({due, bytes});
    return due;
  }
  /// More is in flight than full bandwidth needs: who sends bytes has to wait.
  [[nodiscard]] bool saturated() const { return in_flight_ > 2 * full_; }
  /// Bytes asked for or sent so far.
  [[nodiscard]] double moved() const { return moved_; }
  /// Cycles in which anything was in flight.
  [[nodiscard]] double busy() const { return busy_; }

 private:
  struct Request {
    double due;
    double bytes;
  };
  void drain(double now) {
    while (!queue_.empty() && queue_.front().due <= now) {
      in_flight_ -= queue_.front().bytes;
      queue_.pop_front();
    }
    if (queue_.empty()) in_flight_ = 0;  // no rounding stays
  }

  double latency_;
  double full_;  ///< bytes in flight that fill the bandwidth
  double in_flight_ = 0;
  double latest_ = 0;  ///< when the last request is answered
  double moved_ = 0;
  double busy_ = 0;
  std::deque<Request> queue_;
};

}  // namespace rooftile::sim
